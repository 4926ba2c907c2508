package csdp.backend.cpu;

import csdp.model.Population;
import csdp.model.Population.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** State of a population for N samples: tiled matrices of N rows. */
final class Layer {
  final Population p;
  final Tiling tiling;
  final List<Weights> incoming = new ArrayList<>();
  final float[] initialThreshold; // padded units; the padding never spikes
  final float[] columnSpikes; // (T+1) x padded units: spikes of each step summed over samples
  private final int steps;
  int samples;
  Spikes previous; // of t-1
  Spikes spikes; // of t
  float[] membrane;
  float[] threshold;
  float[] trace; // head and reconstruction; hidden layers know their last spikes
  Signals signals;
  float[] thresholdChange; // N: what the next step adds to a sample's thresholds
  float[] goodness; // N
  private short[] lastSpike; // N x units: step of the last spike, 0 for none (hidden layers)
  private int[] lastSpikeCount; // N x (T+1): units whose last spike was in a step
  private final float[] powers; // traceDecay^k, k = 0..T

  Layer(Population p, int steps, float traceDecay) {
    this.p = p;
    this.steps = steps;
    this.tiling = new Tiling(p.units());
    initialThreshold = new float[tiling.padded];
    Arrays.fill(initialThreshold, 1e30f);
    columnSpikes = new float[(steps + 1) * tiling.padded];
    powers = new float[steps + 1];
    powers[0] = 1;
    for (int k = 1; k <= steps; k++) {
      powers[k] = powers[k - 1] * traceDecay;
    }
  }

  /** Makes room for N samples. */
  void allocate(int n) {
    if (samples == n) {
      return;
    }
    samples = n;
    previous = new Spikes(n, tiling);
    spikes = new Spikes(n, tiling);
    if (p.integrates()) {
      int size = tiling.size(n);
      membrane = new float[size];
      threshold = new float[size];
      signals = new Signals(n, tiling);
      thresholdChange = new float[n];
      goodness = new float[n];
      if (p.role() == Role.HIDDEN) {
        lastSpike = new short[n * p.units()];
        lastSpikeCount = new int[n * (steps + 1)];
      } else {
        trace = new float[size];
      }
    }
  }

  /** From rest. */
  void reset() {
    previous.clear();
    spikes.clear();
    if (!p.integrates()) {
      return;
    }
    Arrays.fill(membrane, 0);
    signals.clear();
    for (int t = 0; t < tiling.tiles; t++) {
      int width = tiling.width(t);
      for (int b = 0; b < samples; b++) {
        int at = tiling.base(t, samples) + b * width;
        System.arraycopy(initialThreshold, t * Tiling.TILE, threshold, at, width);
      }
    }
    Arrays.fill(thresholdChange, Float.NaN); // no change before the first step
    if (trace != null) {
      Arrays.fill(trace, 0);
    } else {
      Arrays.fill(lastSpike, (short) 0);
      Arrays.fill(lastSpikeCount, 0);
    }
  }

  void swapSpikes() {
    Spikes old = previous;
    previous = spikes;
    spikes = old;
  }

  /** Spike list of a sample, and what its count does to the thresholds of the next step. */
  float adapt(int b, float thresholdRate) {
    spikes.list(b);
    thresholdChange[b] = thresholdRate * (spikes.unitCount[b] - 1);
    return thresholdChange[b];
  }

  /**
   * Goodness of a sample, from the number of units by the step of their last spike: traces are
   * powers of gamma, so G = sum over steps of count x gamma^(2 x age), and only spikes change a
   * count.
   */
  float goodness(int b, int step) {
    int countsAt = b * (steps + 1);
    for (int k = b * spikes.units, end = k + spikes.unitCount[b]; k < end; k++) {
      int unit = b * spikes.units + spikes.unitList[k];
      if (lastSpike[unit] > 0) {
        lastSpikeCount[countsAt + lastSpike[unit]]--;
      } else {
        signals.append(b, spikes.unitList[k], 0);
      }
      lastSpike[unit] = (short) step;
    }
    lastSpikeCount[countsAt + step] = spikes.unitCount[b];
    double g = 0;
    for (int last = step; last > 0; last--) {
      double z = powers[step - last];
      g += lastSpikeCount[countsAt + last] * (z * z);
    }
    goodness[b] = (float) g;
    return goodness[b];
  }

  /** d = factor x z for every unit of a sample that has spiked in this window. */
  void modulate(int b, int step, float factor) {
    int at = b * spikes.units;
    for (int k = at, end = at + signals.count[b]; k < end; k++) {
      signals.value[k] = factor * powers[step - lastSpike[at + signals.unit[k]]];
    }
    signals.spread(b);
  }

  /** Traces of a hidden layer, N x units. */
  float[] tracesFromSpikes(int step) {
    float[] z = new float[samples * p.units()];
    for (int k = 0; k < z.length; k++) {
      z[k] = lastSpike[k] > 0 ? powers[step - lastSpike[k]] : 0;
    }
    return z;
  }
}
