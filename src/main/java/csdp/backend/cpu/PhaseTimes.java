package csdp.backend.cpu;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Times of the phases of a {@link CpuBackend}'s steps, by population or synapse. A phase mixes
 * items of several parts on several threads; its wall time is divided in proportion to the thread
 * time of each part, so that the parts sum to the whole. For benchmarks only: each item reads the
 * clock twice.
 */
public final class PhaseTimes {
  /** The kinds of parts that are told apart. */
  public enum Kind {
    /** Currents of the input into a population, of a synapse. */
    CURRENTS,
    /** All other currents and the integration, of a population. */
    INTEGRATE,
    /** Random input spikes. */
    ENCODE,
    /** Spike lists by sample and learning signals, of all populations that earlier spikes drive. */
    SAMPLES,
    /** Spike lists by sample and errors, of the reconstruction. */
    ERRORS,
    /** Spike lists by unit, of all populations. */
    LISTS,
    /** Gradient and update, of a synapse. */
    PLASTICITY
  }

  /**
   * A part of a step.
   *
   * @param of name of its population or synapse; empty where it belongs to no single one
   */
  public record Part(Kind kind, String of) {
    static final Part ENCODE = new Part(Kind.ENCODE, "");
    static final Part SAMPLES = new Part(Kind.SAMPLES, "");
    static final Part ERRORS = new Part(Kind.ERRORS, "");
    static final Part LISTS = new Part(Kind.LISTS, "");
  }

  private final Map<Part, Double> micros = new HashMap<>();
  private final Map<Part, long[]>[] byWorker; // nanoseconds of the current phase by part
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
  void run(Workers workers, Workers.Job job, int items, IntFunction<Part> part) {
    long start = System.nanoTime();
    workers.run(
        (item, worker) -> {
          long from = System.nanoTime();
          nested[worker][0] = 0;
          job.run(item, worker);
          add(worker, part.apply(item), System.nanoTime() - from - nested[worker][0]);
        },
        items);
    double took = (System.nanoTime() - start) * 1e-3;
    if (items == 0) {
      return;
    }
    Map<Part, Double> parts = new HashMap<>();
    double threads = 0;
    for (Map<Part, long[]> own : byWorker) {
      for (Map.Entry<Part, long[]> e : own.entrySet()) {
        double spent = e.getValue()[0] * 1e-3;
        parts.merge(e.getKey(), spent, Double::sum);
        threads += spent;
      }
      own.clear();
    }
    for (Map.Entry<Part, Double> e : parts.entrySet()) {
      micros.merge(e.getKey(), took * e.getValue() / threads, Double::sum);
    }
    wall += took;
    idle += Math.max(0, took * workers.count() - threads);
  }

  /** Assigns part of the current item's time to another part. */
  void within(int worker, Part part, long nanos) {
    nested[worker][0] += nanos;
    add(worker, part, nanos);
  }

  private void add(int worker, Part part, long nanos) {
    byWorker[worker].computeIfAbsent(part, p -> new long[1])[0] += nanos;
  }

  /** Microseconds since the last {@link #clear}. */
  public Map<Part, Double> micros() {
    return Map.copyOf(micros);
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
