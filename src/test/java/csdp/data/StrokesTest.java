package csdp.data;

import static csdp.data.TestData.image;
import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StrokesTest {
  /** The set that goes by the name never changes unseen: results on it would not compare. */
  @Test
  void theNamedSetIsTheSameEverywhere() {
    Dataset train = Strokes.train(Strokes.SEED);
    Dataset test = Strokes.test(Strokes.SEED);
    assertEquals(12_000, train.size());
    assertEquals(2_000, test.size());
    assertEquals(
        "e0e6ab0378fc2eff0cae29e55141cd42dc5283a73891a04ace7298b49c940424", train.sha256());
    assertEquals("06d9cdd72f3c52ed8a527d7e93a782344d8086460cfce5188f018fd67479de53", test.sha256());
  }

  @Test
  void threadsDrawTheSame() {
    String one = Strokes.draw("one", 5, 0, 300).sha256();
    assertTrue(
        IntStream.range(0, 8)
            .parallel()
            .mapToObj(i -> Strokes.draw("many", 5, 0, 300).sha256())
            .allMatch(one::equals));
    assertNotEquals(one, Strokes.draw("seed", 6, 0, 300).sha256());
    assertNotEquals(one, Strokes.draw("split", 5, 1, 300).sha256());
  }

  @Test
  void labelsAreBalancedAndShuffled() {
    Dataset set = Strokes.draw("set", 1, 0, 1000);
    int[] count = new int[10];
    int inOrder = 0;
    for (int i = 0; i < set.size(); i++) {
      count[set.label(i)]++;
      inOrder += set.label(i) == i % 10 ? 1 : 0;
    }
    assertEquals(10, set.classes());
    for (int c : count) {
      assertEquals(100, c);
    }
    assertTrue(inOrder > 50 && inOrder < 170, inOrder + " of 1000 in order");
    assertFails(2, () -> Strokes.draw("none", 1, 0, 0), "none");
    assertFails(2, () -> Strokes.draw("all", 1, 0, 3_000_000), "at most 2739137");
  }

  @Test
  void everyImageHasADigitWithinItsFrame() {
    Dataset set = Strokes.draw("set", 3, 0, 1000);
    for (int i = 0; i < set.size(); i++) {
      float[] image = image(set, i);
      float ink = 0;
      int grey = 0;
      float rim = 0;
      for (int p = 0; p < 784; p++) {
        ink += image[p];
        grey += image[p] > 0.05f && image[p] < 0.8f ? 1 : 0;
        boolean edge = p < 28 || p >= 756 || p % 28 == 0 || p % 28 == 27;
        rim += edge ? image[p] : 0;
      }
      assertTrue(ink > 12 && ink < 300, "ink " + ink + " in image " + i);
      assertTrue(grey > 5, "anti-aliased pixels: " + grey + " in image " + i);
      assertTrue(rim < 3, "ink on the rim: " + rim + " of image " + i);
    }
  }

  /** Neither noise nor a toy: the nearest mean image names most digits, but not all. */
  @Test
  void digitsCanBeToldApartButNotTooEasily() {
    Dataset train = Strokes.draw("train", 9, 0, 3000);
    Dataset test = Strokes.draw("test", 9, 1, 500);
    double[][] mean = new double[10][784];
    for (int i = 0; i < train.size(); i++) {
      float[] image = image(train, i);
      for (int p = 0; p < 784; p++) {
        mean[train.label(i)][p] += image[p] / 300;
      }
    }
    int right = 0;
    for (int i = 0; i < test.size(); i++) {
      float[] image = image(test, i);
      int best = -1;
      double least = Double.MAX_VALUE;
      for (int k = 0; k < 10; k++) {
        double d = 0;
        for (int p = 0; p < 784; p++) {
          d += (image[p] - mean[k][p]) * (image[p] - mean[k][p]);
        }
        if (d < least) {
          least = d;
          best = k;
        }
      }
      right += best == test.label(i) ? 1 : 0;
    }
    assertTrue(right > 300 && right < 450, right + " of 500 by the nearest mean");
  }
}
