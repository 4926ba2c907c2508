package csdp.backend.cuda;

import csdp.CsdpException;
import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.model.NetworkSpec;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Synapse;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What cuBLAS takes for the dense products spikes x weights that our kernels replace, shape by
 * shape, on the same device: the baseline of {@code csdp bench}.
 */
public final class ProductBaseline {
  /** Sums in another order may differ by this, relative to the sum of absolute terms. */
  private static final double TOLERANCE = 1e-5;

  private static final float RATE = 0.1f;

  private ProductBaseline() {}

  /**
   * Median microseconds of the product of each synapse's shape, by synapse name.
   *
   * @param device with cuBLAS
   * @param samples rows N of the spikes
   * @param repeats timed products of each shape
   * @throws CsdpException environment, where cuBLAS is not there; failed, where a product is wrong
   */
  public static Map<String, Double> measure(
      GpuDevice device, NetworkSpec spec, int samples, int repeats) {
    if (!(device instanceof JCudaDevice cuda)) {
      throw CsdpException.environment("%s has no cuBLAS", device.name());
    }
    try (DenseProducts products = cuda.cublas()) {
      return measure(device, products, spec, samples, repeats);
    }
  }

  static Map<String, Double> measure(
      GpuDevice device, DenseProducts products, NetworkSpec spec, int samples, int repeats) {
    Map<String, Double> micros = new LinkedHashMap<>();
    for (Synapse s : spec.synapses()) {
      try (DeviceMemory memory = new DeviceMemory(device)) {
        micros.put(s.name(), time(device, memory, products, s, samples, repeats));
      }
    }
    return micros;
  }

  private static double time(
      GpuDevice device,
      DeviceMemory memory,
      DenseProducts products,
      Synapse s,
      int n,
      int repeats) {
    int rows = s.pre().units();
    int cols = s.post().units();
    Philox.Stream draw = Philox.stream(7, Purpose.WEIGHTS, s.index(), 1, 0);
    float[] spikes = new float[n * rows];
    for (int k = 0; k < spikes.length; k++) {
      spikes[k] = draw.nextFloat() < RATE ? 1 : 0;
    }
    float[] weights = new float[rows * cols];
    for (int k = 0; k < weights.length; k++) {
      weights[k] = draw.nextFloat(-1, 1);
    }
    Floats a = memory.floats("spikes of the baseline", spikes.length);
    Floats b = memory.floats("weights of the baseline", weights.length);
    Floats c = memory.floats("currents of the baseline", n * cols);
    a.upload(spikes);
    b.upload(weights);
    products.multiply(c, a, b, 0.5f, false, n, rows, cols);
    float[] answer = new float[n * cols];
    c.download(answer);
    check(s, spikes, weights, answer, n, rows, cols);
    double[] times = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      try (GpuDevice.Mark before = device.mark()) {
        products.multiply(c, a, b, 0.5f, false, n, rows, cols);
        try (GpuDevice.Mark after = device.mark()) {
          times[r] = after.microsSince(before);
        }
      }
    }
    Arrays.sort(times);
    return times[repeats / 2];
  }

  /** A few hundred entries against sums in double. */
  private static void check(Synapse s, float[] a, float[] b, float[] c, int n, int rows, int cols) {
    for (int k = 0; k < n * cols; k += Math.max(1, n * cols / 500)) {
      double sum = 0;
      double size = 0;
      for (int i = 0; i < rows; i++) {
        double term = 0.5 * a[k / cols * rows + i] * b[i * cols + k % cols];
        sum += term;
        size += Math.abs(term);
      }
      if (!(Math.abs(c[k] - sum) <= TOLERANCE * (1 + size))) {
        throw CsdpException.failed(
            "cuBLAS: the product of %s is wrong at sample %d, unit %d: %s instead of %s",
            s.name(), k / cols, k % cols, c[k], sum);
      }
    }
  }
}
