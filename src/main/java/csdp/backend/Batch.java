package csdp.backend;

import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.model.Philox.Purpose;

/**
 * The input of one time window: N images, first the positive samples, then their negatives.
 *
 * @param size number of samples N
 * @param positives number of positive samples N+; they come first
 * @param images spike probabilities of the input units per step; null for {@link Recorded} input
 *     without images: then the image of a sample is the share of steps in which each unit spiked
 * @param labels N class indices, the head's targets; -1 for none
 * @param input source of the input spikes
 * @param context whether the labels are clamped as context too
 */
public record Batch(
    int size, int positives, Images images, int[] labels, Input input, boolean context) {
  /** Images of the samples. */
  public sealed interface Images {}

  /**
   * Images that are not part of a data set.
   *
   * @param units values of an image, n0
   * @param pixels at least N x n0, row-major, in [0, 1]
   */
  public record Given(int units, float[] pixels) implements Images {}

  /**
   * Images of a data set, which a device can store: positive sample b shows image {@code order[from
   * + b]}, and so does its negative, sample {@code positives + b}.
   *
   * @param order positions in the data set, at most one per image; must not be modified, so that
   *     the array's identity identifies the order
   * @param from position of the first positive sample in the order
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

  /** Source of input spikes. */
  public sealed interface Input {}

  /**
   * Random spikes by Philox, counter (batch, step, firstSample + sample, unit / 4), key (seed,
   * purpose).
   */
  public record RandomSpikes(int seed, Purpose purpose, int batch, int firstSample)
      implements Input {}

  /**
   * Recorded spikes.
   *
   * @param units of the input, n0
   * @param spikes T x N x n0 bytes, 0 or 1
   */
  public record Recorded(int units, byte[] spikes) implements Input {
    /** Most unit-steps of a batch: an array holds no more. */
    public static final int MOST_UNIT_STEPS = Integer.MAX_VALUE - 8;

    /**
     * Returns the recordings of a data set, a sample each as {@link Stored} describes it.
     *
     * @param samples number of samples N
     * @param positives number of positive samples
     */
    public static Recorded of(Stored shown, int samples, int positives) {
      Dataset data = shown.data;
      int units = data.pixels();
      int stride = samples * units; // from step to step
      byte[] spikes = new byte[length(data, samples)];
      for (int b = 0; b < positives; b++) {
        data.copySpikes(shown.order[shown.from + b], spikes, b * units, stride);
      }
      int shared = (samples - positives) * units;
      for (int t = 0; t < data.steps(); t++) {
        int at = t * stride;
        System.arraycopy(spikes, at, spikes, at + positives * units, shared);
      }
      return new Recorded(units, spikes);
    }

    /**
     * Returns the number of unit-steps of a batch.
     *
     * @throws CsdpException bad input if they are more than an array can hold
     */
    public static int length(Dataset data, int samples) {
      long length = (long) data.steps() * samples * data.pixels();
      if (length > MOST_UNIT_STEPS) {
        throw CsdpException.badInput(
            "%s: %,d samples of %,d steps and %,d units are more than an array can hold: use a"
                + " smaller --batch",
            data.name(), samples, data.steps(), data.pixels());
      }
      return (int) length;
    }
  }

  /** A batch whose labels are clamped as context. */
  public Batch(int size, int positives, Images images, int[] labels, Input input) {
    this(size, positives, images, labels, input, true);
  }

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
   * Copies the image of a sample: row-major, values in [0, 1].
   *
   * @param out receives it from the offset on
   */
  public void copyImage(int sample, float[] out, int offset) {
    if (images instanceof Stored s) {
      s.data.copyImage(s.order[s.from + original(sample)], out, offset);
    } else if (images == null) {
      Recorded r = (Recorded) input;
      Dataset.copyRates(r.spikes, sample * r.units, size * r.units, r.units, out, offset);
    } else {
      Given g = (Given) images;
      System.arraycopy(g.pixels, Math.multiplyExact(sample, g.units), out, offset, g.units);
    }
  }

  /** Returns the positive sample with the same stored image, or the sample itself. */
  public int original(int sample) {
    return images instanceof Stored && sample >= positives ? sample - positives : sample;
  }

  /** Returns the class of a sample that the head learns, or -1. */
  public int label(int sample) {
    return labels[sample];
  }

  /** Returns the class of a sample that is clamped as context, or -1. */
  public int clamped(int sample) {
    return context ? labels[sample] : -1;
  }
}
