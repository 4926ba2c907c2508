package csdp.train;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Population.Role;
import java.util.Arrays;

/**
 * Classification by goodness: each label in turn is clamped as context, and the label of the
 * highest goodness, summed over hidden layers and time steps, is the answer; the lowest label wins
 * a tie. All labels of an image see the same input spikes. Takes as many windows as there are
 * classes.
 */
public final class GoodnessReadOut {
  private GoodnessReadOut() {}

  /**
   * Refuses a network without labels as context.
   *
   * @throws CsdpException bad input
   */
  public static void requireContext(NetworkSpec spec) {
    if (!spec.supervised()) {
      throw CsdpException.badInput(
          "goodness as read-out clamps labels, but the network %s has no label context: it was"
              + " trained with --algo unsupervised",
          spec);
    }
  }

  /**
   * Returns the share of right answers, in [0, 1].
   *
   * @param seed of the input spikes, which depend on the image's position, not on the batch size
   * @param batch images per batch
   * @throws CsdpException bad input if the network has no label context or the images do not fit;
   *     failed, naming the images, if the network's state is not finite
   */
  public static double accuracy(
      Backend backend, Dataset data, int seed, int batch, Evaluator.Progress progress) {
    int right = 0;
    int[] order = new int[data.size()];
    Arrays.setAll(order, i -> i);
    NetworkSpec spec = backend.spec();
    requireContext(spec);
    Evaluator.requireFit(spec, data);
    spec.requireRoom(Math.min(batch, data.size()));
    for (int from = 0; from < data.size(); from += batch) {
      int n = Math.min(batch, data.size() - from);
      double[][] goodness = new double[spec.classes()][];
      try {
        Batch shown = Evaluator.labelled(new Batch.Stored(data, order, from), n, 0, seed);
        for (int k = 0; k < spec.classes(); k++) {
          Arrays.fill(shown.labels(), k);
          goodness[k] = sums(backend, shown, n);
        }
      } catch (CsdpException e) {
        throw e.in("%s, %ss %d to %d", data.name(), data.noun(), from, from + n - 1);
      }
      for (int b = 0; b < n; b++) {
        int best = 0;
        for (int k = 1; k < goodness.length; k++) {
          best = goodness[k][b] > goodness[best][b] ? k : best;
        }
        right += best == data.label(from + b) ? 1 : 0;
      }
      progress.done(from + n, data.size());
    }
    return (double) right / data.size();
  }

  /** Returns each sample's goodness, summed over hidden layers and steps: n values. */
  private static double[] sums(Backend backend, Batch clamped, int n) {
    double[] sums = new double[n];
    backend.run(
        clamped,
        null,
        new ReadOut(backend.spec(), false),
        view -> {
          for (Population p : backend.spec().populations(Role.HIDDEN)) {
            float[] goodness = view.goodness(p);
            for (int b = 0; b < n; b++) {
              sums[b] += goodness[b];
            }
          }
        });
    return sums;
  }
}
