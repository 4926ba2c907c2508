package csdp.backend.cuda;

import csdp.backend.StepView;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.model.Constants;
import csdp.model.Parameters;
import csdp.model.Population;

/** The state after a step, copied from the device. */
final class CudaStepView implements StepView {
  private final CudaBackend backend;
  private final NetworkState net;
  private final Constants c;
  private final int step;
  private final int n;

  CudaStepView(CudaBackend backend, int step, int n) {
    this.backend = backend;
    this.net = backend.net();
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
    return net.state(p).spikes(step, n);
  }

  @Override
  public float[] membranes(Population p) {
    return rows(net.state(p).membrane, p);
  }

  /** Includes the change that the device applies at the start of the next step. */
  @Override
  public float[] thresholds(Population p) {
    if (!p.adaptive()) {
      float[] thr = new float[n * p.units()];
      float[] initial = net.initialThresholds(p);
      for (int k = 0; k < thr.length; k++) {
        thr[k] = initial[k % p.units()];
      }
      return thr;
    }
    float[] thr = rows(net.state(p).threshold, p);
    int[] count = net.state(p).counts(step, n);
    for (int k = 0; k < thr.length; k++) {
      float move = c.thresholdRate() * (count[k / p.units()] - 1);
      thr[k] = Math.max(thr[k] + move, Constants.THRESHOLD_FLOOR);
    }
    return thr;
  }

  @Override
  public float[] traces(Population p) {
    return net.traces(p, step, n);
  }

  @Override
  public float[] signals(Population p) {
    if (!p.hasGoodness()) {
      return rows(net.state(p).error, p);
    }
    float[] d = traces(p);
    float[] modulator = net.state(p).modulator.download(new float[n]);
    for (int k = 0; k < d.length; k++) {
      d[k] *= modulator[k / p.units()];
    }
    return d;
  }

  @Override
  public float[] goodness(Population hidden) {
    return net.state(hidden).goodness.download(new float[n]);
  }

  private float[] rows(Floats of, Population p) {
    return Padding.download(of, new float[n * p.units()], p.units());
  }

  @Override
  public void snapshot(Parameters into) {
    backend.snapshot(into);
  }
}
