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
    return builder().build();
  }

  /** A builder that starts from the released demo's sizes. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns true if a part was requested. */
  boolean wants(String part) {
    return kernels == null || kernels.matcher(part).find();
  }

  /** Sets single options; values are checked together by {@link #build}. */
  public static final class Builder {
    private List<Integer> hidden = List.of(3000, 600);
    private int batch = 500;
    private int steps = 50;
    private int repeats = 5;
    private int trainBatches = 4;
    private Pattern kernels;
    private int seed = 1234;
    private int ceilingFloats = 96 << 20;
    private boolean denseBaseline;

    private Builder() {}

    /** Units of the hidden layers; 3000,600 in the demo. */
    public Builder hidden(List<Integer> value) {
      hidden = value;
      return this;
    }

    /** Positive samples B; 500 in the demo. */
    public Builder batch(int value) {
      batch = value;
      return this;
    }

    /** Time steps T of a window; 50 in the demo. */
    public Builder steps(int value) {
      steps = value;
      return this;
    }

    /** Timed windows; 5 by default. */
    public Builder repeats(int value) {
      repeats = value;
      return this;
    }

    /** Training batches before the benchmark; 4 by default. */
    public Builder trainBatches(int value) {
      trainBatches = value;
      return this;
    }

    /** Only parts whose name contains a match; null, the default, for all. */
    public Builder kernels(Pattern value) {
      kernels = value;
      return this;
    }

    /** Seed of weights, order and spikes; 1234 by default. */
    public Builder seed(int value) {
      seed = value;
      return this;
    }

    /** Floats of the arrays for the bandwidth measurement; 96 Mi by default. */
    public Builder ceilingFloats(int value) {
      ceilingFloats = value;
      return this;
    }

    /** Whether to time the dense NumPy step too; false by default. */
    public Builder denseBaseline(boolean value) {
      denseBaseline = value;
      return this;
    }

    /**
     * The options.
     *
     * @throws CsdpException bad input, naming a value that is out of range
     */
    public BenchOptions build() {
      return new BenchOptions(
          hidden, batch, steps, repeats, trainBatches, kernels, seed, ceilingFloats, denseBaseline);
    }
  }
}
