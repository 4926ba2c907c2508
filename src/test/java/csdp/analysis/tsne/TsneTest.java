package csdp.analysis.tsne;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.analysis.tsne.Tsne.Options;
import csdp.error.CsdpException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** t-SNE and its parts on data whose structure is known. */
class TsneTest {
  private static final Parallel TWO = new Parallel(2);

  private static Tsne.Result embed(Points p, Options options) {
    return Tsne.embed(p.x(), p.n(), p.d(), options, 1, (done, of) -> {});
  }

  @Test
  void keepsNeighbourhoodsThatTwoPrincipalComponentsLose() {
    // Twelve clusters in 20 dimensions: two components cannot tell them apart.
    Points p = Points.clusters(12, 60, 20, 2, 7);
    Pca.Result pca = Pca.of(p.x(), p.n(), p.d(), 2, 1, TWO);
    float[] flat = new float[2 * p.n()];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) pca.scores()[i];
    }
    Tsne.Result map = embed(p, new Options(20, 500, 20, 2));
    double flatTrust = Neighbourhood.trustworthiness(p.x(), p.d(), flat, 2, p.n(), 10, TWO);
    double trust = Neighbourhood.trustworthiness(p.x(), p.d(), map.y(), 2, p.n(), 10, TWO);
    assertTrue(trust > 0.95, "trustworthiness " + trust);
    assertTrue(trust > flatTrust + 0.05, trust + " against " + flatTrust + " of PCA");
    double flatAgree = Neighbourhood.agreement(flat, 2, p.labels(), p.n(), 10, TWO);
    double agree = Neighbourhood.agreement(map.y(), 2, p.labels(), p.n(), 10, TWO);
    assertTrue(agree > 0.99, "label agreement " + agree);
    assertTrue(flatAgree < 0.9, "PCA is no rival here, " + flatAgree);
    assertTrue(map.divergence() > 0 && map.divergence() < 1.5, "KL " + map.divergence());
    double mean = 0;
    for (float v : map.y()) {
      mean += v;
    }
    assertEquals(0, mean / map.y().length, 1e-3);
  }

  @Test
  void sameBitsWhateverTheThreads() {
    Points p = Points.clusters(4, 50, 15, 3, 3);
    float[] one = embed(p, new Options(10, 120, 10, 1)).y();
    float[] three = embed(p, new Options(10, 120, 10, 3)).y();
    assertArrayEquals(one, three, 0);
    Points other = Points.clusters(4, 50, 15, 3, 4);
    assertFalse(Arrays.equals(one, embed(other, new Options(10, 120, 10, 1)).y()));
  }

  @Test
  void gradientIsThatOfTheDivergence() {
    Points p = Points.clusters(3, 20, 5, 2, 6);
    int n = p.n();
    Neighbours near = Neighbours.of(p.x(), n, p.d(), 24, TWO);
    Affinities a = Affinities.of(near, 8, TWO);
    Random r = new Random(2);
    double[] y = new double[2 * n];
    for (int i = 0; i < y.length; i++) {
      y[i] = 2 * r.nextGaussian();
    }
    double[] got = Tsne.gradientAt(y, a, TWO);
    double wrong = 0;
    double norm = 0;
    for (int c = 0; c < 2 * n; c++) {
      double h = 1e-5;
      double[] up = y.clone();
      double[] down = y.clone();
      up[c] += h;
      down[c] -= h;
      double slope = (divergence(a, up, n) - divergence(a, down, n)) / (2 * h);
      wrong += (slope - got[c]) * (slope - got[c]);
      norm += slope * slope;
    }
    assertTrue(Math.sqrt(wrong / norm) < 0.03, Math.sqrt(wrong / norm) + " of the gradient");
  }

  private static double divergence(Affinities a, double[] y, int n) {
    double[][] q = new double[n][n];
    double z = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        q[i][j] =
            i == j
                ? 0
                : 1
                    / (1
                        + Math.pow(y[2 * i] - y[2 * j], 2)
                        + Math.pow(y[2 * i + 1] - y[2 * j + 1], 2));
        z += q[i][j];
      }
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      for (int e = a.start()[i]; e < a.start()[i + 1]; e++) {
        sum += a.value()[e] * Math.log(a.value()[e] / (q[i][a.column()[e]] / z));
      }
    }
    return sum;
  }

  @Test
  void pointsThatCoincideStayFinite() {
    float[] x = new float[100 * 6];
    for (int i = 50; i < 100; i++) {
      x[i * 6] = 1; // two sets of fifty equal points
    }
    float[] y = Tsne.embed(x, 100, 6, new Options(8, 300, 50, 1), 1, (done, of) -> {}).y();
    for (float v : y) {
      assertTrue(Float.isFinite(v));
    }
    y = Tsne.embed(new float[100 * 6], 100, 6, new Options(8, 300, 50, 1), 1, (a, b) -> {}).y();
    for (float v : y) {
      assertTrue(Float.isFinite(v));
    }
  }

  @Test
  void tooFewPointsForThePerplexity() {
    Points p = Points.clusters(1, 90, 3, 1, 1);
    CsdpException e = assertThrows(CsdpException.class, () -> embed(p, new Options(30, 10, 2, 1)));
    assertEquals(CsdpException.USAGE, e.exitCode());
    assertTrue(
        e.getMessage().contains("91 points") && e.getMessage().contains("90"), e.getMessage());
    assertThrows(CsdpException.class, () -> Affinities.check(1000, Double.NaN));
    assertThrows(CsdpException.class, () -> Affinities.check(1000, 1));
    Affinities.check(91, 30);
    e = assertThrows(CsdpException.class, () -> Affinities.check(800_000, 1000));
    assertEquals(CsdpException.USAGE, e.exitCode());
    assertTrue(e.getMessage().contains("800000 points"), e.getMessage());
  }

  @Test
  void affinitiesAreSymmetricAndSumToOneAtThePerplexity() {
    Points p = Points.clusters(3, 40, 5, 2, 9);
    int n = p.n();
    Neighbours near = Neighbours.of(p.x(), n, p.d(), n - 1, TWO); // all pairs
    Affinities a = Affinities.of(near, 15, TWO);
    double[][] dense = new double[n][n];
    double sum = 0;
    for (int i = 0; i < n; i++) {
      for (int e = a.start()[i]; e < a.start()[i + 1]; e++) {
        assertTrue(e == a.start()[i] || a.column()[e] > a.column()[e - 1]);
        dense[i][a.column()[e]] = a.value()[e];
        sum += a.value()[e];
      }
      assertEquals(0, dense[i][i]);
    }
    assertEquals(1, sum, 1e-12);
    // By hand: a conditional row of perplexity 15 each, symmetrised.
    double[][] rows = new double[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = conditional(p, i, 15);
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        assertEquals((rows[i][j] + rows[j][i]) / (2.0 * n), dense[i][j], 1e-6);
      }
    }
  }

  private static double[] conditional(Points p, int i, double perplexity) {
    double low = 1e-9;
    double high = 1e9;
    double[] row = new double[p.n()];
    for (int trial = 0; trial < 200; trial++) {
      double beta = Math.sqrt(low * high);
      double sum = 0;
      for (int j = 0; j < p.n(); j++) {
        double d = 0;
        for (int c = 0; c < p.d(); c++) {
          double e = (double) p.x()[i * p.d() + c] - p.x()[j * p.d() + c];
          d += e * e;
        }
        row[j] = i == j ? 0 : Math.exp(-beta * d);
        sum += row[j];
      }
      double entropy = 0;
      for (int j = 0; j < p.n(); j++) {
        row[j] /= sum;
        entropy -= row[j] > 0 ? row[j] * Math.log(row[j]) : 0;
      }
      if (entropy > Math.log(perplexity)) {
        low = beta;
      } else {
        high = beta;
      }
    }
    return row;
  }

  @Test
  void treeRepulsionIsNearTheExactOne() {
    Random r = new Random(5);
    int n = 700;
    double[] y = new double[2 * n];
    for (int i = 0; i < y.length; i++) {
      y[i] = 10 * r.nextGaussian();
    }
    y[2] = y[0]; // two points that coincide
    y[3] = y[1];
    QuadTree tree = new QuadTree();
    tree.build(y, n);
    double[] near = new double[3];
    double[] exact = new double[3];
    double[] total = new double[2];
    for (int i = 0; i < n; i++) {
      double[] sums = new double[3];
      for (int j = 0; j < n; j++) {
        double dx = y[2 * i] - y[2 * j];
        double dy = y[2 * i + 1] - y[2 * j + 1];
        double q = 1 / (1 + dx * dx + dy * dy);
        sums[0] += q * q * dx;
        sums[1] += q * q * dy;
        sums[2] += i == j ? 0 : q;
      }
      tree.repulsion(y[2 * i], y[2 * i + 1], 0, QuadTree.stack(), exact);
      assertArrayEquals(sums, exact, 1e-9); // theta 0: every point on its own
      tree.repulsion(y[2 * i], y[2 * i + 1], 0.5, QuadTree.stack(), near);
      total[0] += Math.hypot(near[0] - sums[0], near[1] - sums[1]);
      total[1] += Math.hypot(sums[0], sums[1]);
      assertEquals(sums[2], near[2], 0.03 * sums[2]);
    }
    assertTrue(total[0] < 0.03 * total[1], total[0] + " of " + total[1]);
    assertTrue(total[0] > 0, "theta 0.5 approximates");
  }

  @Test
  void neighboursAreTheNearest() {
    Points p = Points.clusters(2, 51, 7, 1, 2);
    Neighbours near = Neighbours.of(p.x(), p.n(), p.d(), 9, TWO);
    float[] row = new float[p.n()];
    for (int i = 0; i < p.n(); i++) {
      Neighbours.distances(p.x(), p.n(), p.d(), i, row);
      double d = 0;
      int j = (i + 17) % p.n();
      for (int c = 0; c < p.d(); c++) {
        d += Math.pow(p.x()[i * p.d() + c] - p.x()[j * p.d() + c], 2);
      }
      assertEquals(d, row[j], 1e-4 * d);
      float[] sorted = row.clone();
      Arrays.sort(sorted);
      for (int r = 0; r < 9; r++) {
        assertEquals(sorted[r], near.squared(i, r));
        assertEquals(sorted[r], row[near.index(i, r)]);
      }
    }
  }

  @Test
  void trustworthinessByHand() {
    // Points 0 1 2 3 4 on a line; the map swaps 1 and 4. k = 1.
    float[] x = {0, 1.1f, 2, 3.3f, 4.1f};
    assertEquals(1, Neighbourhood.trustworthiness(x, 1, x, 1, 5, 1, TWO), 1e-12);
    float[] y = {0, 4.1f, 2, 3.3f, 1.1f};
    // Nearest in the map and its rank in x: 0->4: 4th, 1->3: 3rd, 2->4 (0.9): 4th ... by hand
    // below.
    // x ranks: from 0: 1,2,3,4; from 1: 2(.9) 0(1.1) 3 4; from 2: 1(.9) 3(1.3) 0(2) 4(2.1);
    // from 3: 4(.8) 2(1.3) 1 0; from 4: 3(.8) 2 1 0. Map: 0->4 (4), 1->3 (3), 2->4 (4), 3->1 (3),
    // 4->2 (2). Penalties 3+2+3+2+1 = 11; 1 - 2/(5*1*(10-3-1)) * 11.
    assertEquals(1 - 22.0 / 30, Neighbourhood.trustworthiness(x, 1, y, 1, 5, 1, TWO), 1e-12);
    assertEquals(0.2, Neighbourhood.agreement(x, 1, new int[] {0, 0, 1, 1, 0}, 5, 1, TWO), 1e-12);
  }
}
