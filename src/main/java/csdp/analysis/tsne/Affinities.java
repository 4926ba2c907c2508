package csdp.analysis.tsne;

import csdp.error.CsdpException;

/**
 * The sparse joint probabilities P of t-SNE: Gaussians over the 3 x perplexity nearest neighbours,
 * with widths that give the perplexity, symmetrised; the sum over all pairs is 1.
 *
 * <p>Source: van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 15 (2014).
 *
 * @param start of each row in the other two arrays, n + 1 values
 * @param column j of p_ij, in rising order in each row
 * @param value p_ij
 */
public record Affinities(int[] start, int[] column, double[] value) {
  private static final int SEARCH = 100;
  private static final double TOLERANCE = 1e-5;

  /** Returns the number of neighbours for a perplexity. */
  public static int neighbours(double perplexity) {
    return (int) Math.floor(3 * perplexity);
  }

  /**
   * Refuses a perplexity that is too large for the number of points.
   *
   * @throws CsdpException bad input
   */
  public static void check(int points, double perplexity) {
    if (!(perplexity >= 2 && perplexity <= 1000)) {
      throw CsdpException.badInput("the perplexity must be in 2..1000, not %s", perplexity);
    }
    if (points - 1 < neighbours(perplexity)) {
      throw CsdpException.badInput(
          "t-SNE with perplexity %s needs at least %d points, but there are %d: use more points or"
              + " a smaller --perplexity",
          perplexity, neighbours(perplexity) + 1, points);
    }
    if ((long) points * neighbours(perplexity) > Integer.MAX_VALUE) {
      throw CsdpException.badInput(
          "t-SNE of %d points with perplexity %s has more neighbours than an array can hold: take"
              + " fewer --points or a smaller --perplexity",
          points, perplexity);
    }
  }

  /** Affinities of points to their neighbours. */
  static Affinities of(Neighbours near, double perplexity, Parallel parallel) {
    int n = near.n();
    int k = near.k();
    double[] p = new double[n * k];
    parallel.chunks(
        n,
        64,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            row(near, i, Math.log(perplexity), p);
          }
        });
    return symmetric(near, p);
  }

  /** Conditional probabilities of a row: bisection for the precision beta. */
  private static void row(Neighbours near, int i, double entropy, double[] p) {
    int k = near.k();
    double nearest = near.squared(i, 0);
    double beta = 1;
    double low = 0;
    double high = Double.POSITIVE_INFINITY;
    for (int trial = 0; trial < SEARCH; trial++) {
      double sum = 0;
      double weighted = 0;
      for (int r = 0; r < k; r++) {
        double d = near.squared(i, r) - nearest;
        double e = StrictMath.exp(-beta * d);
        p[i * k + r] = e;
        sum += e;
        weighted += d * e;
      }
      for (int r = 0; r < k; r++) {
        p[i * k + r] /= sum;
      }
      double excess = StrictMath.log(sum) + beta * weighted / sum - entropy;
      if (Math.abs(excess) < TOLERANCE) {
        return;
      }
      if (excess > 0) {
        low = beta;
        beta = high == Double.POSITIVE_INFINITY ? 2 * beta : (beta + high) / 2;
      } else {
        high = beta;
        beta = (beta + low) / 2;
      }
      if (Double.isInfinite(beta)) {
        return; // coinciding points: equal shares
      }
    }
  }

  private static Affinities symmetric(Neighbours near, double[] p) {
    int n = near.n();
    int k = near.k();
    // Both directions of each pair, sorted by column, then merged.
    int[] start = new int[n + 1];
    for (int i = 0; i < n; i++) {
      start[i + 1] += k;
      for (int r = 0; r < k; r++) {
        start[near.index(i, r) + 1]++;
      }
    }
    for (int i = 0; i < n; i++) {
      start[i + 1] += start[i];
    }
    long[] key = new long[start[n]]; // column, then position of its probability
    int[] next = java.util.Arrays.copyOf(start, n);
    for (int i = 0; i < n; i++) {
      for (int r = 0; r < k; r++) {
        int j = near.index(i, r);
        long from = (long) i * k + r;
        key[next[i]++] = (long) j << 32 | from;
        key[next[j]++] = (long) i << 32 | from;
      }
    }
    int[] column = new int[key.length];
    double[] value = new double[key.length];
    int[] merged = new int[n + 1];
    int at = 0;
    for (int i = 0; i < n; i++) {
      java.util.Arrays.sort(key, start[i], start[i + 1]);
      for (int e = start[i]; e < start[i + 1]; e++) {
        int j = (int) (key[e] >>> 32);
        double half = p[(int) key[e]] / (2.0 * n);
        if (at > merged[i] && column[at - 1] == j) {
          value[at - 1] += half;
        } else {
          column[at] = j;
          value[at++] = half;
        }
      }
      merged[i + 1] = at;
    }
    return new Affinities(
        merged, java.util.Arrays.copyOf(column, at), java.util.Arrays.copyOf(value, at));
  }
}
