package csdp.analysis.tsne;

import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.decomposition.QRDecomposition;

/**
 * Principal components by block power iteration with Rayleigh-Ritz (Halko, Martinsson, Tropp 2011,
 * algorithm 4.4), on the non-zero values only: rate codes are mostly zero, and no covariance matrix
 * is formed. Exact up to rounding for few dimensions.
 */
public final class Pca {
  private static final int OVERSAMPLING = 10;
  private static final int ITERATIONS = 12;
  private static final int CHUNK = 64;

  /**
   * Principal components of some points.
   *
   * @param components number of components k
   * @param scores n x k, row-major: centred coordinates of the points in the components
   * @param variances of each component, descending
   * @param total variance of all dimensions
   */
  public record Result(int components, double[] scores, double[] variances, double total) {
    /**
     * Returns the share of the variance explained by the components, in [0, 1]; NaN without
     * variance.
     */
    double explained() {
      double sum = 0;
      for (double v : variances) {
        sum += v;
      }
      return total > 0 ? sum / total : Double.NaN;
    }
  }

  /** Non-zeros of a matrix, row by row. */
  private record Sparse(int rows, int[] start, int[] column, float[] value) {}

  private Pca() {}

  /**
   * Computes up to the requested number of leading components.
   *
   * @param x n x d, row-major
   */
  public static Result of(float[] x, int n, int d, int wanted, int seed, Parallel parallel) {
    int k = Math.max(1, Math.min(wanted, Math.min(d, n - 1)));
    int m = Math.min(d, k + OVERSAMPLING);
    Sparse byRow = sparse(x, n, d, false);
    Sparse byColumn = sparse(x, n, d, true);
    double[] mean = new double[d];
    double total = 0;
    for (int j = 0; j < d; j++) {
      double sum = 0;
      double squares = 0;
      for (int e = byColumn.start[j]; e < byColumn.start[j + 1]; e++) {
        sum += byColumn.value[e];
      }
      mean[j] = sum / n;
      for (int e = byColumn.start[j]; e < byColumn.start[j + 1]; e++) {
        squares += (byColumn.value[e] - mean[j]) * (byColumn.value[e] - mean[j]);
      }
      int zeros = n - (byColumn.start[j + 1] - byColumn.start[j]);
      total += (squares + zeros * mean[j] * mean[j]) / (n - 1);
    }

    double[] q = new double[d * m];
    Philox.Stream draw = Philox.stream(seed, Purpose.EMBEDDING, 0, 0, 0);
    for (int i = 0; i < q.length; i++) {
      q[i] = m == d ? (i / m == i % m ? 1 : 0) : draw.nextFloat(-1, 1);
    }
    double[] y = new double[n * m];
    for (int it = 0; it < (m == d ? 0 : ITERATIONS); it++) {
      times(byRow, q, mean, y, m, parallel);
      timesTransposed(byColumn, y, mean, q, n, m, parallel);
      orthonormalise(q, d, m);
    }
    times(byRow, q, mean, y, m, parallel);
    return rotate(y, n, m, k, total);
  }

  private static Sparse sparse(float[] x, int n, int d, boolean transposed) {
    int rows = transposed ? d : n;
    int[] start = new int[rows + 1];
    for (int i = 0; i < n * d; i++) {
      if (x[i] != 0) {
        start[(transposed ? i % d : i / d) + 1]++;
      }
    }
    for (int r = 0; r < rows; r++) {
      start[r + 1] += start[r];
    }
    int[] column = new int[start[rows]];
    float[] value = new float[start[rows]];
    int[] next = java.util.Arrays.copyOf(start, rows);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        float v = x[i * d + j];
        if (v != 0) {
          int at = next[transposed ? j : i]++;
          column[at] = transposed ? i : j;
          value[at] = v;
        }
      }
    }
    return new Sparse(rows, start, column, value);
  }

  /** y = (X - 1 mean^T) q. */
  private static void times(
      Sparse x, double[] q, double[] mean, double[] y, int m, Parallel parallel) {
    double[] offset = new double[m];
    for (int j = 0; j < mean.length; j++) {
      for (int c = 0; c < m; c++) {
        offset[c] += mean[j] * q[j * m + c];
      }
    }
    multiply(x, q, y, m, parallel, (row, c) -> offset[c]);
  }

  /** z = (X - 1 mean^T)^T y. */
  private static void timesTransposed(
      Sparse xt, double[] y, double[] mean, double[] z, int n, int m, Parallel parallel) {
    double[] sum = new double[m];
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < m; c++) {
        sum[c] += y[i * m + c];
      }
    }
    multiply(xt, y, z, m, parallel, (row, c) -> mean[row] * sum[c]);
  }

  private interface Offset {
    double at(int row, int column);
  }

  private static void multiply(
      Sparse a, double[] b, double[] out, int m, Parallel parallel, Offset minus) {
    parallel.chunks(
        a.rows,
        CHUNK,
        (from, to) -> {
          double[] sum = new double[m];
          for (int r = from; r < to; r++) {
            for (int c = 0; c < m; c++) {
              sum[c] = -minus.at(r, c);
            }
            for (int e = a.start[r]; e < a.start[r + 1]; e++) {
              double v = a.value[e];
              int at = a.column[e] * m;
              for (int c = 0; c < m; c++) {
                sum[c] += v * b[at + c];
              }
            }
            System.arraycopy(sum, 0, out, r * m, m);
          }
        });
  }

  private static void orthonormalise(double[] q, int d, int m) {
    QRDecomposition<DMatrixRMaj> qr = DecompositionFactory_DDRM.qr(d, m);
    qr.decompose(DMatrixRMaj.wrap(d, m, q.clone()));
    System.arraycopy(qr.getQ(null, true).data, 0, q, 0, d * m);
  }

  /** Rotates y to its principal axes and returns the first k. */
  private static Result rotate(double[] y, int n, int m, int k, double total) {
    DMatrixRMaj covariance = new DMatrixRMaj(m, m);
    for (int i = 0; i < n; i++) {
      for (int a = 0; a < m; a++) {
        double ya = y[i * m + a] / (n - 1);
        for (int b = 0; b <= a; b++) {
          covariance.data[a * m + b] += ya * y[i * m + b];
        }
      }
    }
    for (int a = 0; a < m; a++) {
      for (int b = 0; b < a; b++) {
        covariance.data[b * m + a] = covariance.data[a * m + b];
      }
    }
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(m, true, true);
    if (!eigen.decompose(covariance)) {
      throw new IllegalStateException("the eigenvalues of a covariance did not converge");
    }
    Integer[] order = new Integer[m];
    java.util.Arrays.setAll(order, i -> i);
    java.util.Arrays.sort(
        order,
        java.util.Comparator.comparingDouble((Integer i) -> -eigen.getEigenvalue(i).getReal()));
    double[] scores = new double[n * k];
    double[] variances = new double[k];
    for (int c = 0; c < k; c++) {
      variances[c] = Math.max(0, eigen.getEigenvalue(order[c]).getReal());
      double[] axis = eigen.getEigenVector(order[c]).data;
      double largest = 0;
      for (double v : axis) {
        largest = Math.abs(v) > Math.abs(largest) ? v : largest;
      }
      double sign = largest < 0 ? -1 : 1;
      for (int i = 0; i < n; i++) {
        double s = 0;
        for (int a = 0; a < m; a++) {
          s += y[i * m + a] * axis[a];
        }
        scores[i * k + c] = sign * s;
      }
    }
    return new Result(k, scores, variances, total);
  }
}
