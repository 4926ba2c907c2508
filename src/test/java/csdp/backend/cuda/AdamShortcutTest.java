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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Adam without the slow paths of root and division (moveWeights() in adam.cuh) against the
 * operations as they are written, over all exponents.
 */
class AdamShortcutTest {
  private static final int TINY_BITS = 0x0C800000; // 2^-102

  /** Kernels that compare both, behind those of plasticity.cu. */
  private static final String KERNELS =
      """

      // different[thread] = how often moveWeights() has other bits than the formula as it reads, over all v of values, for one w
      // and m of values a thread; slow[thread] = how often a division leaves the fast path.
      KERNEL check_adam(const float* values, int count, float rate, float second, float decay, int spikes, float lower,
                        int* different, int* slow, unsigned long long* seen) {
        int k = globalIndex();
        if (k >= count * count) {
          return;
        }
        Network net = {};
        net.firstNotFinite = argumentOfKernel(seen);
        net.decay = decay;
        Synapse s = {};
        s.lower = lower;
        s.upper = 1;
        Corrections a = {rate, second};
        float first = values[k / count];
        float m = values[k % count];
        different[k] = slow[k] = 0;
        for (int i = 0; i < count; i++) {
          if (!(values[i] >= 0)) {
            continue;  // not a second moment
          }
          Quad d = {{decay * (float)spikes, 0, decay, 0}};
          Weights<Quad> fast = {{{first, first, -first, 0}}, {{m, m, m, m}}, {{values[i], values[i], values[i], values[i]}}};
          Weights<Quad> plain = fast;
          Limits limits = limitsOf(net, s);
          moveWeightsChecked(fast, d, a, net, s, limits, 1);
          float numerator = a.rate * m;
          float quotient = numerator / denominatorOf(values[i], a);
          slow[k] += needsQuotient(first, numerator) && fabsf(quotient) < 0x1p-126f;
          for (int q = 0; q < 4; q++) {
            float expected = clipOrNaN(adamPlain(plain.w.at[q], m, values[i], a) - d.at[q], limits);
            float w = fast.w.at[q];
            bool same = __float_as_uint(w) == __float_as_uint(expected) || (isnan(w) && isnan(expected));
            // max(-0, 0) is 0 on a GPU and either of them on the host
            different[k] += !same && !(lower == 0 && w == 0 && expected == 0);
          }
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

  /**
   * @param spikes of the column, times the decay
   * @param lower limit of the weights; 0 for lateral synapses
   */
  @ParameterizedTest
  @CsvSource({
    "0.002, 1, 5e-5, 0, 0",
    "0.002, 1000, 5e-5, 3, 0",
    "0.0006, 1.7, 0, 0, 0",
    "0.02, 1000, 1e-25, 2, 0",
    "0.02, 1000, 5e-5, 2, -1",
    "0.002, 1, 1e-25, 1, -1"
  })
  void theBitsAreThoseOfTheFormula(float rate, float second, float decay, int spikes, float lower) {
    float[] values = values();
    int pairs = values.length * values.length;
    try (EmulatedDevice device = device();
        DeviceMemory memory = new DeviceMemory(device)) {
      Floats all = memory.floats("values", values.length);
      all.upload(values);
      Ints different = memory.ints("different", pairs);
      Ints slow = memory.ints("slow", pairs);
      device.launch(
          "check_adam",
          new Geometry((pairs + 255) / 256, 1, 256, 0),
          all,
          values.length,
          rate,
          second,
          decay,
          spikes,
          lower,
          different,
          slow,
          memory.ints("seen", 2));
      assertEquals(0, Arrays.stream(different.download(new int[pairs])).asLongStream().sum());
      long left = Arrays.stream(slow.download(new int[pairs])).asLongStream().sum();
      long cases = (long) pairs * values.length;
      assertTrue(
          left > 0 && left < cases * 2 / 3, left + " of " + cases + " are left to a slow division");
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
