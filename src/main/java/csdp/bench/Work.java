package csdp.bench;

import csdp.model.Population;
import csdp.model.Synapse;

/**
 * Minimum work of a part of a step, counted from spikes and sizes. It is the same for every backend
 * and version; one that does less (deferred rows, states in bytes) can exceed the apparent limits.
 *
 * <p>Bytes: each float32 of a state or weight that the part needs, once for reading and once for
 * writing; a row of weights or traces counts once even if several spikes use it, because of caches.
 * Lists are four bytes per spike. Operations: additions, products, comparisons, divisions and roots
 * of float32 (integer operations for Philox), one each.
 *
 * @param bytes moved
 * @param operations done
 */
public record Work(double bytes, double operations) {
  /** No work. */
  public static final Work NONE = new Work(0, 0);

  private static final int FLOAT = 4;
  private static final int ENTRY = 4; // of a list

  /** Ten rounds of two products, four exclusive ors and two sums, for four words. */
  private static final int PHILOX = 80;

  /** m: 3, v: 4, rate m, v second, root, + epsilon, quotient, difference, clip 2. */
  private static final int ADAM = 15;

  /** The decay of a contrastive synapse: product and difference. */
  private static final int DECAY = 2;

  /** -U (1 - |w|): absolute value, difference, product, sign. */
  private static final int SOFT_BOUND = 4;

  /**
   * Spike counts of a population in a step, which determine the work.
   *
   * @param spikes of all samples
   * @param positiveSpikes of positive samples
   * @param samples with at least one spike
   * @param units with at least one spike in the batch
   * @param bySample spikes of each sample
   */
  public record Firing(int spikes, int positiveSpikes, int samples, int units, int[] bySample) {
    /** Counts N x units bytes, 0 or 1. */
    static Firing of(byte[] dense, int n, int positives) {
      int units = dense.length / n;
      boolean[] fired = new boolean[units];
      int[] bySample = new int[n];
      int all = 0;
      int positive = 0;
      int samples = 0;
      int active = 0;
      for (int b = 0; b < n; b++) {
        for (int i = 0; i < units; i++) {
          if (dense[b * units + i] != 0) {
            bySample[b]++;
            active += fired[i] ? 0 : 1;
            fired[i] = true;
          }
        }
        all += bySample[b];
        positive += b < positives ? bySample[b] : 0;
        samples += bySample[b] > 0 ? 1 : 0;
      }
      return new Firing(all, positive, samples, active, bySample);
    }

    static Firing none(int n) {
      return new Firing(0, 0, 0, 0, new int[n]);
    }
  }

  /** Returns the sum. */
  public Work plus(Work other) {
    return new Work(bytes + other.bytes, operations + other.operations);
  }

  Work over(double steps) {
    return new Work(bytes / steps, operations / steps);
  }

  /**
   * Random input spikes.
   *
   * @param blocks of four pixels that are not all black, which need random numbers
   */
  static Work encode(long blocks, Firing input) {
    return new Work(blocks * 4.0 * FLOAT + (double) input.spikes * ENTRY, blocks * (PHILOX + 4.0));
  }

  /** The same from pixels of one byte. */
  static Work encodeStored(long blocks, Firing input) {
    return new Work(blocks * 4.0 + (double) input.spikes * ENTRY, encode(blocks, input).operations);
  }

  /** s W: a row is added for every spike, and scaled once per sample. */
  static Work currents(Synapse s, Firing pre) {
    double cols = s.post().units();
    return new Work(
        pre.units * cols * FLOAT + (double) pre.spikes * ENTRY,
        pre.spikes * cols + 2.0 * pre.samples * cols);
  }

  /** Writing currents to memory, and reading them to add to them. */
  static Work currentsStored(Synapse s, int n, boolean add) {
    return new Work((double) n * s.post().units() * FLOAT * (add ? 2 : 1), 0);
  }

  /** Reading currents back from memory. */
  static Work currentsRead(Population p, int n) {
    return new Work((double) n * p.units() * FLOAT, 0);
  }

  /** v, thr and z of a population, and its new spikes. */
  static Work integrate(Population p, Firing now, int n) {
    double size = (double) n * p.units();
    double floats = 4 + (p.adaptive() ? 2 : 1); // v and z read and written, thr
    return new Work(
        size * floats * FLOAT + (double) now.spikes * ENTRY, size * (p.adaptive() ? 8 : 6));
  }

  /** Goodness and modulation from the ages of spikes, and the read-out's counts. */
  static Work modulate(Firing now, int n, int step) {
    return new Work(
        (double) n * step * FLOAT + now.spikes * (ENTRY + 4.0 * FLOAT),
        3.0 * n * step + 4.0 * now.spikes);
  }

  /** The head's error and read-out. */
  static Work headError(Population head, int positives) {
    double size = (double) positives * head.units();
    return new Work(2 * size * FLOAT, 3 * size);
  }

  /** Lists of samples by unit from lists of units by sample. */
  static Work transpose(Firing f) {
    return new Work(2.0 * ENTRY * f.spikes, f.spikes);
  }

  /** Summed traces of the reconstruction: its read-out. */
  static Work reconstructionSum(Population r, int n) {
    double size = (double) n * r.units();
    return new Work(3 * size * FLOAT, size);
  }

  /** Error of the reconstruction, from the spikes on both sides. */
  static Work reconstructionError(Population r, Firing input, Firing now, int positives) {
    double spikes = (double) input.positiveSpikes + now.positiveSpikes;
    return new Work((double) positives * r.units() * FLOAT + spikes * ENTRY, spikes);
  }

  /** U from traces, Adam, decay and clip of a contrastive synapse. */
  static Work contrastive(Synapse s, Firing pre, Firing post, int n) {
    double cols = s.post().units();
    double coincidences = 0;
    for (int b = 0; b < n; b++) {
      coincidences += (double) pre.bySample[b] * post.bySample[b];
    }
    double traces = pre.samples * cols * FLOAT;
    return new Work(
        6.0 * FLOAT * s.size() + traces + ENTRY * ((double) pre.spikes + post.spikes),
        3.0 * pre.spikes * cols + coincidences + (ADAM + DECAY) * (double) s.size());
  }

  /** U from errors of positive samples, Adam and clip of an error-driven synapse. */
  static Work error(Synapse s, Firing pre, int positives) {
    double cols = s.post().units();
    int samples = 0;
    for (int b = 0; b < positives; b++) {
      samples += pre.bySample[b] > 0 ? 1 : 0;
    }
    return new Work(
        6.0 * FLOAT * s.size() + samples * cols * FLOAT + (double) pre.positiveSpikes * ENTRY,
        2.0 * pre.positiveSpikes * cols + (ADAM + SOFT_BOUND) * (double) s.size());
  }
}
