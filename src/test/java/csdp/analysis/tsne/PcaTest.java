package csdp.analysis.tsne;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Principal components against a known answer and against the definition. */
class PcaTest {
  private static final Parallel TWO = new Parallel(2);

  @Test
  void twoDimensionsOnPaper() {
    // (1,0) (-1,0) (0,2) (0,-2) around (5,5): variances 8/3 along y, 2/3 along x.
    float[] x = {6, 5, 4, 5, 5, 7, 5, 3};
    Pca.Result r = Pca.of(x, 4, 2, 2, 1, TWO);
    assertArrayEquals(new double[] {8 / 3.0, 2 / 3.0}, r.variances(), 1e-12);
    assertArrayEquals(new double[] {0, 1, 0, -1, 2, 0, -2, 0}, r.scores(), 1e-12);
    assertEquals(10 / 3.0, r.total(), 1e-12);
    assertEquals(0.8, Pca.of(x, 4, 2, 1, 1, TWO).explained(), 1e-12);
  }

  @Test
  void iterationFindsWhatTheFullDecompositionFinds() {
    // 150 dimensions, a third of the entries zero, a spectrum that falls slowly: block iteration.
    Random r = new Random(4);
    int n = 400;
    int d = 150;
    float[] x = new float[n * d];
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < d; c++) {
        double v = 3 * r.nextGaussian() * Math.pow(0.93, c) + 1;
        x[i * d + c] = r.nextInt(3) == 0 ? 0 : (float) v;
      }
    }
    Pca.Result few = Pca.of(x, n, d, 8, 1, TWO);
    Pca.Result all = Pca.of(x, n, d, d, 1, TWO); // as many as dimensions: exact
    assertEquals(d, all.components());
    assertEquals(1, all.explained(), 1e-9);
    assertEquals(all.total(), few.total(), 1e-9);
    for (int c = 0; c < 8; c++) {
      assertEquals(all.variances()[c], few.variances()[c], 1e-3 * all.variances()[c]);
    }
    double dot = 0; // the first axis, up to its sign
    for (int i = 0; i < n; i++) {
      dot += all.scores()[i * d] * few.scores()[i * 8];
    }
    assertEquals(1, Math.abs(dot) / ((n - 1) * few.variances()[0]), 1e-4);
    // Scores are centred, uncorrelated and have the variances that are claimed.
    for (int a = 0; a < 8; a++) {
      double mean = 0;
      for (int i = 0; i < n; i++) {
        mean += few.scores()[i * 8 + a] / n;
      }
      assertEquals(0, mean, 1e-9);
      for (int b = 0; b <= a; b++) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
          sum += few.scores()[i * 8 + a] * few.scores()[i * 8 + b];
        }
        assertEquals(a == b ? few.variances()[a] : 0, sum / (n - 1), 1e-9);
      }
    }
  }

  @Test
  void constantPointsHaveNoVariance() {
    Pca.Result r = Pca.of(new float[30], 10, 3, 2, 1, TWO);
    assertTrue(Double.isNaN(r.explained()), "of nothing there is no share: " + r.explained());
    assertTrue(r.variances()[0] == 0);
  }
}
