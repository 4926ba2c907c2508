package csdp.metrics;

import csdp.backend.NotFinite;
import csdp.error.CsdpException;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * A linear classifier fitted by ridge regression to one-hot classes, in closed form.
 *
 * <p>For n samples with features X (n x d) and one-hot classes Y (n x c), both centred: {@code W =
 * (X^T X + lambda I)^-1 X^T Y} and {@code b = mean(Y) - mean(X) W}; the intercept b is not
 * penalised. {@code lambda = penalty trace(X^T X) / d}, so that the scale of the features does not
 * matter. The class of x is argmax of {@code x W + b}; the lowest index wins a tie.
 *
 * <p>Source: A. E. Hoerl, R. W. Kennard, "Ridge regression", Technometrics 12 (1970).
 */
public final class RidgeClassifier {
  private final DMatrixRMaj weights; // d x c
  private final double[] intercept; // c

  private RidgeClassifier(DMatrixRMaj weights, double[] intercept) {
    this.weights = weights;
    this.intercept = intercept;
  }

  /**
   * Sums over samples from which a classifier of all features, or of a range of them, is computed:
   * memory does not grow with the samples. Sums of whole numbers are exact, so that their order
   * does not matter.
   */
  public static final class Sums {
    private final int features;
    private final int classes;
    private final double[] products; // d x d, upper triangle: sum of x_i x_j
    private final double[] sums; // d: sum of x_i
    private final double[] byClass; // d x c: sum of x_i y_k
    private final long[] counts; // c
    private final int[] active;
    private long samples;

    /**
     * Creates empty sums.
     *
     * @param features d, at most 46,340
     * @param classes c
     */
    public Sums(int features, int classes) {
      this.features = features;
      this.classes = classes;
      products = new double[Math.multiplyExact(features, features)];
      sums = new double[features];
      byClass = new double[Math.multiplyExact(features, classes)];
      counts = new long[classes];
      active = new int[features];
    }

    /** Returns the number of samples. */
    public long samples() {
      return samples;
    }

    /**
     * Adds a sample. Its cost grows with the square of the features that are not zero.
     *
     * @param x d features
     * @param label class, 0..c-1
     * @throws CsdpException failed, if a feature is NaN or infinite
     */
    public void add(float[] x, int label) {
      int n = 0;
      for (int i = 0; i < features; i++) {
        if (!Float.isFinite(x[i])) {
          throw NotFinite.failure(String.format(java.util.Locale.ROOT, "feature %d", i));
        }
        if (x[i] != 0) {
          active[n++] = i;
        }
      }
      for (int a = 0; a < n; a++) {
        int i = active[a];
        double value = x[i];
        int row = i * features;
        for (int b = a; b < n; b++) {
          products[row + active[b]] += value * x[active[b]];
        }
        sums[i] += value;
        byClass[i * classes + label] += value;
      }
      counts[label]++;
      samples++;
    }

    /**
     * Fits a classifier of the features from..to-1.
     *
     * @param penalty above 0, relative to the mean of the diagonal of {@code X^T X}
     * @throws CsdpException bad input without samples, or for a penalty that is not positive
     */
    public RidgeClassifier fit(int from, int to, double penalty) {
      if (!(penalty > 0) || Double.isInfinite(penalty)) {
        throw CsdpException.badInput("a ridge penalty must be positive, not %s", penalty);
      }
      if (samples == 0) {
        throw CsdpException.badInput("ridge regression needs samples; give at least one");
      }
      int d = to - from;
      double n = samples;
      DMatrixRMaj gram = new DMatrixRMaj(d, d);
      double trace = 0;
      for (int i = 0; i < d; i++) {
        for (int j = i; j < d; j++) {
          double centred =
              products[(from + i) * features + from + j] - sums[from + i] * sums[from + j] / n;
          gram.data[i * d + j] = centred;
          gram.data[j * d + i] = centred;
        }
        trace += gram.data[i * d + i];
      }
      double[] intercept = Arrays.stream(counts).mapToDouble(count -> count / n).toArray();
      DMatrixRMaj weights = new DMatrixRMaj(d, classes);
      if (trace > 0) { // else all features are constant: the most frequent class is the answer
        for (int i = 0; i < d; i++) {
          gram.data[i * d + i] += penalty * trace / d;
        }
        DMatrixRMaj cross = new DMatrixRMaj(d, classes);
        for (int i = 0; i < d; i++) {
          for (int k = 0; k < classes; k++) {
            cross.data[i * classes + k] =
                byClass[(from + i) * classes + k] - sums[from + i] * (counts[k] / n);
          }
        }
        LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.symmPosDef(d);
        if (!solver.setA(gram)) {
          throw CsdpException.failed(
              "ridge regression: the matrix of %d features is singular; use a larger penalty", d);
        }
        solver.solve(cross, weights);
        for (int i = 0; i < d; i++) {
          for (int k = 0; k < classes; k++) {
            intercept[k] -= sums[from + i] / n * weights.data[i * classes + k];
          }
        }
      }
      return new RidgeClassifier(weights, intercept);
    }
  }

  /**
   * Returns the scores of the classes: c values near 1 for the class, near 0 for the others.
   *
   * @param x features, starting at the offset
   */
  public double[] scores(float[] x, int offset) {
    double[] scores = intercept.clone();
    int classes = scores.length;
    for (int i = 0; i < weights.numRows; i++) {
      double value = x[offset + i];
      for (int k = 0; value != 0 && k < classes; k++) {
        scores[k] += value * weights.data[i * classes + k];
      }
    }
    return scores;
  }

  /**
   * Returns the class of a sample.
   *
   * @param x features, starting at the offset
   * @throws CsdpException failed, if a score is NaN or infinite
   */
  public int predicted(float[] x, int offset) {
    double[] scores = scores(x, offset);
    int best = 0;
    for (int k = 0; k < scores.length; k++) {
      if (!Double.isFinite(scores[k])) {
        throw NotFinite.failure("score of the linear probe");
      }
      best = scores[k] > scores[best] ? k : best;
    }
    return best;
  }
}
