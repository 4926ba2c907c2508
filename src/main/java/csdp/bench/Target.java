package csdp.bench;

import csdp.backend.Backend;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The subject of a benchmark: a kind of backend, and access to the parts of its steps. */
public abstract class Target implements AutoCloseable {
  /** A timed part of a step: its work, and the checks that cover it. */
  record Part(Work work, List<String> checkedBy) {}

  /** A product of spikes and weights, timed separately. */
  record Product(String name, Spread micros, Baseline baseline) {}

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

  /** Returns the device's name, for reports. */
  abstract String name();

  /** Opens a backend. Only one may be in use at a time. */
  abstract Backend open(NetworkSpec spec);

  /** Compares kernels with their readable twins, if any. */
  List<Check> checks(int units, int batch) {
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

  /** Returns microseconds of each part since the last call. */
  Map<String, Double> takeMicros() {
    return Map.of();
  }

  /** Returns microseconds of the last window by the device's events; null without them. */
  Double takeWindowMicros() {
    return null;
  }

  /** Returns the work of a timed part, from the spikes of a window. */
  Part part(String name, NetworkSpec spec, Activity activity) {
    return new Part(null, List.of());
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

  /** The currents of a population. */
  static Stream<String> currents(NetworkSpec spec, String population) {
    return spec.synapses().stream()
        .filter(s -> s.post().name().equals(population))
        .map(s -> "currents " + s.name());
  }

  /** Returns the names of the plasticity parts. */
  static List<String> plasticity(NetworkSpec spec) {
    return spec.synapses().stream().map(Synapse::name).map(n -> "plasticity " + n).toList();
  }

  /** Goodness of the hidden layers, and the head's error. */
  static List<String> samples(NetworkSpec spec) {
    return Stream.concat(
            spec.populations(Role.HIDDEN).stream().map(p -> "modulate " + p.name()),
            Stream.of("error " + spec.head().name()))
        .toList();
  }

  static List<String> lists(NetworkSpec spec) {
    return spec.populations().stream().map(Population::name).map(n -> "lists " + n).toList();
  }
}
