package csdp.backend.cpu;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * How long the phases of the {@link CpuBackend}'s steps took, told apart by population or synapse.
 * A phase mixes items of several parts, done by several threads at once; its time by the clock is
 * shared out by the time that threads spent on each part, so that all parts add up to the whole.
 * For benchmarks: every item costs two looks at the clock, and nothing is measured where a backend
 * has no such object.
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
  private final Map<Part, long[]>[] byWorker; // nanoseconds of the phase at hand by part
  private final long[][] nested; // nanoseconds of the item at hand that are told apart
  private double wall;
  private double idle; // thread time in which a phase ran and the thread had nothing to do

  /**
   * Nothing measured yet.
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

  /** Runs a phase and adds up its times. */
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

  /** Tells apart a part of the item at hand that a worker spent some time on. */
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

  /** Thread time in which a thread waited for others, as a share of all thread time. */
  public double idleShare(int threads) {
    return wall == 0 ? 0 : idle / (wall * threads);
  }

  /** Forgets what was measured. */
  public void clear() {
    micros.clear();
    wall = 0;
    idle = 0;
  }
}
