package csdp.bench;

import csdp.error.CsdpException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Options of a benchmark.
 *
 * @param hidden units of the hidden layers
 * @param batch positive samples B; training adds B negatives
 * @param steps time steps T of a window
 * @param repeats timed windows, after the warm-up
 * @param trainBatches training batches before the benchmark, for realistic activity
 * @param kernels only parts whose name contains a match; null for all
 * @param seed of weights, order and spikes
 * @param ceilingFloats floats of the arrays for the bandwidth measurement; larger than the caches
 * @param denseBaseline whether to time the dense NumPy step too
 */
public record BenchOptions(
    List<Integer> hidden,
    int batch,
    int steps,
    int repeats,
    int trainBatches,
    Pattern kernels,
    int seed,
    int ceilingFloats,
    boolean denseBaseline) {
  /** Number of warm-up windows, for training and for inference. */
  static final int WARM_UP = 2;

  /** Checks every value. */
  public BenchOptions {
    hidden = List.copyOf(hidden);
    between("--batch", batch, 1, 100_000);
    between("--repeats", repeats, 1, 10_000);
    between("--train-batches", trainBatches, 0, 100_000);
  }

  private static void between(String what, int value, int low, int high) {
    if (value < low || value > high) {
      throw CsdpException.badInput("%s must be in %d..%d, not %d", what, low, high, value);
    }
  }

  /** The released demo's sizes. */
  public static BenchOptions demo() {
    return new BenchOptions(List.of(3000, 600), 500, 50, 5, 4, null, 1234, 96 << 20, false);
  }

  /** Returns true if a part was requested. */
  boolean wants(String part) {
    return kernels == null || kernels.matcher(part).find();
  }
}
