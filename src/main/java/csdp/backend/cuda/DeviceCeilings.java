package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.GpuDevice;
import csdp.backend.cuda.device.GpuDevice.Mark;
import csdp.error.CsdpException;
import java.util.Arrays;

/**
 * Measured limits of a device: bytes per second of a copy kernel (read plus written), and
 * operations per second of chains of a product and a sum, float32, not fused. Both kernels are
 * checked before timing.
 *
 * @param bytesPerSecond median over the repeats
 * @param operationsPerSecond median over the repeats
 * @param clock kind of time measurement
 */
public record DeviceCeilings(double bytesPerSecond, double operationsPerSecond, String clock) {
  private static final int OPERATIONS = 16; // of multiply_add, per round and thread
  private static final int CHECKED = 4096;

  /**
   * Measures.
   *
   * @param floats length of the arrays that are copied; larger than the caches
   * @param threads threads of the arithmetic
   * @param rounds of the arithmetic
   */
  public static DeviceCeilings measure(
      GpuDevice device, int floats, int threads, int rounds, int repeats) {
    int quads = floats / 4;
    try (DeviceMemory memory = new DeviceMemory(device)) {
      Kernels kernels = new Kernels(device);
      Floats from = memory.floats("source of the copy", 4L * quads);
      Floats to = memory.floats("target of the copy", 4L * quads);
      Floats out = memory.floats("sums of the arithmetic", Math.max(threads, 4));
      float[] random = new float[4 * quads];
      for (int i = 0; i < random.length; i++) {
        random[i] = (i * 0x9E3779B9) * 0x1p-31f;
      }
      from.upload(random);
      kernels.copyQuads(to, from, quads);
      if (!Arrays.equals(random, to.download(new float[random.length]))) {
        throw CsdpException.failed("the kernel copy_quads does not copy on %s", device.name());
      }
      checkArithmetic(kernels, out, Math.min(threads, CHECKED));
      double[] copy = new double[repeats];
      double[] arithmetic = new double[repeats];
      String clock = "";
      for (int r = -2; r < repeats; r++) {
        // Alternate the direction, so that no run finds its target in a cache.
        Floats a = (r & 1) == 0 ? from : to;
        Floats b = a == from ? to : from;
        Mark start = device.mark();
        kernels.copyQuads(b, a, quads);
        Mark copied = device.mark();
        kernels.multiplyAdd(out, 0.999f, 0.25f, rounds, threads);
        Mark done = device.mark();
        if (r >= 0) {
          copy[r] = 32.0 * quads / (copied.microsSince(start) * 1e-6);
          arithmetic[r] =
              (double) OPERATIONS * rounds * threads / (done.microsSince(copied) * 1e-6);
        }
        clock = done.clock();
        start.close();
        copied.close();
        done.close();
      }
      Arrays.sort(copy);
      Arrays.sort(arithmetic);
      return new DeviceCeilings(copy[repeats / 2], arithmetic[repeats / 2], clock);
    }
  }

  private static void checkArithmetic(Kernels kernels, Floats out, int count) {
    kernels.multiplyAdd(out, 0.5f, 0.25f, 3, count);
    float[] sums = out.download(new float[count]);
    for (int i = 0; i < count; i++) {
      float expected = 0;
      for (int k = 0; k < 8; k++) {
        float x = (i & 255) + k;
        for (int round = 0; round < 3; round++) {
          x = x * 0.5f + 0.25f;
        }
        expected += x;
      }
      if (!(sums[i] == expected)) {
        throw CsdpException.failed(
            "the kernel multiply_add gives %s instead of %s at %d", sums[i], expected, i);
      }
    }
  }
}
