package csdp.model;

import csdp.model.Philox.Purpose;
import csdp.model.Philox.Stream;

/**
 * Trained state on the host: weights and Adam moments of every synapse, initial thresholds, and the
 * number of plasticity steps. Backends copy it in and out.
 */
public final class Parameters {
  private final NetworkSpec spec;
  private final float[][] weights;
  private final float[][] firstMoments;
  private final float[][] secondMoments;
  private final float[][] thresholds;
  private long plasticitySteps;

  /** Creates parameters that are all zero. */
  public Parameters(NetworkSpec spec) {
    this.spec = spec;
    int synapses = spec.synapses().size();
    weights = new float[synapses][];
    firstMoments = new float[synapses][];
    secondMoments = new float[synapses][];
    for (Synapse s : spec.synapses()) {
      weights[s.index()] = new float[s.size()];
      firstMoments[s.index()] = new float[s.size()];
      secondMoments[s.index()] = new float[s.size()];
    }
    thresholds = new float[spec.populations().size()][];
    for (Population p : spec.integrating()) {
      thresholds[p.index()] = new float[p.units()];
    }
  }

  /**
   * Returns random parameters: weights from U(-1, 1), thresholds from 0.055 + U(-0.025, 0.025).
   * Lateral weights are clipped by the first plasticity step.
   */
  public static Parameters random(NetworkSpec spec, int seed) {
    Parameters p = new Parameters(spec);
    for (Synapse s : spec.synapses()) {
      float[] w = p.weights(s);
      int cols = s.post().units();
      for (int i = 0; i < s.pre().units(); i++) {
        Stream row = Philox.stream(seed, Purpose.WEIGHTS, s.index(), 0, i);
        for (int j = 0; j < cols; j++) {
          w[i * cols + j] = row.nextFloat(-1, 1);
        }
      }
    }
    for (Population pop : spec.integrating()) {
      Stream units = Philox.stream(seed, Purpose.THRESHOLDS, pop.index(), 0, 0);
      float[] thr = p.thresholds(pop);
      for (int i = 0; i < thr.length; i++) {
        thr[i] =
            Constants.THRESHOLD
                + units.nextFloat(-Constants.THRESHOLD_JITTER, Constants.THRESHOLD_JITTER);
      }
    }
    return p;
  }

  /** Returns the network of these parameters. */
  public NetworkSpec spec() {
    return spec;
  }

  /** Weights of a synapse, pre x post, row-major; not a copy. */
  public float[] weights(Synapse s) {
    return weights[s.index()];
  }

  /** Adam's first moments, pre x post, row-major; not a copy. */
  public float[] firstMoments(Synapse s) {
    return firstMoments[s.index()];
  }

  /** Adam's second moments, pre x post, row-major; not a copy. */
  public float[] secondMoments(Synapse s) {
    return secondMoments[s.index()];
  }

  /** Initial threshold of each unit of a population that integrates; not a copy. */
  public float[] thresholds(Population p) {
    return thresholds[p.index()];
  }

  /** Plasticity steps since training began: Adam's k, one for all synapses. */
  public long plasticitySteps() {
    return plasticitySteps;
  }

  /** Sets Adam's step count. */
  public void plasticitySteps(long steps) {
    plasticitySteps = steps;
  }

  /** A deep copy. */
  public Parameters copy() {
    Parameters c = new Parameters(spec);
    c.copyFrom(this);
    return c;
  }

  /** Copies the values of parameters of the same network. */
  public void copyFrom(Parameters other) {
    for (Synapse s : spec.synapses()) {
      System.arraycopy(other.weights(s), 0, weights(s), 0, s.size());
      System.arraycopy(other.firstMoments(s), 0, firstMoments(s), 0, s.size());
      System.arraycopy(other.secondMoments(s), 0, secondMoments(s), 0, s.size());
    }
    for (Population p : spec.integrating()) {
      System.arraycopy(other.thresholds(p), 0, thresholds(p), 0, p.units());
    }
    plasticitySteps = other.plasticitySteps;
  }

  /** Returns the index of the first value that is NaN or infinite, or -1. */
  public static int firstNotFinite(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }
}
