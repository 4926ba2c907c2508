package csdp.backend.cpu;

import csdp.model.Population;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** State of a population for N samples: matrices of N rows. */
final class Layer {
  final Population p;
  final RowLayout rows;
  final List<Weights> incoming = new ArrayList<>();
  final float[] initialThreshold; // padded units; the padding never spikes
  final float[] columnSpikes; // T+1 rows: spikes of each step summed over samples
  private final int steps;
  int samples;
  Spikes previous; // of t-1
  Spikes spikes; // of t
  float[] currents; // N rows: the input's; for layers that it drives
  float[] membrane;
  float[] threshold;
  float[] trace; // head and reconstruction; hidden layers know their last spikes
  Signals signals;
  float[] thresholdChange; // N: what the next step adds to a sample's thresholds
  float[] goodness; // N
  private char[] entry; // N x units: 1 + place in the list of signals, 0 for none (hidden layers)
  private short[] lastSpike; // N x units, in the order of the lists: step of the last spike
  private int[] lastSpikeCount; // N x (T+1): units whose last spike was in a step
  private final float[] powers; // traceDecay^k, k = 0..T

  Layer(Population p, int steps, float traceDecay) {
    this.p = p;
    this.steps = steps;
    this.rows = new RowLayout(p.units());
    initialThreshold = new float[rows.padded];
    Arrays.fill(initialThreshold, 1e30f);
    columnSpikes = new float[rows.size(steps + 1)];
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
    samples = 0; // should memory end
    previous = new Spikes(n, rows, p.drawnFromImage());
    spikes = new Spikes(n, rows, p.drawnFromImage());
    if (p.integrates()) {
      int size = rows.size(n);
      membrane = new float[size];
      threshold = new float[size];
      signals = new Signals(n, rows);
      currents = drivenByInput() ? new float[size] : null;
      thresholdChange = new float[n];
      goodness = new float[n];
      if (p.hasGoodness()) {
        entry = new char[n * p.units()];
        lastSpike = new short[n * p.units()];
        lastSpikeCount = new int[n * (steps + 1)];
      } else {
        trace = new float[size];
      }
    }
    samples = n;
  }

  /** Whether the first currents come from the input, whose spikes are many. */
  boolean drivenByInput() {
    return !incoming.isEmpty() && incoming.get(0).pre.p.drawnFromImage();
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
    for (int b = 0; b < samples; b++) {
      System.arraycopy(initialThreshold, 0, threshold, rows.at(b), rows.padded);
    }
    Arrays.fill(thresholdChange, Float.NaN); // no change before the first step
    if (trace != null) {
      Arrays.fill(trace, 0);
    } else {
      Arrays.fill(entry, (char) 0);
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
    int at = b * spikes.units;
    for (int k = at, end = k + spikes.unitCount[b]; k < end; k++) {
      int unit = spikes.unitList[k];
      int known = entry[at + unit];
      if (known > 0) {
        lastSpikeCount[countsAt + lastSpike[at + known - 1]]--;
      } else {
        known = signals.append(b, unit, 0);
        entry[at + unit] = (char) known;
      }
      lastSpike[at + known - 1] = (short) step;
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
      signals.value[k] = factor * powers[step - lastSpike[k]];
    }
    signals.spread(b);
  }

  /** Traces of a hidden layer, N x units. */
  float[] tracesFromSpikes(int step) {
    float[] z = new float[samples * p.units()];
    for (int b = 0; b < samples; b++) {
      int at = b * p.units();
      for (int k = at, end = at + signals.count[b]; k < end; k++) {
        z[at + signals.unit[k]] = powers[step - lastSpike[k]];
      }
    }
    return z;
  }
}
