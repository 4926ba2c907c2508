package csdp.model;

/**
 * Philox 4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3" (SC'11). A number depends only on counter and key, so it is the same for every
 * backend, thread count and order of evaluation.
 *
 * <p>Here the counter is (batch, step, sample, unit / 4) and the key (seed, purpose); the four
 * words of a block are used by units 4k .. 4k+3.
 */
public final class Philox {
  /** Purpose of a stream of numbers: the second word of the key. */
  public enum Purpose {
    /** Initial weights; counter (synapse, 0, pre, post / 4). */
    WEIGHTS,
    /** Initial thresholds; counter (population, 0, 0, unit / 4). */
    THRESHOLDS,
    /** Order of the training images; counter (epoch, 0, 0, position / 4). */
    SHUFFLE,
    /** Bernoulli input spikes in training. */
    TRAIN_SPIKES,
    /** Bernoulli input spikes in evaluation; batch 0, sample = position in the data set. */
    EVALUATION_SPIKES,
    /** Negative samples; counter (batch, 0, sample, 0). */
    NEGATIVES,
    /** Generated data sets. */
    STROKES,
    /** Start vectors of the principal components for t-SNE. */
    EMBEDDING,
    /** Origin of the spikes of mixed recordings; counter (batch, step, sample, unit / 4). */
    EVENT_MIX,
    /** Generated recordings. */
    EVENTS,
    /** Shifts of training images; counter (epoch, 0, position in the data set, 0). */
    SHIFTS,
    /** Bernoulli input spikes of training images that are shown without context. */
    UNLABELLED_SPIKES
  }

  /** Number of rounds. */
  public static final int ROUNDS = 10;

  /** Multiplier of the first word in each round. */
  public static final int M0 = 0xD2511F53;

  /** Multiplier of the third word. */
  public static final int M1 = 0xCD9E8D57;

  /** Increment of the first word of the key per round. */
  public static final int W0 = 0x9E3779B9;

  /** Increment of the second word of the key per round. */
  public static final int W1 = 0xBB67AE85;

  private Philox() {}

  /**
   * Computes a block of four random words.
   *
   * @param out receives the four words at 0..3
   */
  public static void block(int c0, int c1, int c2, int c3, int k0, int k1, int[] out) {
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = n0;
      c2 = n2;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /** Uniform in [0, 1) with 24 bits: exact in float. */
  public static float uniform(int word) {
    return (word >>> 8) * 0x1p-24f;
  }

  /**
   * Returns the integer threshold of a spike probability: {@code (word >>> 8) < spikeBound(x)} is
   * exactly {@code uniform(word) < x}.
   *
   * @param x spike probability per step; values outside [0, 1] act as 0 or 1
   */
  public static int spikeBound(float x) {
    return x <= 0 ? 0 : x >= 1 ? 1 << 24 : (int) Math.ceil((double) x * (1 << 24));
  }

  /** Returns a sequential stream over the blocks (c0, c1, c2, 0..), for host code. */
  public static Stream stream(int seed, Purpose purpose, int c0, int c1, int c2) {
    return new Stream(seed, purpose.ordinal(), c0, c1, c2);
  }

  /** Sequential draws from one counter range. */
  public static final class Stream {
    private final int[] block = new int[4];
    private final int k0;
    private final int k1;
    private final int c0;
    private final int c1;
    private final int c2;
    private int drawn;

    private Stream(int k0, int k1, int c0, int c1, int c2) {
      this.k0 = k0;
      this.k1 = k1;
      this.c0 = c0;
      this.c1 = c1;
      this.c2 = c2;
    }

    /** The next random word. */
    public int nextWord() {
      if ((drawn & 3) == 0) {
        block(c0, c1, c2, drawn >>> 2, k0, k1, block);
      }
      return block[drawn++ & 3];
    }

    /** Uniform in [0, 1). */
    public float nextFloat() {
      return uniform(nextWord());
    }

    /** Uniform in [low, high). */
    public float nextFloat(float low, float high) {
      return low + (high - low) * nextFloat();
    }

    /** Uniform in 0..bound-1, by multiplication (bias below 2^-32 x bound). */
    public int nextInt(int bound) {
      return (int) (((nextWord() & 0xFFFFFFFFL) * bound) >>> 32);
    }
  }
}
