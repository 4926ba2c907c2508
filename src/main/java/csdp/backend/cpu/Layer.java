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
  float[] trace; // head and reconstruction; hidden layers use lastSpike
  Signals signals;
  float[] thresholdChange; // N: pending change of a sample's thresholds, added in the next step
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

  /** Allocates state for N samples. */
  void allocate(int n) {
    if (samples == n) {
      return;
    }
    samples = 0; // stay consistent if allocation fails
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

  /** Returns true if the layer receives currents from the input. */
  boolean drivenByInput() {
    return !incoming.isEmpty() && incoming.get(0).pre.p.drawnFromImage();
  }

  /** Resets to the rest state. */
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

  /** Builds the spike list of a sample and computes the change of its thresholds. */
  float adapt(int b, float thresholdRate) {
    spikes.list(b);
    thresholdChange[b] = thresholdRate * (spikes.unitCount[b] - 1);
    return thresholdChange[b];
  }

  /**
   * Returns the goodness of a sample from the histogram of last spikes: traces are powers of gamma,
   * so G = sum over steps of count x gamma^(2 x age).
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

  /** Computes d = modulation x z for every unit of a sample that has spiked in this window. */
  void modulate(int b, int step, float modulation) {
    int at = b * spikes.units;
    for (int k = at, end = at + signals.count[b]; k < end; k++) {
      signals.value[k] = modulation * powers[step - lastSpike[k]];
    }
    signals.spread(b);
  }

  /** Returns the traces of a hidden layer, N x units. */
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
