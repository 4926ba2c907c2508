package csdp.train;

import csdp.CsdpException;
import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.data.Dataset;
import csdp.metrics.Evaluation;
import csdp.metrics.Tally;
import csdp.model.NetworkSpec;
import csdp.model.Philox.Purpose;
import java.util.Arrays;

/** Shows images without labels and measures the answers. */
public final class Evaluator {
  /** Is told how far an evaluation is. */
  @FunctionalInterface
  public interface Progress {
    /** Called after every batch. */
    void done(int images, int of);
  }

  /** Is shown every answer; for rate codes and the like. */
  @FunctionalInterface
  public interface Answers {
    /**
     * Called after every batch.
     *
     * @param first position of its first image in the data set
     * @param out what the network answered; used again for the next batch
     */
    void take(int first, ReadOut out);
  }

  private Evaluator() {}

  /**
   * Measures a network on a data set. Input spikes depend on the seed and an image's position, not
   * on the batch size.
   *
   * @param batch images shown at once
   * @throws CsdpException failed, naming the images, when the network's state or a measurement is
   *     not finite
   */
  public static Evaluation evaluate(
      Backend backend, Dataset data, int seed, int batch, Progress progress) {
    return evaluate(backend, data, seed, batch, progress, null);
  }

  /**
   * As above, and hands on every answer.
   *
   * @param answers null where nobody wants them: then hidden layers' spikes stay on the device
   */
  public static Evaluation evaluate(
      Backend backend, Dataset data, int seed, int batch, Progress progress, Answers answers) {
    NetworkSpec spec = backend.spec();
    requireFit(spec, data);
    spec.requireRoom(Math.min(batch, data.size()));
    Tally tally = new Tally();
    ReadOut out = new ReadOut(spec, answers != null);
    int[] order = new int[data.size()];
    Arrays.setAll(order, i -> i);
    for (int from = 0; from < data.size(); from += batch) {
      int n = Math.min(batch, data.size() - from);
      int[] labels = new int[n];
      for (int b = 0; b < n; b++) {
        labels[b] = data.label(from + b);
      }
      Batch shown = unlabelled(new Batch.Stored(data, order, from), n, seed, from);
      try {
        backend.run(shown, null, out, null);
        tally.add(spec, shown, out, labels);
      } catch (CsdpException e) {
        throw e.in("%s, images %d to %d", data.name(), from, from + n - 1);
      }
      if (answers != null) {
        answers.take(from, out);
      }
      progress.done(from + n, data.size());
    }
    return tally.result(spec.constants().steps());
  }

  /**
   * Images without labels, as a batch.
   *
   * @param images of n samples
   * @param first position of the first image in its data set
   */
  public static Batch unlabelled(Batch.Images images, int n, int seed, int first) {
    int[] none = new int[n];
    Arrays.fill(none, -1);
    return new Batch(
        n, n, images, none, new Batch.Drawn(seed, Purpose.EVALUATION_SPIKES, 0, first));
  }

  /**
   * A batch as training would show it first: images with their labels as context, then their
   * negatives. For looking at what plasticity sees, not for training.
   */
  public static Batch contrasting(NetworkSpec spec, Dataset data, TrainOptions options) {
    return new Batches(spec, data, options).get(0, 0);
  }

  /** Refuses data of other sizes than the network's. */
  public static void requireFit(NetworkSpec spec, Dataset data) {
    if (data.pixels() != spec.input().units()) {
      throw CsdpException.badInput(
          "%s has images of %d x %d = %d pixels, but the network has %d inputs",
          data.name(), data.width(), data.height(), data.pixels(), spec.input().units());
    }
    if (data.classes() > spec.classes()) {
      throw CsdpException.badInput(
          "%s has %d classes, but the network knows %d",
          data.name(), data.classes(), spec.classes());
    }
  }
}
