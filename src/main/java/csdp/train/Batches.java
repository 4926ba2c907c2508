package csdp.train;

import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import java.util.Arrays;

/**
 * The training batches of an epoch: images in random order, each with a negative sample. A batch
 * depends only on seed, epoch and index, so training can resume anywhere. With a shift, each image
 * is moved by whole pixels, drawn uniformly from {@code -shift..shift} in both directions; pixels
 * that come in from outside are 0.
 *
 * <p>Supervised: the negative is the same image with a wrong label, drawn uniformly; a hard one has
 * the wrong label that the network finds most likely, see {@link #harden}. Unsupervised: it is
 * {@code mix x + (1 - mix) x'}, where x' is another image of the batch, optionally rotated by
 * U(-90, 90) degrees.
 *
 * <p>Recorded spikes s instead of images: supervised likewise; unsupervised, each spike of the
 * negative is from one of two recordings: {@code s-(t,i) = u(t,i) < mix ? s(t,i) : s'(t,i)}, with u
 * uniform in [0, 1) by Philox, counter (batch, t, sample, i / 4), word i % 4, key (seed,
 * EVENT_MIX). This is the same distribution as of images that are mixed and then drawn.
 */
public final class Batches {
  private final NetworkSpec spec;
  private final Dataset data;
  private final TrainOptions options;
  private int[] order; // a new array for each epoch, so a device can compare by identity
  private float[] drawn = new float[0]; // images, then their negatives, unless they are stored ones
  private final float[] plain; // an image before its shift
  private int[] labels = new int[0];
  private int orderedEpoch = -1;
  private Batch.Stored shown; // images of the last batch
  private Batch last;

  /** Creates the batches of a data set for a network. */
  public Batches(NetworkSpec spec, Dataset data, TrainOptions options) {
    this.spec = spec;
    this.data = data;
    this.options = options;
    this.plain = new float[data.pixels()];
    check(spec, data, options);
  }

  static void check(NetworkSpec spec, Dataset data, TrainOptions options) {
    int most = Math.min(options.batch(), data.size());
    spec.requireRoom(2L * most);
    Batch.Recorded.length(data, 2 * most);
    if (options.rotate()) {
      data.requireImages("--rotate");
    }
    if (options.shift() > 0) {
      data.requireImages("a shift (without one: --shift 0)");
      if (options.shift() >= Math.min(data.width(), data.height())) {
        throw CsdpException.badInput(
            "a shift of %d moves images of %d x %d pixels out of sight: give less, or --shift 0",
            options.shift(), data.width(), data.height());
      }
    }
    options.requireFit(spec.supervised());
    if (!spec.supervised() && data.size() < 2) {
      throw CsdpException.badInput(
          "unsupervised training mixes two %ss, but %s has only one", data.noun(), data.name());
    }
    if (spec.supervised() && spec.classes() < 2) {
      throw CsdpException.badInput(
          "supervised training needs wrong labels, but %s has one class only", data.name());
    }
  }

  /** Returns the number of batches per epoch, including a short last one. */
  public int count() {
    return (data.size() + options.batch() - 1) / options.batch();
  }

  /**
   * Returns a batch, which is valid until the next call.
   *
   * @param epoch from 0
   * @param index 0..count-1
   */
  public Batch get(int epoch, int index) {
    shuffle(epoch);
    int from = index * options.batch();
    int positives = Math.min(options.batch(), data.size() - from);
    if (labels.length != 2 * positives) {
      labels = new int[2 * positives];
    }
    int number = epoch * count() + index;
    for (int b = 0; b < positives; b++) {
      labels[b] = data.label(order[from + b]);
      labels[positives + b] =
          spec.supervised()
              ? (labels[b] + 1 + negatives(number, b).nextInt(spec.classes() - 1)) % spec.classes()
              : -1;
    }
    shown = new Batch.Stored(data, order, from);
    last =
        switch (data.kind()) {
          case BYTES, FLOATS ->
              new Batch(
                  2 * positives,
                  positives,
                  isStored() ? shown : drawnImages(epoch, from, positives, number),
                  labels,
                  new Batch.RandomSpikes(options.seed(), Purpose.TRAIN_SPIKES, number, 0));
          case SPIKES -> {
            Batch.Recorded spikes = Batch.Recorded.of(shown, 2 * positives, positives);
            if (!spec.supervised()) {
              mixRecordings(from, positives, number, spikes.spikes());
            }
            yield new Batch(2 * positives, positives, null, labels, spikes);
          }
        };
    return last;
  }

  /**
   * Returns the images of the last batch without context; their labels are targets of the head
   * only. Their spikes are drawn anew, with the purpose UNLABELLED_SPIKES; recorded ones are the
   * same.
   */
  Batch unlabelled() {
    int n = last.positives();
    Batch.Input input =
        last.input() instanceof Batch.RandomSpikes r
            ? new Batch.RandomSpikes(r.seed(), Purpose.UNLABELLED_SPIKES, r.batch(), 0)
            : Batch.Recorded.of(shown, n, n);
    return new Batch(n, n, last.images(), labels, input, false);
  }

  /**
   * Gives each negative of the last batch the most likely wrong label; the lowest one wins a tie.
   *
   * @param answers of the network to its images without labels
   */
  void harden(ReadOut answers) {
    int positives = last.positives();
    for (int b = 0; b < positives; b++) {
      labels[positives + b] = answers.predicted(b, labels[b]);
    }
  }

  private Philox.Stream negatives(int number, int b) {
    return Philox.stream(options.seed(), Purpose.NEGATIVES, number, 0, b);
  }

