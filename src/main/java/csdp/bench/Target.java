package csdp.bench;

import csdp.backend.Backend;
import csdp.model.NetworkSpec;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What is measured: a kind of backend, and how to look inside its steps. */
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

  /** A product of spikes and weights that was timed alone. */
  record Product(Part part, Spread micros, Baseline baseline) {}

  /**
   * What the device can do at most; null for what could not be measured.
   *
   * @param bytesPerSecond read plus written
   * @param operationsPerSecond float32, product and sum not fused
   * @param how for reports
   */
  record Ceilings(Double bytesPerSecond, Double operationsPerSecond, Map<String, Object> how) {
    static final Ceilings NONE = new Ceilings(null, null, Map.of());
  }

  /** For reports: name of the device. */
  abstract String name();

  /** Opens a backend. One of several may be used at a time. */
  public abstract Backend open(NetworkSpec spec);

  /** Kernels against their readable twins, where there are any. */
  public List<Check> checks(int units, int batch) {
    return List.of();
  }

  /** Measures what the device can do. */
  Ceilings ceilings(BenchOptions options) {
    return Ceilings.NONE;
  }

  /** Switches the timing of parts on or off; false where the device has none. */
  boolean measure(Backend backend, boolean on) {
    return false;
  }

  /** The time of each part of a network's steps since the last call. */
  List<Timed> takeTimes(NetworkSpec spec) {
    return List.of();
  }

  /**
   * Microseconds of the last window on the device alone; null where only the host's clock tells.
   */
  Double takeWindowMicros() {
    return null;
  }

  /**
   * The products of spikes and weights, each alone, and what a library makes of them. They are
   * within other parts of a step.
   *
   * @param backend one that has just run a training window
   * @param wanted by name of the part
   * @param samples of that window
   */
  List<Product> products(
      Backend backend, Predicate<String> wanted, int samples, BenchOptions options) {
    return List.of();
  }

  /** More about the times, for reports. */
  Map<String, Object> remarks() {
    return Map.of();
  }

  @Override
  public void close() {}
}
