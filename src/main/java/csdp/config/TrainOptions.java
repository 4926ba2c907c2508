package csdp.config;

import csdp.error.CsdpException;
import csdp.model.Learning;
import java.util.function.Consumer;

/**
 * Training options. {@link #epochs(int)} gives those of the released demo; {@code with...} changes
 * one.
 *
 * @param epochs passes over the training images
 * @param batch positive samples B of a batch; it also has B negatives
 * @param seed of weights, order, spikes and negative samples
 * @param mix unsupervised only: share alpha of an image in its negative
 * @param rotate unsupervised only: whether the other image of a negative is rotated
 * @param learningRate eta of Adam
 * @param weightDecay decay of a weight for each postsynaptic spike without a presynaptic one
 * @param anneal epochs in which both rates fall along a cosine to {@link #FINAL_RATE} of their
 *     values, where they stay; 0 for constant rates
 * @param shift largest shift of a training image in each direction, pixels; drawn anew in each
 *     epoch; 0 for none
 * @param hardNegatives supervised only: whether the wrong label of a negative is the one that the
 *     network finds most likely
 * @param unlabelledHead supervised only: whether the head learns from each batch shown without
 *     context, as a trained network will see it, and the other synapses with context
 */
public record TrainOptions(
    int epochs,
    int batch,
    int seed,
    float mix,
    boolean rotate,
    float learningRate,
    float weightDecay,
    int anneal,
    int shift,
    boolean hardNegatives,
    boolean unlabelledHead) {
  /** Share of the rates that remains after annealing. */
  public static final double FINAL_RATE = 0.02;

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
    if (anneal < 0) {
      throw CsdpException.badInput("anneal must be 0 or a number of epochs, not %d", anneal);
    }
    if (shift < 0) {
      throw CsdpException.badInput("shift must be 0 or a number of pixels, not %d", shift);
    }
    new Learning(learningRate, weightDecay); // checks them
  }

  /**
   * Refuses options that need labels as context.
   *
   * @param supervised whether the network has context
   */
  public void requireFit(boolean supervised) {
    if (!supervised && (hardNegatives || unlabelledHead)) {
      throw CsdpException.badInput(
          "hard negatives and an unlabelled head need --algo supervised (without them:"
              + " --no-hard-negatives --no-unlabelled-head)");
    }
  }

  /** Returns options with the released demo's batch size (500), its rates and seed (1234). */
  public static TrainOptions epochs(int epochs) {
    Learning l = Learning.forBatch(500);
    return new TrainOptions(
        epochs, 500, 1234, 0.5f, false, l.learningRate(), l.weightDecay(), 0, 0, false, false);
  }

  /** The rates of plasticity at the start. */
  public Learning learning() {
    return new Learning(learningRate, weightDecay);
  }

  /**
   * Returns the rates of plasticity of a batch.
   *
   * @param passes over the training images before it; fractional within an epoch
   */
  public Learning learning(double passes) {
    if (anneal == 0) {
      return learning();
    }
    double done = Math.min(1, passes / anneal);
    // StrictMath: the same bits on every machine.
    double rate = FINAL_RATE + (1 - FINAL_RATE) * (1 + StrictMath.cos(Math.PI * done)) / 2;
    return new Learning((float) (rate * learningRate), (float) (rate * weightDecay));
  }

  /** Returns a copy with another number of epochs. */
  public TrainOptions withEpochs(int n) {
    return with(c -> c.epochs = n);
  }

  /**
   * Returns a copy with another batch size and the released demo's rates for it; {@link
   * #withLearning} sets others.
   */
  public TrainOptions withBatch(int n) {
    return with(c -> c.batch = n).withLearning(Learning.forBatch(n));
  }

  /** Returns a copy with another seed. */
  public TrainOptions withSeed(int s) {
    return with(c -> c.seed = s);
  }

  /** The same with another share of the image itself in its negative; unsupervised only. */
  public TrainOptions withMix(float alpha) {
    return with(c -> c.mix = alpha);
  }

  /** The same with the other image of a negative rotated or not; unsupervised only. */
  public TrainOptions withRotate(boolean on) {
    return with(c -> c.rotate = on);
  }

  /** The same with other rates of plasticity. */
  public TrainOptions withLearning(Learning l) {
    return with(
        c -> {
          c.learningRate = l.learningRate();
          c.weightDecay = l.weightDecay();
        });
  }

  /** The same with rates that fall in a number of epochs; 0 for constant rates. */
  public TrainOptions withAnneal(int n) {
    return with(c -> c.anneal = n);
  }

  /** The same with images that are shifted by up to a number of pixels. */
  public TrainOptions withShift(int pixels) {
    return with(c -> c.shift = pixels);
  }

  /** The same with the most likely wrong labels in negatives, or random ones; supervised only. */
  public TrainOptions withHardNegatives(boolean on) {
    return with(c -> c.hardNegatives = on);
  }

  /** The same with a head that learns without context, or with it; supervised only. */
  public TrainOptions withUnlabelledHead(boolean on) {
    return with(c -> c.unlabelledHead = on);
  }

  private TrainOptions with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.options();
  }

  /** Values to be changed. */
  private static final class Copy {
    int epochs;
    int batch;
    int seed;
    float mix;
    boolean rotate;
    float learningRate;
    float weightDecay;
    int anneal;
    int shift;
    boolean hardNegatives;
    boolean unlabelledHead;

    Copy(TrainOptions of) {
      epochs = of.epochs;
      batch = of.batch;
      seed = of.seed;
      mix = of.mix;
      rotate = of.rotate;
      learningRate = of.learningRate;
      weightDecay = of.weightDecay;
      anneal = of.anneal;
      shift = of.shift;
      hardNegatives = of.hardNegatives;
      unlabelledHead = of.unlabelledHead;
    }

    TrainOptions options() {
      return new TrainOptions(
          epochs,
          batch,
          seed,
          mix,
          rotate,
          learningRate,
          weightDecay,
          anneal,
          shift,
          hardNegatives,
          unlabelledHead);
    }
  }
}
