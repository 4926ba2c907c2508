package csdp.train;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.metrics.Evaluation;
import csdp.metrics.MetricSums;
import csdp.model.NetworkSpec;
import csdp.model.Philox.Purpose;
import java.util.Arrays;

/** Measures a network on images without showing their labels. */
public final class Evaluator {
  /** Images per batch of a test. Results do not depend on it. */
  public static final int BATCH = 500;

  /** Receives the progress of an evaluation. */
  @FunctionalInterface
  public interface Progress {
    /** Called after every batch. */
    void done(int images, int of);
  }

  /** Receives the read-out of every batch, for example to store rate codes. */
  @FunctionalInterface
  public interface Answers {
    /**
     * Called after every batch.
     *
     * @param first position of its first image in the data set
     * @param out the network's read-out; reused for the next batch
     */
    void take(int first, ReadOut out);
  }

  private Evaluator() {}

  /**
   * Measures a network on a data set. Input spikes depend on the seed and the image's position, not
   * on the batch size.
   *
   * @param batch images per batch
   * @throws CsdpException failed, naming the images, if the network's state or a measurement is not
   *     finite
   */
  public static Evaluation evaluate(
      Backend backend, Dataset data, int seed, int batch, Progress progress) {
    return evaluate(backend, data, seed, batch, progress, null);
  }

  /**
   * As above, and passes on every read-out.
   *
   * @param answers null for none: then spikes of hidden layers are not copied from the device
   */
  public static Evaluation evaluate(
      Backend backend, Dataset data, int seed, int batch, Progress progress, Answers answers) {
    NetworkSpec spec = backend.spec();
    requireFit(spec, data);
    spec.requireRoom(Math.min(batch, data.size()));
    MetricSums sums = new MetricSums();
    ReadOut out = new ReadOut(spec, answers != null);
    int[] order = new int[data.size()];
    Arrays.setAll(order, i -> i);
    for (int from = 0; from < data.size(); from += batch) {
      int n = Math.min(batch, data.size() - from);
      int[] labels = new int[n];
      for (int b = 0; b < n; b++) {
        labels[b] = data.label(from + b);
      }
      Batch shown = unlabelled(new Batch.Stored(data, order, from), n, seed);
      try {
        backend.run(shown, null, out, null);
        sums.add(spec, shown, out, labels);
      } catch (CsdpException e) {
        throw e.in("%s, %ss %d to %d", data.name(), data.noun(), from, from + n - 1);
      }
      if (answers != null) {
        answers.take(from, out);
      }
      progress.done(from + n, data.size());
    }
    return sums.result(spec.constants().steps());
  }

  /**
   * Returns a batch of images without labels.
   *
   * @param images of n samples
   * @param first position of the first image in its data set
   */
  public static Batch unlabelled(Batch.Images images, int n, int seed, int first) {
    return new Batch(n, n, images, same(n, -1), drawn(seed, first));
  }

  /**
   * Returns a batch of a data set without labels. Recorded spikes are shown as they are.
   *
   * @param first position of the first sample in the data set
   */
  public static Batch unlabelled(Dataset data, int first, int n, int seed) {
    int[] order = new int[data.size()];
    Arrays.setAll(order, i -> i);
    return unlabelled(new Batch.Stored(data, order, first), n, seed);
  }

  private static Batch unlabelled(Batch.Stored shown, int n, int seed) {
    return labelled(shown, n, -1, seed);
  }

  /**
   * Returns a batch of a data set in its order, with one label for all samples.
   *
   * @param label -1 for none
   */
  static Batch labelled(Batch.Stored shown, int n, int label, int seed) {
    int[] labels = same(n, label);
    return switch (shown.data().kind()) {
      case BYTES, FLOATS -> new Batch(n, n, shown, labels, drawn(seed, shown.from()));
      case SPIKES -> new Batch(n, n, null, labels, Batch.Recorded.of(shown, n, n));
    };
  }

  /** Returns n equal labels. */
  private static int[] same(int n, int label) {
    int[] labels = new int[n];
    Arrays.fill(labels, label);
    return labels;
  }

  private static Batch.RandomSpikes drawn(int seed, int first) {
    return new Batch.RandomSpikes(seed, Purpose.EVALUATION_SPIKES, 0, first);
  }

  /**
   * Returns the first training batch: images with their labels as context, then negatives with
   * random wrong labels. For plots of the signals of plasticity, not for training.
   */
  public static Batch contrasting(NetworkSpec spec, Dataset data, TrainOptions options) {
    return new Batches(spec, data, options).get(0, 0);
  }

  /** Refuses data whose image size, steps of recordings or classes do not fit the network. */
  public static void requireFit(NetworkSpec spec, Dataset data) {
    if (data.pixels() != spec.input().units()) {
      throw CsdpException.badInput(
          "%s has %s, %d values, but the network has %d inputs",
          data.name(), data.samples(), data.pixels(), spec.input().units());
    }
    if (data.kind() == Dataset.Kind.SPIKES && data.steps() != spec.constants().steps()) {
      throw CsdpException.badInput(
          "%s has recordings of %d steps, but the network has %d",
          data.name(), data.steps(), spec.constants().steps());
    }
    if (data.classes() > spec.classes()) {
      throw CsdpException.badInput(
          "%s has %d classes, but the network has %d", data.name(), data.classes(), spec.classes());
    }
  }
}