  /**
   * Returns the labels of the last batch: the true classes of its positives, then the wrong labels
   * of its negatives (-1 if unsupervised).
   */
  public int[] labels() {
    return labels;
  }

  private void shuffle(int epoch) {
    if (epoch == orderedEpoch) {
      return;
    }
    order = new int[data.size()];
    Arrays.setAll(order, i -> i);
    Philox.Stream draw = Philox.stream(options.seed(), Purpose.SHUFFLE, epoch, 0, 0);
    for (int i = order.length - 1; i > 0; i--) {
      int j = draw.nextInt(i + 1);
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    orderedEpoch = epoch;
  }

  /** Returns true if batches show images of the data set as they are. */
  private boolean isStored() {
    return spec.supervised() && options.shift() == 0;
  }

  /** Returns the images of a batch, shifted, and of their negatives, unsupervised ones mixed. */
  private Batch.Given drawnImages(int epoch, int from, int positives, int number) {
    int pixels = data.pixels();
    if (drawn.length != 2 * positives * pixels) {
      drawn = new float[2 * positives * pixels];
    }
    for (int b = 0; b < positives; b++) {
      copyShifted(epoch, order[from + b], drawn, b * pixels);
    }
    if (spec.supervised()) {
      System.arraycopy(drawn, 0, drawn, positives * pixels, positives * pixels);
    } else {
      for (int b = 0; b < positives; b++) {
        mix(epoch, from, positives, b, negatives(number, b));
      }
    }
    return new Batch.Given(pixels, drawn);
  }

  /** Copies an image as an epoch shows it. */
  private void copyShifted(int epoch, int position, float[] out, int offset) {
    int most = options.shift();
    if (most == 0) {
      data.copyImage(position, out, offset);
      return;
    }
    Philox.Stream draw = Philox.stream(options.seed(), Purpose.SHIFTS, epoch, 0, position);
    int right = draw.nextInt(2 * most + 1) - most;
    int down = draw.nextInt(2 * most + 1) - most;
    int width = data.width();
    int height = data.height();
    data.copyImage(position, plain, 0);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int fromX = x - right;
        int fromY = y - down;
        boolean inside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
        out[offset + y * width + x] = inside ? plain[fromY * width + fromX] : 0;
      }
    }
  }

  private void mix(int epoch, int from, int positives, int b, Philox.Stream draw) {
    int pixels = data.pixels();
    float[] other = new float[pixels];
    copyShifted(epoch, order[partner(from, positives, b, draw)], other, 0);
    if (options.rotate()) {
      other = rotate(other, data.width(), data.height(), draw.nextFloat(-90, 90));
    }
    float alpha = options.mix();
    for (int k = 0; k < pixels; k++) {
      drawn[(positives + b) * pixels + k] = alpha * drawn[b * pixels + k] + (1 - alpha) * other[k];
    }
  }

  /** Returns the place in the order of another sample: of the batch, or of the epoch if alone. */
  private int partner(int from, int positives, int b, Philox.Stream draw) {
    return positives > 1
        ? from + (b + 1 + draw.nextInt(positives - 1)) % positives
        : (from + 1 + draw.nextInt(order.length - 1)) % order.length;
  }

  /**
   * Mixes the recordings of a batch into its negatives.
   *
   * @param spikes T x 2 positives x units, whose second half are copies of the first
   */
  private void mixRecordings(int from, int positives, int number, byte[] spikes) {
    int units = data.pixels();
    int[] word = new int[4];
    for (int b = 0; b < positives; b++) {
      byte[] other = data.spikes(order[partner(from, positives, b, negatives(number, b))]);
      for (int t = 0; t < data.steps(); t++) {
        int at = (t * 2 * positives + positives + b) * units;
        int drawn = -1; // block of four units
        for (int i = 0; i < units; i++) {
          byte others = other[t * units + i];
          if (spikes[at + i] == others) {
            continue;
          }
          if (drawn != i / 4) {
            drawn = i / 4;
            Philox.block(
                number, t + 1, b, drawn, options.seed(), Purpose.EVENT_MIX.ordinal(), word);
          }
          if (Philox.uniform(word[i % 4]) >= options.mix()) {
            spikes[at + i] = others;
          }
        }
      }
    }
  }

  /**
   * Returns an image rotated counter-clockwise about its centre: bilinear, edge values repeated.
   *
   * @param degrees of rotation
   */
  static float[] rotate(float[] image, int width, int height, float degrees) {
    double cos = Math.cos(Math.toRadians(degrees));
    double sin = Math.sin(Math.toRadians(degrees));
    double centreX = (width - 1) / 2.0;
    double centreY = (height - 1) / 2.0;
    float[] rotated = new float[image.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double fromX = centreX + cos * (x - centreX) - sin * (y - centreY);
        double fromY = centreY + sin * (x - centreX) + cos * (y - centreY);
        int x0 = (int) Math.floor(fromX);
        int y0 = (int) Math.floor(fromY);
        double fx = fromX - x0;
        double fy = fromY - y0;
        rotated[y * width + x] =
            (float)
                ((1 - fy)
                        * ((1 - fx) * at(image, width, height, x0, y0)
                            + fx * at(image, width, height, x0 + 1, y0))
                    + fy
                        * ((1 - fx) * at(image, width, height, x0, y0 + 1)
                            + fx * at(image, width, height, x0 + 1, y0 + 1)));
      }
    }
    return rotated;
  }

  private static float at(float[] image, int width, int height, int x, int y) {
    int cx = Math.min(Math.max(x, 0), width - 1);
    int cy = Math.min(Math.max(y, 0), height - 1);
    return image[cy * width + cx];
  }
}
