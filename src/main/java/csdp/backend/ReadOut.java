package csdp.backend;

import csdp.model.NetworkSpec;
import csdp.model.Population;
import java.util.Arrays;
import java.util.List;

/** Read-outs of a time window: sums over its T steps, samples in batch order. */
public final class ReadOut {
  private final NetworkSpec spec;
  private final boolean hidden;
  private int size;
  private float[] classSpikes = new float[0];
  private float[] reconstruction = new float[0];
  private final float[][] hiddenSpikes;
  private final long[] spikes;

  /** Creates an empty read-out, to be filled by a backend. It can be reused for the next batch. */
  public ReadOut(NetworkSpec spec) {
    this(spec, true);
  }

  /**
   * As above, with or without the spike counts of hidden layers.
   *
   * @param hidden false if they need not be counted or copied from a device
   */
  public ReadOut(NetworkSpec spec, boolean hidden) {
    this.spec = spec;
    this.hidden = hidden;
    hiddenSpikes = new float[spec.populations().size()][0];
    spikes = new long[spec.populations().size()];
  }

  /** For backends: resizes to N samples and clears every sum. */
  public void reset(int samples) {
    size = samples;
    classSpikes = cleared(classSpikes, samples * spec.classes());
    if (spec.reconstruction() != null) {
      reconstruction = cleared(reconstruction, samples * spec.input().units());
    }
    for (Population p : counted()) {
      hiddenSpikes[p.index()] = cleared(hiddenSpikes[p.index()], samples * p.units());
    }
    java.util.Arrays.fill(spikes, 0);
  }

  private static float[] cleared(float[] a, int n) {
    if (a.length != n) {
      return new float[n];
    }
    java.util.Arrays.fill(a, 0);
    return a;
  }

  /** Number of samples N. */
  public int size() {
    return size;
  }

  /**
   * Spike counts of the head, N x classes. The largest is the class; the lowest index wins a tie.
   */
  public float[] classSpikes() {
    return classSpikes;
  }

  /** Sums of the reconstruction's traces, N x n0; divide by T. Empty without reconstruction. */
  public float[] reconstruction() {
    return reconstruction;
  }

  /** For backends: the hidden layers whose spikes are counted, all or none. */
  public List<Population> counted() {
    return hidden ? spec.populations(Population.Role.HIDDEN) : List.of();
  }

  /**
   * Spike counts of a hidden layer, N x units; divided by T they are its rate code. Empty if not
   * requested.
   */
  public float[] hiddenSpikes(Population hidden) {
    return hiddenSpikes[hidden.index()];
  }

  /** Returns the rate code of a hidden layer in a sample: spikes of each unit / T, in [0, 1]. */
  public float[] rateCode(Population hidden, int sample) {
    int units = hidden.units();
    float steps = spec.constants().steps();
    float[] code = Arrays.copyOfRange(hiddenSpikes(hidden), sample * units, (sample + 1) * units);
    for (int i = 0; i < units; i++) {
      code[i] /= steps;
    }
    return code;
  }

  /** Spikes of each population over all samples and steps, by population index. */
  public long[] spikes() {
    return spikes;
  }

  /** Returns the class of a sample: most spikes of the head; the lowest index wins a tie. */
  public int predicted(int sample) {
    return predicted(sample, -1);
  }

  /** The same without one class; -1 to leave out none. */
  public int predicted(int sample, int without) {
    int classes = spec.classes();
    int best = without == 0 ? 1 : 0;
    for (int k = best + 1; k < classes; k++) {
      if (k != without
          && classSpikes[sample * classes + k] > classSpikes[sample * classes + best]) {
        best = k;
      }
    }
    return best;
  }

  /** Class probabilities of a sample: softmax of its spike counts. */
  public double[] probabilities(int sample) {
    int classes = spec.classes();
    double[] p = new double[classes];
    double max = classSpikes[sample * classes + predicted(sample)];
    double sum = 0;
    for (int k = 0; k < classes; k++) {
      p[k] = Math.exp(classSpikes[sample * classes + k] - max);
      sum += p[k];
    }
    for (int k = 0; k < classes; k++) {
      p[k] /= sum;
    }
    return p;
  }
}
