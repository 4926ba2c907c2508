package csdp.backend.cpu;

import csdp.backend.StepView;
import csdp.model.Constants;
import csdp.model.Parameters;
import csdp.model.Population;

/** The state after a step, copied from padded rows. */
record CpuView(CpuBackend backend, Layer[] layers, int n, int step) implements StepView {
  @Override
  public byte[] spikes(Population p) {
    Spikes s = layers[p.index()].spikes;
    byte[] dense = new byte[n * s.units];
    for (int b = 0; b < n; b++) {
      for (int k = b * s.units, end = k + s.unitCount[b]; k < end; k++) {
        dense[b * s.units + s.unitList[k]] = 1;
      }
    }
    return dense;
  }

  @Override
  public float[] membranes(Population p) {
    return dense(p, layers[p.index()].membrane);
  }

  @Override
  public float[] thresholds(Population p) {
    Layer layer = layers[p.index()];
    float[] thr = dense(p, layer.threshold);
    for (int k = 0; k < thr.length; k++) {
      float change = layer.thresholdChange[k / p.units()];
      if (!Float.isNaN(change)) { // pending: the next step adds it
        thr[k] = Math.max(thr[k] + change, Constants.THRESHOLD_FLOOR);
      }
    }
    return thr;
  }

  @Override
  public float[] traces(Population p) {
    Layer layer = layers[p.index()];
    return layer.trace == null ? layer.tracesFromSpikes(step) : dense(p, layer.trace);
  }

  @Override
  public float[] signals(Population p) {
    Signals s = layers[p.index()].signals;
    float[] dense = new float[n * p.units()];
    for (int b = 0; b < n; b++) {
      for (int k = b * p.units(), end = k + s.count[b]; k < end; k++) {
        dense[b * p.units() + s.unit[k]] = s.value[k];
      }
    }
    return dense;
  }

  @Override
  public float[] goodness(Population hidden) {
    return layers[hidden.index()].goodness.clone();
  }

  @Override
  public void snapshot(Parameters into) {
    backend.snapshot(into);
  }

  private float[] dense(Population p, float[] padded) {
    float[] dense = new float[n * p.units()];
    layers[p.index()].rows.toDense(padded, dense, n);
    return dense;
  }
}
