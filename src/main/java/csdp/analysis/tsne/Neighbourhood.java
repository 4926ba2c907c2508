package csdp.analysis.tsne;

/** Measures of how well a map preserves neighbourhoods. */
public final class Neighbourhood {
  private Neighbourhood() {}

  /**
   * Trustworthiness (Venna and Kaski 2001): 1 minus the penalty for points that are among the k
   * nearest in the map but not in the original; at most 1.
   *
   * @param x original points, n x d
   * @param y mapped points, n x e
   */
  public static double trustworthiness(
      float[] x, int d, float[] y, int e, int n, int k, Parallel parallel) {
    if (k < 1 || 2 * n - 3 * k - 1 <= 0) {
      throw new IllegalArgumentException(k + " neighbours of " + n + " points");
    }
    Neighbours mapped = Neighbours.of(y, n, e, k, parallel);
    long[] penalty = new long[n];
    parallel.chunks(
        n,
        16,
        (from, to) -> {
          float[] row = new float[n];
          for (int i = from; i < to; i++) {
            Neighbours.distances(x, n, d, i, row);
            for (int r = 0; r < k; r++) {
              float mine = row[mapped.index(i, r)];
              int rank = 1;
              for (float other : row) {
                rank += other < mine ? 1 : 0;
              }
              penalty[i] += Math.max(0, rank - k);
            }
          }
        });
    double sum = 0;
    for (long v : penalty) {
      sum += v;
    }
    return 1 - 2 * sum / ((double) n * k * (2.0 * n - 3 * k - 1));
  }

  /** Returns the mean share of a point's k nearest points with the same label. */
  public static double agreement(float[] y, int e, int[] labels, int n, int k, Parallel parallel) {
    Neighbours near = Neighbours.of(y, n, e, k, parallel);
    long same = 0;
    for (int i = 0; i < n; i++) {
      for (int r = 0; r < k; r++) {
        same += labels[near.index(i, r)] == labels[i] ? 1 : 0;
      }
    }
    return (double) same / ((double) n * k);
  }
}
