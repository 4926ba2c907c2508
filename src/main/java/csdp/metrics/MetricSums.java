package csdp.metrics;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import csdp.backend.Batch;
import csdp.backend.NotFinite;
import csdp.backend.ReadOut;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Running sums of metrics over samples, so that means are correct for batches of different sizes.
 * Saved with each checkpoint, also in the middle of an epoch.
 */
@JsonAutoDetect(fieldVisibility = Visibility.ANY, getterVisibility = Visibility.NONE)
public final class MetricSums {
  /**
   * Probabilities (NLL) and reconstructed pixels (BCE) are clipped to [FLOOR, 1 - FLOOR] before the
   * logarithm, as in the released code.
   */
  public static final double FLOOR = 1e-7;

  private long samples;
  private long correct;
  private double nll;
  private double bce;
  private double mse;
  private boolean reconstructed;
  private long spikeSamples;
  private Map<String, Long> spikes = new LinkedHashMap<>();
  private long[][] confusion = new long[0][];

  /**
   * Adds the answers for the positive samples of a batch.
   *
   * @param batch the batch
   * @param out the network's read-out
   * @param labels true classes of the positive samples
   * @throws csdp.error.CsdpException failed, if a sum is not finite
   */
  public void add(NetworkSpec spec, Batch batch, ReadOut out, int[] labels) {
    int classes = spec.classes();
    if (confusion.length == 0) {
      confusion = new long[classes][classes];
    }
    for (int b = 0; b < batch.positives(); b++) {
      int answer = out.predicted(b);
      confusion[labels[b]][answer]++;
      correct += answer == labels[b] ? 1 : 0;
      nll -= Math.log(clip(out.probabilities(b)[labels[b]], FLOOR));
    }
    samples += batch.positives();
    if (spec.reconstruction() != null) {
      reconstructed = true;
      int pixels = spec.input().units();
      double steps = spec.constants().steps();
      float[] image = new float[pixels];
      for (int b = 0; b < batch.positives(); b++) {
        batch.copyImage(b, image, 0);
        for (int i = 0; i < pixels; i++) {
          double x = image[i];
          double r = out.reconstruction()[b * pixels + i] / steps;
          double p = clip(r, FLOOR);
          // Most pixels are exactly black: skip the logarithm of the zero term.
          bce -= (x > 0 ? x * Math.log(p) : 0) + (x < 1 ? (1 - x) * Math.log1p(-p) : 0);
          mse += (r - x) * (r - x);
        }
      }
    }
    requireFinite("NLL", nll);
    requireFinite("BCE", bce);
    requireFinite("MSE", mse);
    spikeSamples += batch.size();
    for (Population p : spec.populations()) {
      spikes.merge(p.name(), out.spikes()[p.index()], Long::sum);
    }
  }

  /** Returns true if the sums are consistent with a network; sums read from a file may not be. */
  public boolean fits(NetworkSpec spec) {
    int classes = spec.classes();
    return samples >= 0
        && correct >= 0
        && correct <= samples
        && spikeSamples >= 0
        && Double.isFinite(nll)
        && Double.isFinite(bce)
        && Double.isFinite(mse)
        && spikes != null
        && spikes.values().stream().allMatch(s -> s != null && s >= 0)
        && confusion != null
        && ((confusion.length == 0 && samples == 0)
            || (confusion.length == classes
                && Arrays.stream(confusion).allMatch(row -> row != null && row.length == classes)));
  }

  private static void requireFinite(String name, double sum) {
    if (!Double.isFinite(sum)) {
      throw NotFinite.failure(name);
    }
  }

  private static double clip(double p, double floor) {
    return Math.min(Math.max(p, floor), 1 - floor);
  }

  /** Returns the number of samples. */
  public long samples() {
    return samples;
  }

  /** Returns the share of correct answers so far, in [0, 1]; NaN without samples. */
  public double accuracy() {
    return (double) correct / samples;
  }

  /**
   * Returns the means.
   *
   * @param steps time steps T of a window
   */
  public Evaluation result(int steps) {
    Map<String, Double> perStep = new LinkedHashMap<>();
    spikes.forEach((name, count) -> perStep.put(name, count / (double) (spikeSamples * steps)));
    long[][] copy = new long[confusion.length][];
    for (int k = 0; k < copy.length; k++) {
      copy[k] = confusion[k].clone();
    }
    return new Evaluation(
        samples,
        accuracy(),
        nll / samples,
        reconstructed ? bce / samples : null,
        reconstructed ? mse / samples : null,
        perStep,
        copy);
  }
}
