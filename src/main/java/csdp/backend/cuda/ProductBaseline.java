package csdp.backend.cuda;

import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.backend.cuda.GpuDevice.Mark;
import csdp.backend.cuda.PopulationState.SpikeBuffers;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What our products of spikes and weights are compared with: cuBLAS's dense ones, of the same
 * shapes, on the spikes and weights that a window left on the device.
 *
 * <p>Each is first held against our kernel's result. The two sum in different orders, so they may
 * differ by {@link #TOLERANCE} x |scale| x spikes of the sample x the synapse's largest weight; one
 * that differs more is not timed.
 *
 * <p>Timed as our kernels are: marks around every product, one product of each synapse after the
 * other as in a step, a window's steps queued before the first time is read. Turning the spikes
 * into floats, which only the dense product needs, is not counted.
 */
public final class ProductBaseline {
  /** Far above the rounding of sums in another order, far below one weight that is left out. */
  public static final float TOLERANCE = 1e-5f;

  private static final int WARM_UP = 2; // windows

  /**
   * How cuBLAS did on a synapse.
   *
   * @param spikes that it was checked on
   * @param difference from our kernel's result; null where there is none to speak of
   * @param micros of a product, mean over each window; null where it differs
   */
  public record Result(long spikes, String difference, double[] micros) {}

  private final GpuDevice device;
  private final DenseProducts cublas;
  private final CudaBackend backend;
  private final Kernels kernels;
  private final int n;
  private final int last; // step whose spikes are taken: they are still there
  private final Floats wide;
  private final Floats product;

  private ProductBaseline(
      GpuDevice device, DenseProducts cublas, DeviceMemory memory, CudaBackend backend, int n) {
    this.device = device;
    this.cublas = cublas;
    this.backend = backend;
    this.kernels = new Kernels(device);
    this.n = n;
    this.last = backend.spec().constants().steps();
    int widest = backend.spec().populations().stream().mapToInt(p -> p.units()).max().orElseThrow();
    int size = Math.multiplyExact(n, widest);
    this.wide = memory.floats("spikes as floats", size);
    this.product = memory.floats("a product of cuBLAS", size);
  }

  /**
   * Checks and times.
   *
   * @param device that the backend runs on
   * @param backend one that has just run a window; its currents are overwritten
   * @param n samples of that window
   * @param synapses whose products are wanted
   * @param windows to time
   * @return by name of the synapse
   * @throws csdp.CsdpException if there is no cuBLAS for this device, or it fails
   */
  public static Map<String, Result> measure(
      GpuDevice device, CudaBackend backend, int n, List<Synapse> synapses, int windows) {
    try (DenseProducts cublas = device.cublas();
        DeviceMemory memory = new DeviceMemory(device)) {
      return new ProductBaseline(device, cublas, memory, backend, n).measure(synapses, windows);
    }
  }

  private Map<String, Result> measure(List<Synapse> synapses, int windows) {
    Map<String, Result> results = new LinkedHashMap<>();
    List<Synapse> right = new ArrayList<>();
    for (Synapse s : synapses) {
      Result r = check(s, windows);
      results.put(s.name(), r);
      if (r.difference == null) {
        right.add(s);
      }
    }
    for (int w = -WARM_UP; w < windows; w++) {
      double[] micros = window(right);
      for (int i = 0; w >= 0 && i < micros.length; i++) {
        results.get(right.get(i).name()).micros[w] = micros[i];
      }
    }
    return results;
  }

  private void multiply(Synapse s, Floats into, boolean add) {
    cublas.multiply(
        into,
        wide,
        backend.synapse(s).weights(),
        s.currentScale(),
        add,
        n,
        s.pre().units(),
        s.post().units());
  }

  private void widen(Synapse s) {
    kernels.widen(backend.acting(backend.synapse(s), last), wide, n, s.pre().units());
  }

  private Result check(Synapse s, int windows) {
    SpikeBuffers spikes = backend.acting(backend.synapse(s), last);
    int cols = s.post().units();
    backend.ownProduct(backend.synapse(s), last, false, n);
    float[] ours = backend.state(s.post()).current.download(new float[n * cols]);
    float[] theirs = new float[n * cols];
    Arrays.fill(theirs, Float.NaN); // what is not written shows
    product.upload(theirs);
    widen(s);
    multiply(s, product, false);
    product.download(theirs);
    int[] counts = spikes.count().download(new int[n]);
    float largest = 0;
    for (float w : backend.synapse(s).weights().download(new float[s.size()])) {
      largest = Math.max(largest, Math.abs(w));
    }
    long all = 0;
    for (int b = 0; b < n; b++) {
      all += counts[b];
      double most = (double) TOLERANCE * Math.abs(s.currentScale()) * counts[b] * largest;
      for (int k = b * cols; k < (b + 1) * cols; k++) {
        if (!(Math.abs((double) theirs[k] - ours[k]) <= most)) {
          String line =
              String.format(
                  "cuBLAS gives %s instead of %s for sample %d, unit %d; %.3g would pass",
                  theirs[k], ours[k], b, k % cols, most);
          return new Result(all, line, null);
        }
      }
    }
    return new Result(all, null, new double[windows]);
  }

  /** Microseconds of each product, mean over as many rounds as a window has steps. */
  private double[] window(List<Synapse> synapses) {
    List<Mark> marks = new ArrayList<>();
    try {
      for (int t = 0; t < last; t++) {
        for (Synapse s : synapses) {
          widen(s);
          marks.add(device.mark());
          multiply(
              s, backend.state(s.post()).current, backend.spec().incoming(s.post()).get(0) != s);
          marks.add(device.mark());
        }
      }
      double[] micros = new double[synapses.size()];
      for (int k = 0; k < marks.size(); k += 2) {
        micros[k / 2 % micros.length] += marks.get(k + 1).microsSince(marks.get(k)) / last;
      }
      return micros;
    } finally {
      marks.forEach(Mark::close);
    }
  }
}
