package csdp.metrics;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RidgeClassifierTest {
  private static final int FEATURES = 12;
  private static final int CLASSES = 3;

  private record Sample(float[] x, int label) {}

  /** Spike counts around a prototype of each class. */
  private static List<Sample> samples(int n, int seed) {
    Philox.Stream prototypes = Philox.stream(1, Purpose.STROKES, 0, 0, 0);
    float[][] centre = new float[CLASSES][FEATURES];
    for (float[] c : centre) {
      for (int i = 0; i < FEATURES; i++) {
        c[i] = prototypes.nextInt(20);
      }
    }
    Philox.Stream noise = Philox.stream(seed, Purpose.STROKES, 1, 0, 0);
    List<Sample> samples = new ArrayList<>();
    for (int s = 0; s < n; s++) {
      int label = noise.nextInt(CLASSES);
      float[] x = centre[label].clone();
      for (int i = 0; i < FEATURES; i++) {
        x[i] = Math.max(0, x[i] + noise.nextInt(7) - 3);
      }
      samples.add(new Sample(x, label));
    }
    return samples;
  }

  private static RidgeClassifier.Sums sums(List<Sample> samples) {
    RidgeClassifier.Sums sums = new RidgeClassifier.Sums(FEATURES, CLASSES);
    samples.forEach(s -> sums.add(s.x, s.label));
    return sums;
  }

  private static double accuracy(RidgeClassifier ridge, List<Sample> samples) {
    long right = samples.stream().filter(s -> ridge.predicted(s.x, 0) == s.label).count();
    return (double) right / samples.size();
  }

  /**
   * Scores of x by another form of the same problem: the normal equations of uncentred features
   * with a column of ones, which has no penalty, solved by Gauss-Jordan elimination.
   */
  private static double[] expected(List<Sample> samples, double lambda, float[] x) {
    int d = FEATURES + 1;
    double[][] system = new double[d][d + CLASSES];
    for (Sample s : samples) {
      for (int i = 0; i < d; i++) {
        double a = i == FEATURES ? 1 : s.x[i];
        for (int j = 0; j < d; j++) {
          system[i][j] += a * (j == FEATURES ? 1 : s.x[j]);
        }
        system[i][d + s.label] += a;
      }
    }
    for (int i = 0; i < FEATURES; i++) {
      system[i][i] += lambda;
    }
    for (int p = 0; p < d; p++) {
      double pivot = system[p][p];
      for (int j = 0; j < d + CLASSES; j++) {
        system[p][j] /= pivot;
      }
      for (int i = 0; i < d; i++) {
        double factor = system[i][p];
        for (int j = 0; i != p && j < d + CLASSES; j++) {
          system[i][j] -= factor * system[p][j];
        }
      }
    }
    double[] scores = new double[CLASSES];
    for (int k = 0; k < CLASSES; k++) {
      scores[k] = system[FEATURES][d + k];
      for (int i = 0; i < FEATURES; i++) {
        scores[k] += x[i] * system[i][d + k];
      }
    }
    return scores;
  }

  @Test
  void solutionOfTheNormalEquations() {
    List<Sample> samples = samples(60, 5);
    double trace = 0;
    for (int i = 0; i < FEATURES; i++) {
      int f = i;
      double mean = samples.stream().mapToDouble(s -> s.x[f]).average().orElseThrow();
      trace += samples.stream().mapToDouble(s -> (s.x[f] - mean) * (s.x[f] - mean)).sum();
    }
    for (double penalty : new double[] {1e-6, 0.01, 3}) {
      RidgeClassifier ridge = sums(samples).fit(0, FEATURES, penalty);
      for (Sample s : samples(9, 6)) {
        double[] wanted = expected(samples, penalty * trace / FEATURES, s.x);
        assertArrayEquals(wanted, ridge.scores(s.x, 0), 1e-9, "penalty " + penalty);
      }
    }
    // By hand: x = 0, 1, 2, 3 of classes 0, 0, 1, 1; the centred sum of squares is 5, of products
    // with class 1 it is 2; lambda is 5: a slope of 0.2 around (1.5, 0.5).
    RidgeClassifier.Sums line = new RidgeClassifier.Sums(1, 2);
    for (int i = 0; i < 4; i++) {
      line.add(new float[] {i}, i / 2);
    }
    assertArrayEquals(new double[] {0.2, 0.8}, line.fit(0, 1, 1).scores(new float[] {3}, 0), 1e-12);
  }

  @Test
  void separableCodesAreLearntAndShuffledLabelsAreNot() {
    List<Sample> train = samples(200, 2);
    List<Sample> test = samples(300, 3);
    assertEquals(1, accuracy(sums(train).fit(0, FEATURES, 0.01), test));
    List<Sample> shuffled = new ArrayList<>();
    for (int s = 0; s < train.size(); s++) {
      shuffled.add(new Sample(train.get(s).x, s % CLASSES));
    }
    assertTrue(accuracy(sums(shuffled).fit(0, FEATURES, 0.01), test) < 0.7);
  }

  @Test
  void orderDoesNotMatterAndRangesAreIndependent() {
    List<Sample> samples = samples(80, 4);
    RidgeClassifier.Sums sums = sums(samples);
    Collections.shuffle(samples, new Random(1));
    RidgeClassifier.Sums other = sums(samples);
    RidgeClassifier.Sums half = new RidgeClassifier.Sums(5, CLASSES);
    samples.forEach(s -> half.add(java.util.Arrays.copyOfRange(s.x, 4, 9), s.label));
    float[] x = samples.get(0).x;
    assertArrayEquals(
        sums.fit(0, FEATURES, 0.01).scores(x, 0), other.fit(0, FEATURES, 0.01).scores(x, 0));
    assertArrayEquals(sums.fit(4, 9, 0.01).scores(x, 4), half.fit(0, 5, 0.01).scores(x, 4));
    assertEquals(80, sums.samples());
  }

  @Test
  void constantCodesGiveTheMostFrequentClass() {
    RidgeClassifier.Sums sums = new RidgeClassifier.Sums(FEATURES, CLASSES);
    for (int s = 0; s < 10; s++) {
      float[] same = new float[FEATURES];
      java.util.Arrays.fill(same, 3);
      sums.add(same, s < 3 ? 0 : 2);
    }
    RidgeClassifier ridge = sums.fit(0, FEATURES, 0.01);
    for (Sample s : samples(5, 7)) {
      assertArrayEquals(new double[] {0.3, 0, 0.7}, ridge.scores(s.x, 0), 1e-12);
      assertEquals(2, ridge.predicted(s.x, 0));
    }
  }

  @Test
  void badInputIsNamed() {
    RidgeClassifier.Sums sums = sums(samples(30, 8));
    for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      float[] x = new float[FEATURES];
      x[4] = wrong;
      assertFails(1, () -> sums.add(x, 0), "NaN or infinity", "feature 4");
      RidgeClassifier ridge = sums.fit(0, FEATURES, 0.01);
      assertFails(1, () -> ridge.predicted(x, 0), "NaN or infinity", "probe");
    }
    assertEquals(30, sums.samples());
    for (double penalty : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertFails(2, () -> sums.fit(0, FEATURES, penalty), "penalty", "" + penalty);
    }
    assertFails(2, () -> new RidgeClassifier.Sums(2, 2).fit(0, 2, 1), "samples");
  }
}
