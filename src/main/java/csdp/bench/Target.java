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

/** What is measured: a kind of backend, and how to look inside its steps. */
public abstract class Target implements AutoCloseable {
  /** A part of a step as it is timed: what it does, and the parts of the model it is checked by. */
  record Part(Work work, List<String> checkedBy) {}

  /** A product of spikes and weights that was timed alone. */
  record Product(String name, Spread micros, Baseline baseline) {}

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
  abstract Backend open(NetworkSpec spec);

  /** Kernels against their readable twins, where there are any. */
  List<Check> checks(int units, int batch) {
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

  /** Microseconds of each part since the last call. */
  Map<String, Double> takeMicros() {
    return Map.of();
  }

  /**
   * Microseconds of the last window on the device alone; null where only the host's clock tells.
   */
  Double takeWindowMicros() {
    return null;
  }

  /** What a timed part does, from the spikes of a window. */
  Part part(String name, NetworkSpec spec, Activity activity) {
    return new Part(null, List.of());
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

  /** The currents of a population. */
  static Stream<String> currents(NetworkSpec spec, String population) {
    return spec.synapses().stream()
        .filter(s -> s.post().name().equals(population))
        .map(s -> "currents " + s.name());
  }

  /** All parts that start with a word. */
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
