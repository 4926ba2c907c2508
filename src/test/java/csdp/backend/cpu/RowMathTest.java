package csdp.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.model.Adam;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Philox.Stream;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The Vector API's inner loops against the plain ones: the same bits. The build runs it twice, the
 * second time with vectors of 256 bits.
 */
@Tag("vectors")
class RowMathTest {
  private static final int ROWS = 40;
  private static RowMath vector;
  private final RowMath plain = new PlainRowMath();

  @BeforeAll
  static void needsModule() {
    vector = RowMath.best();
    assumeTrue(!(vector instanceof PlainRowMath), "the module jdk.incubator.vector is not there");
    String bits = System.getProperty("csdp.vectorBits");
    if (bits != null) {
      assertEquals("Vector API, " + bits + " bits", vector.description());
    }
  }

  private static float[] random(Stream r, int n, float low, float high) {
    float[] a = new float[n];
    for (int i = 0; i < n; i++) {
      a[i] = r.nextFloat(low, high);
    }
    return a;
  }

  private static Stream stream(int width) {
    return Philox.stream(3, Purpose.STROKES, width, 1, 2);
  }

  private static int[] list(Stream r, int n) {
    int[] list = new int[n + 5];
    for (int i = 0; i < list.length; i++) {
      list[i] = r.nextInt(ROWS);
    }
    return list;
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32, 64, 112, 128, 144, 256})
  void gathers(int width) {
    Stream r = stream(width);
    int stride = width + 16;
    RowMath.Matrix matrix =
        new RowMath.Matrix(random(r, 7 + ROWS * stride, -1, 1), 7, stride, width);
    for (int count : new int[] {0, 1, 2, 17, 200}) {
      int[] list = list(r, count);
      float[] a = random(r, width + 3, -1, 1);
      float[] b = a.clone();
      float[] sum = new float[width + 2];
      plain.gather(a, 3, 0.1f, matrix, list, 5, count, sum, 2);
      vector.gather(b, 3, 0.1f, matrix, list, 5, count, sum, 2);
      assertArrayEquals(a, b, 0f);
      plain.gatherScaled(a, 2, 0.01f, matrix, list, 5, count);
      vector.gatherScaled(b, 2, 0.01f, matrix, list, 5, count);
      assertArrayEquals(a, b, 0f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100})
  void gathersPanels(int count) {
    Stream r = stream(count);
    float[] w = random(r, 7 + ROWS * RowMath.PANEL, -1, 1);
    int[] list = list(r, count);
    float[] a = random(r, RowMath.PANEL + 3, -1, 1);
    float[] b = a.clone();
    float[] c = a.clone();
    float scale = -0.1f; // of no spikes comes +0, as where it is added
    plain.gatherPanel(a, 3, scale, w, 7, list, 5, count);
    vector.gatherPanel(b, 3, scale, w, 7, list, 5, count);
    assertArrayEquals(a, b, 0f);
    Arrays.fill(c, 3, c.length, 0);
    float[] sum = new float[RowMath.PANEL];
    RowMath.Matrix matrix = new RowMath.Matrix(w, 7, RowMath.PANEL, RowMath.PANEL);
    plain.gather(c, 3, scale, matrix, list, 5, count, sum, 0);
    assertArrayEquals(a, c, 0f);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 20})
  void scatters(int count) {
    Stream r = stream(count);
    float[] scales = new float[Spikes.GROUP];
    for (int bits : new int[] {0, 1, 0x8000, 0x35A6, 0xFFFF}) {
      for (int lane = 0; lane < Spikes.GROUP; lane++) {
        scales[lane] = (bits >> lane & 1) * -0.1f; // -0 for the others
      }
      int[] unit = list(r, count);
      float[] value = random(r, count + 3, -1, 1);
      float[] a = new float[5 + Spikes.GROUP * ROWS];
      float[] b = a.clone();
      for (int twice = 0; twice < 2; twice++) {
        plain.scatter(a, 5, scales, unit, value, 3, 3 + count);
        vector.scatter(b, 5, scales, unit, value, 3, 3 + count);
      }
      assertArrayEquals(a, b, 0f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32, 112, 128, 144, 256})
  void integrates(int width) {
    Stream r = stream(width);
    RowMath.Dynamics d = new RowMath.Dynamics(0.01f, 3f, 10f / 13);
    float[] j = random(r, width + 2, -8, 8);
    float[] v = random(r, width + 3, -0.1f, 0.1f);
    float[] thr = random(r, width + 3, 0.02f, 0.08f);
    float[] z = random(r, width + 3, 0, 1);
    float[] v2 = v.clone();
    float[] thr2 = thr.clone();
    float[] z2 = z.clone();
    long[] bits = new long[6];
    long[] bits2 = new long[6];
    for (float change : new float[] {Float.NaN, 0.004f, -0.001f}) {
      assertEquals(0, plain.integrate(j, 2, v, thr, z, 3, width, d, change, bits, 1));
      assertEquals(0, vector.integrate(j, 2, v2, thr2, z2, 3, width, d, change, bits2, 1));
      assertArrayEquals(v, v2, 0f);
      assertArrayEquals(thr, thr2, 0f);
      assertArrayEquals(z, z2, 0f);
      assertArrayEquals(bits, bits2);
    }
    int spikes = 0;
    for (long word : bits) {
      spikes += Long.bitCount(word);
    }
    assertTrue(spikes > 0 && spikes < width, spikes + " spikes of " + width);
    assertEquals(0, bits[0]);
  }

  @Test
  void namesWhatIsNotFinite() {
    RowMath.Dynamics d = new RowMath.Dynamics(0.01f, 3f, 10f / 13);
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] j = new float[32];
      float[] row = new float[32];
      long[] bits = new long[1];
      j[19] = bad;
      int seen = plain.integrate(j, 0, row, row.clone(), null, 0, 32, d, 0, bits, 0);
      assertEquals(RowMath.BAD_MEMBRANE, seen);
      seen = plain.integrate(new float[32], 0, new float[32], j, null, 0, 32, d, 0, bits, 0);
      assertEquals(RowMath.BAD_THRESHOLD, seen);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 128, 256})
  void learns(int width) {
    for (float lower : new float[] {-0.4f, 0}) {
      RowMath.Rule rule = new RowMath.Rule(lower, 0.3f, 9);
      rule.decay = 1e-3f;
      learns(width, rule);
    }
  }

  private void learns(int width, RowMath.Rule rule) {
    Stream r = stream(width);
    float[] w = random(r, width + 5, -0.5f, 0.5f);
    float[] m = random(r, width + 5, -1e-3f, 1e-3f);
    float[] v = random(r, width + 5, 0, 1e-6f);
    float[] u = random(r, width + 1, -1e-2f, 1e-2f);
    float[] unpaired = new float[width + 2];
    for (int c = 0; c < width; c++) {
      unpaired[c + 2] = r.nextInt(50);
    }
    float[] columns = random(r, 3 + 9 * (width + 16), 0, 9);
    u[4] = 0;
    m[8] = 0;
    v[8] = 0;
    w[11] = -0f;
    m[11] = -0f;
    v[11] = 0;
    u[7] = 0;
    unpaired[8] = 0;
    float[] w2 = w.clone();
    float[] m2 = m.clone();
    float[] v2 = v.clone();
    for (int k = 1; k < 4; k++) {
      for (int q = 1; q < 9; q++) {
        rule.at(q, Adam.at(k + q, 0.05f));
      }
      plain.catchUp(w, m, v, 5, width, rule, k, 5, columns, 3, width + 16);
      vector.catchUp(w2, m2, v2, 5, width, rule, k, 5, columns, 3, width + 16);
      same(w, m, v, w2, m2, v2);
      plain.contrastive(w, m, v, 5, width, u, 1, unpaired, 2, rule, 5);
      vector.contrastive(w2, m2, v2, 5, width, u, 1, unpaired, 2, rule, 5);
      same(w, m, v, w2, m2, v2);
      plain.error(w, m, v, 5, width, u, 1, rule, 5);
      vector.error(w2, m2, v2, 5, width, u, 1, rule, 5);
      same(w, m, v, w2, m2, v2);
    }
  }

  private static void same(float[] w, float[] m, float[] v, float[] w2, float[] m2, float[] v2) {
    assertArrayEquals(w, w2, 0f); // tells -0 from 0
    assertArrayEquals(m, m2, 0f);
    assertArrayEquals(v, v2, 0f);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 30})
  void drawsTheSameWords(int count) {
    long[] last = new long[3 + 32];
    for (int q = 0; q < last.length; q++) {
      last[q] = 5L * q;
    }
    long[] expected = new long[4 * 32];
    long[] actual = new long[4 * 32];
    plain.philox(-3, 50, 70_000, last, 3, count, -1_234_567, 4, expected, 32);
    vector.philox(-3, 50, 70_000, last, 3, count, -1_234_567, 4, actual, 32);
    for (int lane = 0; lane < 4; lane++) {
      for (int q = 0; q < count; q++) {
        assertEquals((int) expected[lane * 32 + q], (int) actual[lane * 32 + q]);
      }
    }
  }
}
