package csdp.backend.cpu;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * Times of the phases of a {@link CpuBackend}'s steps, by population or synapse. A phase mixes
 * items of several parts on several threads; its wall time is divided in proportion to the thread
 * time of each part, so that the parts sum to the whole. For benchmarks only: each item reads the
 * clock twice.
 */
public final class PhaseTimes {
  /** Part of a phase that lists spikes by unit. */
  static final String TRANSPOSE = "lists by unit";

  /** The part of the phase of integration that draws input spikes. */
  static final String ENCODE = "encode";

  /** The part that lists new spikes by sample and makes modulators of them. */
  static final String SAMPLES = "samples";

  /** The part that lists the reconstruction's spikes and makes errors of them. */
  static final String ERRORS = "errors";

  private static final Set<String> NAMED = Set.of(TRANSPOSE, ENCODE, SAMPLES, ERRORS);

  private final Map<String, Double> micros = new TreeMap<>();
  private final Map<String, long[]>[] byWorker; // nanoseconds of the current phase by part
  private final long[][] nested; // nanoseconds of nested parts of the current item
  private double wall;
  private double idle; // idle thread time within phases

  /**
   * Creates empty measurements.
   *
   * @param threads at least the backend's
   */
  @SuppressWarnings({"unchecked", "rawtypes"})
  public PhaseTimes(int threads) {
    byWorker = new Map[threads];
    nested = new long[threads][Long.BYTES]; // a cache line each
    for (int i = 0; i < threads; i++) {
      byWorker[i] = new HashMap<>();
    }
  }

  /** Runs a phase and accumulates its times. */
  void run(
      Workers workers,
      String phase,
      Workers.Job job,
      int items,
      BiFunction<String, Integer, String> part) {
    long start = System.nanoTime();
    workers.run(
        (item, worker) -> {
          long from = System.nanoTime();
          nested[worker][0] = 0;
          job.run(item, worker);
          add(worker, part.apply(phase, item), System.nanoTime() - from - nested[worker][0]);
        },
        items);
    double took = (System.nanoTime() - start) * 1e-3;
    if (items == 0) {
      return;
    }
    Map<String, Double> parts = new HashMap<>();
    double threads = 0;
    for (Map<String, long[]> own : byWorker) {
      for (Map.Entry<String, long[]> e : own.entrySet()) {
        double spent = e.getValue()[0] * 1e-3;
        parts.merge(e.getKey(), spent, Double::sum);
        threads += spent;
      }
      own.clear();
    }
    for (Map.Entry<String, Double> e : parts.entrySet()) {
      String label = NAMED.contains(e.getKey()) ? e.getKey() : phase + " " + e.getKey();
      micros.merge(label, took * e.getValue() / threads, Double::sum);
    }
    wall += took;
    idle += Math.max(0, took * workers.count() - threads);
  }

  /** Assigns part of the current item's time to another part. */
  void within(int worker, String part, long nanos) {
    nested[worker][0] += nanos;
    add(worker, part, nanos);
  }

  private void add(int worker, String part, long nanos) {
    byWorker[worker].computeIfAbsent(part, p -> new long[1])[0] += nanos;
  }

  /**
   * Microseconds since the last {@link #clear}: {@code currents W1}, {@code integrate z1}, {@code
   * encode}, {@code samples}, {@code reconstruct zR}, {@code errors}, {@code lists by unit}, {@code
   * plasticity W1} and so on.
   */
  public Map<String, Double> micros() {
    return Map.copyOf(micros);
  }

  /** Microseconds by the clock in which some phase ran. */
  public double wallMicros() {
    return wall;
  }

  /** Returns the share of thread time spent waiting for other threads. */
  public double idleShare(int threads) {
    return wall == 0 ? 0 : idle / (wall * threads);
  }

  /** Clears all measurements. */
  public void clear() {
    micros.clear();
    wall = 0;
    idle = 0;
  }
}
