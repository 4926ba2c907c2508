package csdp.train;

import csdp.CsdpException;

/**
 * The training schedule.
 *
 * @param epochs passes over the training images
 * @param batch positive samples B of a batch; it also has B negatives
 * @param seed of weights, order, spikes and negative samples
 * @param mix unsupervised only: share alpha of an image in its negative
 * @param rotate unsupervised only: whether the other image of a negative is rotated
 */
public record TrainOptions(int epochs, int batch, int seed, float mix, boolean rotate) {
  /** Checks every value. */
  public TrainOptions {
    if (epochs < 1 || epochs > 1_000_000) {
      throw CsdpException.badInput("epochs must be in 1..1000000, not %d", epochs);
    }
    if (batch < 1 || batch > 100_000) {
      throw CsdpException.badInput("batch must be in 1..100000, not %d", batch);
    }
    if (!(mix >= 0 && mix <= 1)) {
      throw CsdpException.badInput("mix must be in 0..1, not %s", mix);
    }
  }

  /** Returns options with the released demo's batch size (500) and seed (1234). */
  public static TrainOptions epochs(int epochs) {
    return new TrainOptions(epochs, 500, 1234, 0.5f, false);
  }

  /** Returns a copy with another number of epochs. */
  public TrainOptions withEpochs(int n) {
    return new TrainOptions(n, batch, seed, mix, rotate);
  }

  /** Returns a copy with another batch size. */
  public TrainOptions withBatch(int n) {
    return new TrainOptions(epochs, n, seed, mix, rotate);
  }

  /** Returns a copy with another seed. */
  public TrainOptions withSeed(int s) {
    return new TrainOptions(epochs, batch, s, mix, rotate);
  }
}
