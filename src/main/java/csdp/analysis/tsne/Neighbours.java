package csdp.analysis.tsne;

/** The exact nearest neighbours of points, excluding the point itself. */
final class Neighbours {
  private static final int CHUNK = 32;

  private final int n;
  private final int k;
  private final int[] index;
  private final float[] distance;

  private Neighbours(int n, int k) {
    this.n = n;
    this.k = k;
    index = new int[n * k];
    distance = new float[n * k];
  }

  /**
   * Finds the k nearest of each point, by Euclidean distance; the lower index wins a tie.
   *
   * @param points n x d, row-major
   */
  static Neighbours of(float[] points, int n, int d, int k, Parallel parallel) {
    if (k < 1 || k >= n) {
      throw new IllegalArgumentException(k + " neighbours of " + n + " points");
    }
    Neighbours all = new Neighbours(n, k);
    parallel.chunks(
        n,
        CHUNK,
        (from, to) -> {
          float[] row = new float[n];
          for (int i = from; i < to; i++) {
            distances(points, n, d, i, row);
            all.select(i, row);
          }
        });
    return all;
  }

  /** Returns the number of neighbours per point. */
  int k() {
    return k;
  }

  /** Returns the number of points. */
  int n() {
    return n;
  }

  /** Returns the rank-th nearest neighbour of a point, rank from 0. */
  int index(int point, int rank) {
    return index[point * k + rank];
  }

  /** Squared distance to the rank-th nearest. */
  float squared(int point, int rank) {
    return distance[point * k + rank];
  }

  /** Squared distances from one point to all; infinity for the point itself. */
  static void distances(float[] x, int n, int d, int i, float[] out) {
    int a = i * d;
    int j = 0;
    for (; j + 4 <= n; j += 4) { // four independent sums, for instruction-level parallelism
      int b0 = j * d;
      int b1 = b0 + d;
      int b2 = b1 + d;
      int b3 = b2 + d;
      float s0 = 0;
      float s1 = 0;
      float s2 = 0;
      float s3 = 0;
      for (int c = 0; c < d; c++) {
        float v = x[a + c];
        float e0 = v - x[b0 + c];
        float e1 = v - x[b1 + c];
        float e2 = v - x[b2 + c];
        float e3 = v - x[b3 + c];
        s0 += e0 * e0;
        s1 += e1 * e1;
        s2 += e2 * e2;
        s3 += e3 * e3;
      }
      out[j] = s0;
      out[j + 1] = s1;
      out[j + 2] = s2;
      out[j + 3] = s3;
    }
    for (; j < n; j++) {
      float s = 0;
      for (int c = 0; c < d; c++) {
        float e = x[a + c] - x[j * d + c];
        s += e * e;
      }
      out[j] = s;
    }
    out[i] = Float.POSITIVE_INFINITY;
  }

  /** Selects the k smallest in ascending order by an in-place heap sort. */
  private void select(int i, float[] row) {
    int base = i * k;
    int size = 0;
    for (int j = 0; j < n; j++) {
      if (j == i) {
        continue;
      }
      if (size < k) {
        int at = size++;
        distance[base + at] = row[j];
        index[base + at] = j;
        while (at > 0 && after(base + at, base + (at - 1) / 2)) {
          swap(base + at, base + (at - 1) / 2);
          at = (at - 1) / 2;
        }
      } else if (row[j] < distance[base]) {
        distance[base] = row[j];
        index[base] = j;
        sift(base, k);
      }
    }
    for (int end = k - 1; end > 0; end--) {
      swap(base, base + end);
      sift(base, end);
    }
  }

  private void sift(int base, int size) {
    int at = 0;
    while (2 * at + 1 < size) {
      int child = 2 * at + 1;
      if (child + 1 < size && after(base + child + 1, base + child)) {
        child++;
      }
      if (!after(base + child, base + at)) {
        return;
      }
      swap(base + at, base + child);
      at = child;
    }
  }

  private boolean after(int a, int b) {
    return distance[a] > distance[b] || (distance[a] == distance[b] && index[a] > index[b]);
  }

  private void swap(int a, int b) {
    float d = distance[a];
    distance[a] = distance[b];
    distance[b] = d;
    int i = index[a];
    index[a] = index[b];
    index[b] = i;
  }
}
