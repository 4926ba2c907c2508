package csdp.backend;

import csdp.model.Philox.Purpose;

/**
 * What a network is shown for one time window: N images, the first {@code positives} of them
 * positive samples and the rest their negatives.
 *
 * @param size number of samples N
 * @param positives number of positive samples N+; they come first
 * @param images N x n0, row-major: spike probability of each input unit in each step
 * @param labels N: the class that is clamped as context and as the head's target, -1 for none
 * @param input where the input spikes come from
 */
public record Batch(int size, int positives, float[] images, int[] labels, Input input) {
  /** Where input spikes come from. */
  public sealed interface Input {}

  /**
   * Drawn by Philox, counter (batch, step, firstSample + sample, unit / 4), key (seed, purpose).
   */
  public record Drawn(int seed, Purpose purpose, int batch, int firstSample) implements Input {}

  /** Recorded elsewhere: T x N x n0 bytes, 0 or 1. */
  public record Recorded(byte[] spikes) implements Input {}

  /** Checks sizes. */
  public Batch {
    if (size < 1 || positives < 0 || positives > size || labels.length < size) {
      throw new IllegalArgumentException(
          "batch of "
              + size
              + " samples, "
              + positives
              + " positives, "
              + labels.length
              + " labels");
    }
  }

  /** The class clamped on a sample, or -1. */
  public int label(int sample) {
    return labels[sample];
  }
}
