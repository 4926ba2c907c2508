package csdp.backend;

import csdp.data.Dataset;
import csdp.model.Philox.Purpose;

/**
 * What a network is shown for one time window: N images, the first {@code positives} of them
 * positive samples and the rest their negatives.
 *
 * @param size number of samples N
 * @param positives number of positive samples N+; they come first
 * @param images spike probability of each input unit in each step; null for {@link Recorded} input
 *     whose images nobody knows
 * @param labels N: the class that is clamped as context and as the head's target, -1 for none
 * @param input where the input spikes come from
 */
public record Batch(int size, int positives, Images images, int[] labels, Input input) {
  /** What the samples look like. */
  public sealed interface Images {}

  /**
   * Images that lie nowhere else.
   *
   * @param units values of an image, n0
   * @param pixels at least N x n0, row-major, in [0, 1]
   */
  public record Given(int units, float[] pixels) implements Images {}

  /**
   * Images of a data set, which a device can keep: sample b of the positives shows image {@code
   * order[from + b]}, and sample {@code positives + b}, its negative, the same one.
   *
   * @param order positions in the data set, no more than it has images; not to be changed any more,
   *     so that the same array is the same order
   * @param from of the first positive sample in the order
   */
  public record Stored(Dataset data, int[] order, int from) implements Images {
    /** Checks sizes. */
    public Stored {
      if (order.length > data.size() || from < 0) {
        throw new IllegalArgumentException(
            "from " + from + " in an order of " + order.length + " of " + data.size() + " images");
      }
    }
  }

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
    if ((images instanceof Given g && g.pixels.length < (long) size * g.units)
        || (images instanceof Stored s
            && (size > 2 * positives || s.from > s.order.length - positives))) {
      throw new IllegalArgumentException(
          "too few images for " + size + " samples, " + positives + " positives");
    }
  }

  /**
   * Copies the image of a sample: row by row, values in [0, 1].
   *
   * @param out receives it from the offset on
   */
  public void copyImage(int sample, float[] out, int offset) {
    if (images instanceof Stored s) {
      s.data.copyImage(s.order[s.from + original(sample)], out, offset);
    } else {
      Given g = (Given) images;
      System.arraycopy(g.pixels, Math.multiplyExact(sample, g.units), out, offset, g.units);
    }
  }

  /** The sample itself, or the positive one whose very image it shows again. */
  public int original(int sample) {
    return images instanceof Stored && sample >= positives ? sample - positives : sample;
  }

  /** The class clamped on a sample, or -1. */
  public int label(int sample) {
    return labels[sample];
  }
}
