package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.model.NetworkSpec;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The subject of a benchmark: a kind of backend, and access to the parts of its steps. */
public abstract class Target implements AutoCloseable {
  /**
   * A part of a step as it is timed.
   *
   * @param name in reports
   * @param does parts of the model that it does; empty where its work is not counted
   * @param checkedBy names of the checks that cover it
   */
  record Part(String name, List<StepPart> does, List<String> checkedBy) {
    /** Checked by the parts of the model that it does, or by others. */
    static Part of(String name, List<StepPart> does, List<StepPart> checkedBy) {
      return new Part(name, does, checkedBy.stream().map(StepPart::toString).toList());
    }
  }

  /** Microseconds of a part. */
  record Timed(Part part, double micros) {}

  /** A product of spikes and weights, timed separately. */
  record Product(Part part, Spread micros, Baseline baseline) {}

  /**
   * Measured limits of a device; null if not measured.
   *
   * @param bytesPerSecond read plus written
   * @param operationsPerSecond float32, product and sum not fused
   * @param how description of the measurement, for reports
   */
  record Ceilings(Double bytesPerSecond, Double operationsPerSecond, Map<String, Object> how) {
    static final Ceilings NONE = new Ceilings(null, null, Map.of());
  }

  /**
   * Returns the target of a device.
   *
   * @param threads CPU threads, 0 for one per core
   */
  public static Target of(Device device, int threads) {
    return switch (device.kind().timing()) {
      case STEPS -> new StepsTarget(device, threads);
      case PHASES -> new CpuTarget(Device.threads(threads));
      case KERNELS -> GpuTarget.open(String.valueOf(device.index()));
    };
  }

  /** Returns the device's name, for reports. */
  abstract String name();

  /** Opens a backend. Only one may be in use at a time. */
  public abstract Backend open(NetworkSpec spec);

  /** Compares kernels with their readable twins, if any. */
  public List<Check> checks(int units, int batch) {
    return List.of();
  }

  /** Measures the device's limits. */
  Ceilings ceilings(BenchOptions options) {
    return Ceilings.NONE;
  }

  /** Switches the timing of parts on or off; returns false if not supported. */
  boolean measure(Backend backend, boolean on) {
    return false;
  }

  /** The time of each part of a network's steps since the last call. */
  List<Timed> takeTimes(NetworkSpec spec) {
    return List.of();
  }

  /** Returns microseconds of the last window by the device's events; null without them. */
  Double takeWindowMicros() {
    return null;
  }

  /**
   * Times the products of spikes and weights separately, and a library's products. They are
   * included in other parts of a step.
   *
   * @param backend that has just run a training window
   * @param wanted filter by the part's name
   * @param samples of that window
   */
  List<Product> products(
      Backend backend, Predicate<String> wanted, int samples, BenchOptions options) {
    return List.of();
  }

  /** Returns remarks about the times, for reports. */
  Map<String, Object> remarks() {
    return Map.of();
  }

  @Override
  public void close() {}
}
