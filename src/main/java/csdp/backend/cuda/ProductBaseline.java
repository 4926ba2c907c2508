package csdp.backend.cuda;

import csdp.backend.cuda.device.DenseProducts;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.GpuDevice;
import csdp.backend.cuda.device.GpuDevice.Mark;
import csdp.error.CsdpException;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Times the sparse products of spikes and weights relative to cuBLAS's dense ones, of the same
 * shapes, on the spikes and weights of the last window on the device. A step computes them within a
 * larger launch; here a separate kernel runs the same code.
 *
 * <p>Each is first compared with our result. The orders of summation differ, so results may differ
 * by {@link #TOLERANCE} x |scale| x spikes of the sample x the synapse's largest weight; one that
 * differs more is not timed.
 *
 * <p>Each product is timed with marks, the synapses in the order of a step, and a window's steps
 * are queued before the first time is read. Turning the spikes into floats, which only the dense
 * product needs, is not counted.
 */
public final class ProductBaseline {
  /** Far above the rounding of another summation order, far below a missing weight. */
  public static final float TOLERANCE = 1e-5f;

  private static final int WARM_UP = 2; // windows

  /**
   * Result of a synapse.
   *
   * @param spikes that it was checked on
   * @param ours microseconds of our product, mean over each window
   * @param difference of cuBLAS's from ours; null if within tolerance
   * @param cublas microseconds of its product; null if it differs or cuBLAS is missing
   */
  public record Result(long spikes, double[] ours, String difference, double[] cublas) {}

  private final GpuDevice device;
  private final NetworkState net;
  private final Kernels kernels;
  private final int n;
  private final int last; // step whose spikes are used: they are still stored
  private final Floats wide;
  private final Floats ours;
  private final Floats theirs;

  private ProductBaseline(GpuDevice device, DeviceMemory memory, NetworkState net, int n) {
    this.device = device;
    this.net = net;
    this.kernels = new Kernels(device);
    this.n = n;
    this.last = net.spec.constants().steps();
    int widest = net.spec.populations().stream().mapToInt(Population::units).max().orElseThrow();
    int size = Math.multiplyExact(n, Padding.stride(widest));
    this.wide = memory.floats("spikes as floats", size);
    this.ours = memory.floats("a product of ours", size);
    this.theirs = memory.floats("a product of cuBLAS", size);
  }

  /**
   * Checks and times.
   *
   * @param device that the backend runs on
   * @param cublas of this device; null if missing
   * @param backend that has just run a window
   * @param n samples of that window
   * @param synapses to time
   * @param windows to time
   * @return results by name of the synapse
   * @throws CsdpException if a product fails
   */
  public static Map<String, Result> measure(
      GpuDevice device,
      DenseProducts cublas,
      CudaBackend backend,
      int n,
      List<Synapse> synapses,
      int windows) {
    try (DeviceMemory memory = new DeviceMemory(device)) {
      return new ProductBaseline(device, memory, backend.net(), n)
          .measure(cublas, synapses, windows);
    }
  }

  private Map<String, Result> measure(DenseProducts cublas, List<Synapse> synapses, int windows) {
    Map<String, Result> results = new LinkedHashMap<>();
    List<Synapse> right = new ArrayList<>();
    for (Synapse s : synapses) {
      long spikes = Arrays.stream(net.state(s.pre()).counts(last, n)).asLongStream().sum();
      String difference = cublas == null ? null : difference(cublas, s);
      boolean timed = cublas != null && difference == null;
      double[] micros = timed ? new double[windows] : null;
      results.put(s.name(), new Result(spikes, new double[windows], difference, micros));
      if (timed) {
        right.add(s);
      }
    }
    for (int w = -WARM_UP; w < windows; w++) {
      double[] own = window(synapses, s -> kernels.currents(net, s, ours, last, n));
      double[] dense = window(right, s -> multiply(cublas, s));
      for (int i = 0; w >= 0 && i < own.length; i++) {
        results.get(synapses.get(i).name()).ours[w] = own[i];
      }
      for (int i = 0; w >= 0 && i < dense.length; i++) {
        results.get(right.get(i).name()).cublas[w] = dense[i];
      }
    }
    return results;
  }

  private void multiply(DenseProducts cublas, Synapse s) {
    int cols = Padding.stride(s.post().units());
    float scale = s.currentScale();
    cublas.multiply(theirs, wide, net.synapse(s).weights(), scale, false, n, s.pre().units(), cols);
  }

  private void widen(Synapse s) {
    kernels.widen(net, s.pre(), wide, last, n);
  }

  /** Returns the difference between cuBLAS's product and ours; null if within tolerance. */
  private String difference(DenseProducts cublas, Synapse s) {
    int cols = Padding.stride(s.post().units());
    kernels.currents(net, s, ours, last, n);
    float[] expected = ours.download(new float[n * cols]);
    float[] actual = new float[n * cols];
    Arrays.fill(actual, Float.NaN); // missing writes are detected
    theirs.upload(actual);
    widen(s);
    multiply(cublas, s);
    theirs.download(actual);
    int[] counts = net.state(s.pre()).counts(last, n);
    float largest = 0;
    float[] weights = net.synapse(s).weights().download(new float[s.pre().units() * cols]);
    for (float w : weights) {
      largest = Math.max(largest, Math.abs(w));
    }
    for (int k = 0; k < n * cols; k++) {
      int b = k / cols;
      double most = (double) TOLERANCE * Math.abs(s.currentScale()) * counts[b] * largest;
      if (!(Math.abs((double) actual[k] - expected[k]) <= most)) {
        return String.format(
            Locale.ROOT,
            "cuBLAS gives %s instead of %s for sample %d, unit %d; %.3g would pass",
            actual[k],
            expected[k],
            b,
            k % cols,
            most);
      }
    }
    return null;
  }

  private interface Product {
    void queue(Synapse s);
  }

  /** Returns microseconds of each product, mean over the steps of a window. */
  private double[] window(List<Synapse> synapses, Product product) {
    List<Mark> marks = new ArrayList<>();
    try {
      for (int t = 0; t < last; t++) {
        for (Synapse s : synapses) {
          widen(s);
          marks.add(device.mark());
          product.queue(s);
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
