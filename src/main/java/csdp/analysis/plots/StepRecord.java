package csdp.analysis.plots;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.backend.StepView;
import csdp.model.NetworkSpec;
import csdp.model.Population;

/** A step-by-step record of a time window without learning. */
public final class StepRecord implements StepObserver {
  private final NetworkSpec spec;
  private final Batch batch;
  private final int steps;
  private final boolean everySpike;
  private final ReadOut out;

  /** Spikes: [population][step][sample]. */
  private final int[][][] spikes;

  /**
   * Mean threshold of a population's units: [population][step][sample]; null without thresholds.
   */
  private final float[][][] thresholds;

  /** Goodness: [population][step][sample]; null except for hidden layers. */
  private final float[][][] goodness;

  /** Every spike: [population][step], N x units; only if requested. */
  private final byte[][][] raster;

  private StepRecord(NetworkSpec spec, Batch batch, boolean everySpike) {
    this.spec = spec;
    this.batch = batch;
    this.everySpike = everySpike;
    steps = spec.constants().steps();
    out = new ReadOut(spec);
    int populations = spec.populations().size();
    spikes = new int[populations][steps][];
    thresholds = new float[populations][steps][];
    goodness = new float[populations][steps][];
    raster = new byte[populations][steps][];
  }

  /**
   * Records a batch.
   *
   * @param everySpike whether to store single spikes
   */
  public static StepRecord of(Backend backend, Batch batch, boolean everySpike) {
    StepRecord record = new StepRecord(backend.spec(), batch, everySpike);
    backend.run(batch, null, record.out, record);
    return record;
  }

  @Override
  public void afterStep(StepView view) {
    int t = view.step() - 1;
    for (Population p : spec.populations()) {
      byte[] s = view.spikes(p);
      int[] count = new int[batch.size()];
      for (int k = 0; k < s.length; k++) {
        count[k / p.units()] += s[k];
      }
      spikes[p.index()][t] = count;
      if (everySpike) {
        raster[p.index()][t] = s;
      }
      if (p.hasGoodness()) {
        goodness[p.index()][t] = view.goodness(p).clone();
        float[] thr = view.thresholds(p);
        double[] sum = new double[batch.size()];
        for (int k = 0; k < thr.length; k++) {
          sum[k / p.units()] += thr[k];
        }
        float[] mean = new float[sum.length];
        for (int b = 0; b < mean.length; b++) {
          mean[b] = (float) (sum[b] / p.units());
        }
        thresholds[p.index()][t] = mean;
      }
    }
  }

  public NetworkSpec spec() {
    return spec;
  }

  public Batch batch() {
    return batch;
  }

  /** Time steps T. */
  public int steps() {
    return steps;
  }

  /** Returns the read-out. */
  public ReadOut out() {
    return out;
  }

  /** Spikes of a sample in step t, from 0. */
  public int spikes(Population p, int t, int sample) {
    return spikes[p.index()][t][sample];
  }

  /** Mean threshold of a hidden layer in a sample after step t. */
  float threshold(Population p, int t, int sample) {
    return thresholds[p.index()][t][sample];
  }

  /** Goodness of a hidden layer in a sample after step t. */
  public float goodness(Population p, int t, int sample) {
    return goodness[p.index()][t][sample];
  }

  /** Whether a unit spiked. */
  public boolean spiked(Population p, int t, int sample, int unit) {
    return raster[p.index()][t][sample * p.units() + unit] != 0;
  }

  /** Times of the steps' ends, ms. */
  double[] times() {
    double[] ms = new double[steps];
    for (int t = 0; t < steps; t++) {
      ms[t] = (t + 1) * spec.constants().dt();
    }
    return ms;
  }

  /** Time steps, from 1. */
  double[] numbers() {
    double[] t = new double[steps];
    java.util.Arrays.setAll(t, i -> i + 1);
    return t;
  }
}
