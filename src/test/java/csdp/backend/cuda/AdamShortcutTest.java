package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.backend.cuda.ptx.KernelSources;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Adam without the slow paths of root and division (adam() in plasticity.cu) against the operations
 * as they are written, over all exponents.
 */
class AdamShortcutTest {
  private static final int TINY_BITS = 0x0C800000; // 2^-102

  /** Kernels that compare the two, behind those of plasticity.cu. */
  private static final String KERNELS =
      """

      // different[thread] = how often adam() has other bits than adamPlain() although isExact() says that it has not, over all v of
      // values, for one w and m of values a thread; inexact[thread] = how often isExact() says no.
      KERNEL check_adam(const float* values, int count, float rate, float second, int* different, int* inexact) {
        int k = globalIndex();
        if (k >= count * count) {
          return;
        }
        float w = values[k / count];
        float m = values[k % count];
        different[k] = inexact[k] = 0;
        for (int i = 0; i < count; i++) {
          float denominator;
          float fast = adam(w, m, values[i], {rate, second}, denominator);
          bool exact = isExact(w, m, {rate, second}) && isFinite(fast + denominator);  // as moveWeights() does
          float plain = adamPlain(w, m, values[i], {rate, second});
          bool same = __float_as_uint(fast) == __float_as_uint(plain) || (isnan(fast) && isnan(plain));
          different[k] += exact && !same;
          inexact[k] += !exact;
        }
      }

      // different[thread]: of all floats with the bits thread << 20 .. and so many, those x whose sqrt(x) + EPSILON is not EPSILON.
      KERNEL check_roots(int* different, int end) {
        unsigned first = (unsigned)globalIndex() << 20;
        different[globalIndex()] = 0;
        for (unsigned bits = first; bits < first + (1u << 20) && bits < (unsigned)end; bits++) {
          float x;
          memcpy(&x, &bits, sizeof x);
          different[globalIndex()] += sqrtf(x) + EPSILON != EPSILON;
        }
      }
      """;

  private static EmulatedDevice device() {
    KernelSources sources = KernelSources.host();
    return Emulated.ofSources(
        sources.with("plasticity.cu", sources.texts().get("plasticity.cu") + KERNELS));
  }

  /** Both signs, exponents dense near the thresholds, three mantissas; zeros, infinity, NaN. */
  private static float[] values() {
    IntStream exponents =
        IntStream.range(1, 255)
            .filter(
                e ->
                    e % 8 == 0
                        || Math.abs(e - 25) <= 2 // 2^-102
                        || Math.abs(e - 77) <= 2 // 2^-50
                        || Math.abs(e - 100) <= 1); // 2^-27, near EPSILON
    int[] bits =
        IntStream.concat(
                IntStream.of(0, 1, 0x40_0000, 0x7F80_0000, 0x7FC0_0000),
                exponents.flatMap(e -> IntStream.of(e << 23, e << 23 | 1, e << 23 | 0x7F_FFFF)))
            .flatMap(b -> IntStream.of(b, b | 0x8000_0000))
            .toArray();
    float[] values = new float[bits.length];
    for (int k = 0; k < bits.length; k++) {
      values[k] = Float.intBitsToFloat(bits[k]);
    }
    return values;
  }

  @Test
  void whereItSaysExactTheBitsAreThose() {
    float[] values = values();
    int pairs = values.length * values.length;
    try (EmulatedDevice device = device();
        DeviceMemory memory = new DeviceMemory(device)) {
      Floats all = memory.floats("values", values.length);
      all.upload(values);
      Ints different = memory.ints("different", pairs);
      Ints inexact = memory.ints("inexact", pairs);
      for (float[] corrections : new float[][] {{0.002f, 1f}, {0.02f, 1000f}, {0.0006f, 1.7f}}) {
        device.launch(
            "check_adam",
            new Geometry((pairs + 255) / 256, 1, 256, 0),
            all,
            values.length,
            corrections[0],
            corrections[1],
            different,
            inexact);
        assertEquals(0, Arrays.stream(different.download(new int[pairs])).asLongStream().sum());
        long left = Arrays.stream(inexact.download(new int[pairs])).asLongStream().sum();
        long cases = (long) pairs * values.length;
        assertTrue(
            left > 0 && left < cases * 2 / 3,
            left + " of " + cases + " are left to the plain form");
      }
    }
  }

  @Test
  void noRootOfATinyNumberReachesEpsilon() {
    int threads = (TINY_BITS >> 20) + 1;
    try (EmulatedDevice device = device();
        DeviceMemory memory = new DeviceMemory(device)) {
      Ints different = memory.ints("different", threads);
      device.launch("check_roots", new Geometry(threads, 1, 1, 0), different, TINY_BITS);
      assertEquals(0, Arrays.stream(different.download(new int[threads])).sum());
      device.launch(
          "check_roots", new Geometry(threads, 1, 1, 0), different, TINY_BITS + (1 << 20));
      assertTrue(
          Arrays.stream(different.download(new int[threads])).sum() > 0, "the bound is tight");
    }
  }
}
