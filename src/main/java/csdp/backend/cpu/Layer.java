package csdp.backend.cpu;

import csdp.backend.NotFinite.Quantity;
import csdp.model.Constants;
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
  private final float thresholdRate;
  private final float goodnessThreshold;
  Layer target; // of the reconstruction: the input; null for others
  private int samples;
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
  private final Ending ending;

  /** The end of a step of a sample. */
  @FunctionalInterface
  private interface Ending {
    void finish(int b, Window window);
  }

  Layer(Population p, Constants c) {
    this.p = p;
    this.steps = c.steps();
    this.thresholdRate = c.thresholdRate();
    this.goodnessThreshold = c.goodnessThreshold();
    this.rows = new RowLayout(p.units());
    initialThreshold = new float[rows.padded];
    Arrays.fill(initialThreshold, 1e30f);
    columnSpikes = new float[rows.size(steps + 1)];
    powers = new float[steps + 1];
    powers[0] = 1;
    for (int k = 1; k <= steps; k++) {
      powers[k] = powers[k - 1] * c.traceDecay();
    }
    ending = ending();
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

  /**
   * Ends a step of a sample, whose spikes are new: spike list and read-out; thresholds, goodness
   * and modulator, or the error.
   */
  void finish(int b, Window window) {
    ending.finish(b, window);
  }

  private Ending ending() {
    return switch (p.role()) {
      case HIDDEN -> this::finishHidden;
      case HEAD -> this::finishHead;
      case RECONSTRUCTION -> this::finishReconstruction;
      case INPUT, CONTEXT ->
          (b, window) -> {
            throw new IllegalStateException(p.name());
          };
    };
  }

  private void finishHidden(int b, Window window) {
    adapt(b, window);
    float g = goodness(b, window.step);
    if (!Float.isFinite(g)) {
      window.watch.report(Quantity.GOODNESS, p, window.step);
    }
    double probability = 1 / (1 + StrictMath.exp(-(g - goodnessThreshold)));
    int positive = b < window.positives ? 1 : 0;
    modulate(b, window.step, (float) (2 * (probability - positive) / window.n));
    if (window.out.hiddenSpikes(p).length > 0) { // requested
      spikes.addTo(window.out.hiddenSpikes(p), b);
    }
  }

  private void finishHead(int b, Window window) {
    adapt(b, window);
    signals.count[b] = 0;
    if (b < window.positives) {
      for (int k = 0; k < p.units(); k++) {
        int label = window.batch.label(b) == k ? 1 : 0;
        float z = trace[rows.at(b) + k];
        signals.append(b, k, 2 * (label - z) / window.positives);
      }
    }
    spikes.addTo(window.out.classSpikes(), b);
  }

  private void finishReconstruction(int b, Window window) {
    spikes.list(b);
    float[] sums = window.out.reconstruction();
    int at = rows.at(b);
    int sum = b * p.units();
    for (int k = 0; k < p.units(); k++) {
      sums[sum + k] += trace[at + k];
    }
    signals.count[b] = 0;
    if (window.learning != null && b < window.positives) {
      reconstructionError(b, 2f / window.positives);
    }
  }

  /** e = 2 (s0 - sR) / N+ is nonzero if exactly one of the two spiked; both lists ascend. */
  private void reconstructionError(int b, float error) {
    Spikes s0 = target.spikes;
    int i = b * s0.units;
    int iEnd = i + s0.unitCount[b];
    int k = b * spikes.units;
    int kEnd = k + spikes.unitCount[b];
    while (i < iEnd || k < kEnd) {
      int in = i < iEnd ? s0.unitList[i] : Integer.MAX_VALUE;
      int out = k < kEnd ? spikes.unitList[k] : Integer.MAX_VALUE;
      if (in != out) {
        signals.append(b, Math.min(in, out), in < out ? error : -error);
      }
      i += in <= out ? 1 : 0;
      k += out <= in ? 1 : 0;
    }
  }

  /** Builds the spike list of a sample and computes the change of its thresholds. */
  private void adapt(int b, Window window) {
    spikes.list(b);
    thresholdChange[b] = thresholdRate * (spikes.unitCount[b] - 1);
    if (!Float.isFinite(thresholdChange[b])) {
      window.watch.report(Quantity.THRESHOLDS, p, window.step);
    }
  }

  /**
   * Returns the goodness of a sample from the histogram of last spikes: traces are powers of gamma,
   * so G = sum over steps of count x gamma^(2 x age).
   */
  private float goodness(int b, int step) {
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
  private void modulate(int b, int step, float modulation) {
    int at = b * spikes.units;
    for (int k = at, end = at + signals.count[b]; k < end; k++) {
      signals.value[k] = modulation * powers[step - lastSpike[k]];
    }
    signals.spread(b);
  }

  /** Builds the lists by unit, and the step's spikes summed over samples. */
  void listByUnit(Window window) {
    spikes.transpose(window.positives);
    int at = rows.at(window.step);
    for (int i = 0; i < p.units(); i++) {
      columnSpikes[at + i] = spikes.sampleCount[i];
    }
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
