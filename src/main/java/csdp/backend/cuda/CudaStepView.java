package csdp.backend.cuda;

import csdp.backend.StepView;
import csdp.model.Constants;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;

/** The state after a step, copied from the device. */
final class CudaStepView implements StepView {
  private final CudaBackend backend;
  private final Constants c;
  private final int step;
  private final int n;

  CudaStepView(CudaBackend backend, int step, int n) {
    this.backend = backend;
    this.c = backend.spec().constants();
    this.step = step;
    this.n = n;
  }

  @Override
  public int step() {
    return step;
  }

  @Override
  public byte[] spikes(Population p) {
    return backend.state(p).spikes(step).dense().download(new byte[n * p.units()]);
  }

  @Override
  public float[] membranes(Population p) {
    return backend.state(p).membrane.download(new float[n * p.units()]);
  }

  /** With the move that the device makes at the start of the next step. */
  @Override
  public float[] thresholds(Population p) {
    float[] thr = backend.state(p).threshold.download(new float[n * p.units()]);
    if (p.adaptive()) {
      int[] count = backend.state(p).spikes(step).count().download(new int[n]);
      for (int k = 0; k < thr.length; k++) {
        float move = c.thresholdRate() * (count[k / p.units()] - 1);
        thr[k] = Math.max(thr[k] + move, Constants.THRESHOLD_FLOOR);
      }
    }
    return thr;
  }

  @Override
  public float[] traces(Population p) {
    return backend.state(p).trace.download(new float[n * p.units()]);
  }

  @Override
  public float[] signals(Population p) {
    if (p.role() != Role.HIDDEN) {
      return backend.state(p).error.download(new float[n * p.units()]);
    }
    float[] d = traces(p);
    float[] factor = backend.state(p).factor.download(new float[n]);
    for (int k = 0; k < d.length; k++) {
      d[k] *= factor[k / p.units()];
    }
    return d;
  }

  @Override
  public float[] goodness(Population hidden) {
    return backend.state(hidden).goodness.download(new float[n]);
  }

  @Override
  public void snapshot(Parameters into) {
    backend.snapshot(into);
  }
}
