package csdp.analysis.tsne;

import java.util.Random;

/**
 * Points with a known structure.
 *
 * @param x n x d, row-major
 * @param labels cluster of each point
 */
record Points(float[] x, int n, int d, int[] labels) {
  /** Gaussian clusters of unit width in d dimensions, centres drawn with the given spread. */
  static Points clusters(int clusters, int each, int d, double spread, long seed) {
    Random r = new Random(seed);
    int n = clusters * each;
    double[] centres = new double[clusters * d];
    for (int i = 0; i < centres.length; i++) {
      centres[i] = spread * r.nextGaussian();
    }
    float[] x = new float[n * d];
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % clusters;
      for (int c = 0; c < d; c++) {
        x[i * d + c] = (float) (centres[labels[i] * d + c] + r.nextGaussian());
      }
    }
    return new Points(x, n, d, labels);
  }
}
