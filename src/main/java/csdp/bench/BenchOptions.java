package csdp.bench;

import csdp.error.CsdpException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What to measure.
 *
 * @param hidden units of the hidden layers
 * @param batch positive samples B; as many negatives join them in training
 * @param steps time steps T of a window
 * @param repeats timed windows, after the warm-up
 * @param trainBatches batches that the network is trained with before, so that it fires as in use
 * @param kernels only parts whose name contains a match; null for all
 * @param seed of weights, order and spikes
 * @param ceilingFloats floats of the arrays that the bandwidth is measured on; more than caches
 *     hold
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
  /** Windows that are run but not timed, training and inference alike. */
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
      throw CsdpException.badInput("%s must lie in %d..%d, not %d", what, low, high, value);
    }
  }

  /** The released demo's sizes. */
  public static BenchOptions demo() {
    return new BenchOptions(List.of(3000, 600), 500, 50, 5, 4, null, 1234, 96 << 20, false);
  }

  /** Whether a part was asked for. */
  boolean wants(String part) {
    return kernels == null || kernels.matcher(part).find();
  }
}
