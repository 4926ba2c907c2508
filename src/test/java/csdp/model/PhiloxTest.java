package csdp.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PhiloxTest {
  /** Known answers of philox4x32-10 published with Random123 (file kat_vectors). */
  @Test
  void publishedVectors() {
    assertBlock(
        new int[] {0, 0, 0, 0, 0, 0}, new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    assertBlock(
        new int[] {-1, -1, -1, -1, -1, -1},
        new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    assertBlock(
        new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0},
        new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
  }

  private static void assertBlock(int[] in, int[] expected) {
    int[] out = new int[4];
    Philox.block(in[0], in[1], in[2], in[3], in[4], in[5], out);
    assertArrayEquals(expected, out);
  }

  @Test
  void boundsAgreeWithFloatComparison() {
    Philox.Stream s = Philox.stream(7, Philox.Purpose.STROKES, 1, 2, 3);
    float[] rates = {-1f, 0f, 0x1p-25f, 0x1p-24f, 1 / 255f, 0.5f, 254 / 255f, 1f, 2f};
    for (float rate : rates) {
      int bound = Philox.spikeBound(rate);
      for (int k = 0; k < 2_000; k++) {
        int word = k == 0 ? 0 : k == 1 ? -1 : s.nextWord();
        assertEquals(Philox.uniform(word) < rate, (word >>> 8) < bound, "rate " + rate);
      }
    }
  }

  @Test
  void streamsAreUniformAndIndependentOfEachOther() {
    int n = 100_000;
    double mean = 0;
    double product = 0;
    Philox.Stream a = Philox.stream(1, Philox.Purpose.WEIGHTS, 0, 0, 0);
    Philox.Stream b = Philox.stream(1, Philox.Purpose.THRESHOLDS, 0, 0, 0);
    int[] faces = new int[6];
    for (int i = 0; i < n; i++) {
      double x = a.nextFloat() - 0.5;
      double y = b.nextFloat() - 0.5;
      mean += x / n;
      product += x * y / n;
      faces[a.nextInt(6)]++;
    }
    assertTrue(Math.abs(mean) < 4 * Math.sqrt(1.0 / 12 / n), "mean " + mean);
    assertTrue(Math.abs(product) < 4.0 / 12 / Math.sqrt(n), "product " + product);
    for (int f : faces) {
      assertEquals(n / 6.0, f, 4 * Math.sqrt(n / 6.0));
    }
  }
}
