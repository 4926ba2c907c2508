package csdp.data;

import static csdp.data.TestData.image;
import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class DatasetTest {
  private static final byte[] BYTES = {0, (byte) 255, 51, 102, (byte) 128, 1};
  private static final int[] LABELS = {2, 0, 1};

  private static Dataset bytes() {
    return Dataset.ofBytes("b", 2, 1, 3, BYTES, LABELS);
  }

  @Test
  void bytesAreTwoHundredFiftyFifths() {
    float[] out = {9, 9, 9, 9};
    bytes().copyImage(1, out, 1);
    assertArrayEquals(new float[] {9, 51 / 255f, 102 / 255f, 9}, out);
    assertEquals(2, bytes().label(0));
  }

  @Test
  void bytesOfAView() {
    byte[] out = new byte[2];
    Dataset view = bytes().subset(1, 3);
    view.copyBytes(1, 1, out);
    assertArrayEquals(new byte[] {(byte) 128, 1}, out);
    assertThrows(IndexOutOfBoundsException.class, () -> view.copyBytes(1, 2, new byte[4]));
    Dataset floats = Dataset.ofFloats("f", 1, 1, 1, new float[] {0.3f}, new int[1]);
    assertThrows(IllegalStateException.class, () -> floats.copyBytes(0, 1, out));
  }

  @Test
  void viewsShowTheirPart() {
    Dataset view = bytes().subset(1, 3);
    assertEquals(2, view.size());
    assertEquals(0, view.label(0));
    assertArrayEquals(new float[] {128 / 255f, 1 / 255f}, image(view, 1));
    assertArrayEquals(image(view, 1), image(view.subset(1, 2), 0));
    assertEquals(1, bytes().limit(1).size());
    assertEquals(3, bytes().limit(0).size());
    assertEquals(3, bytes().limit(7).size());
    assertThrows(IndexOutOfBoundsException.class, () -> view.label(2));
    assertThrows(IndexOutOfBoundsException.class, () -> image(view, -1));
    assertFails(2, () -> view.subset(1, 3), "b", "1..2");
    assertFails(2, () -> view.subset(1, 1));
    assertFails(2, () -> view.limit(-1));
  }

  @Test
  void classesHaveTheNumbersOfAModel() {
    List<String> model = List.of("0", "1", "2", "3");
    Dataset named = bytes().withClassNames(List.of("1", "3", "x")); // labels 2, 0, 1
    Dataset view = named.subset(1, 3).inClasses(model);
    assertEquals(1, view.label(0));
    assertEquals(3, view.label(1));
    assertEquals(4, view.classes());
    assertEquals(List.of(), view.classNames(), "numbers");
    assertFails(2, () -> named.inClasses(model), "class x", "0, 1, 2, 3");
    assertEquals(2, bytes().inClasses(List.of("a", "b", "c")).label(0), "numbers stay");
    Dataset letters = named.inClasses(List.of("x", "3", "2", "1"));
    assertEquals(0, letters.label(0));
    assertEquals("3", letters.className(1));
  }

  @Test
  void laterChangesOfTheCallersArraysDoNotShow() {
    byte[] pixels = BYTES.clone();
    int[] labels = LABELS.clone();
    Dataset set = Dataset.ofBytes("b", 2, 1, 3, pixels, labels);
    pixels[0] = 77;
    labels[0] = 1;
    assertEquals(0, image(set, 0)[0]);
    assertEquals(2, set.label(0));
  }

  @Test
  void hashTellsContentNotForm() {
    float[] scaled = new float[6];
    for (int i = 0; i < 6; i++) {
      scaled[i] = (float) ((BYTES[i] & 0xFF) / 255.0); // as NumPy does it
    }
    String hash = bytes().sha256();
    assertEquals(hash, Dataset.ofFloats("f", 2, 1, 3, scaled, LABELS).sha256());
    assertEquals(hash, bytes().withClasses(10).sha256());
    assertEquals(
        bytes().subset(1, 2).sha256(),
        Dataset.ofBytes("x", 2, 1, 1, new byte[] {51, 102}, new int[] {0}).sha256());
    assertNotEquals(hash, Dataset.ofBytes("b", 1, 2, 3, BYTES, LABELS).sha256());
    assertNotEquals(hash, Dataset.ofBytes("b", 2, 1, 3, BYTES, new int[] {2, 1, 0}).sha256());
    scaled[5] = Math.nextUp(scaled[5]);
    Dataset other = Dataset.ofFloats("f", 2, 1, 3, scaled, LABELS);
    assertNotEquals(hash, other.sha256());
    assertEquals(scaled[5], image(other, 2)[1]);
    assertEquals(
        other.subset(2, 3).sha256(),
        Dataset.ofFloats("g", 2, 1, 2, image(other, 2), new int[] {1}).sha256());
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertFails(2, () -> Dataset.ofBytes("s", 2, 1, 2, BYTES, LABELS), "image 0 is 2", "0..1");
    assertFails(
        2, () -> Dataset.ofBytes("s", 2, 1, 3, BYTES, new int[] {0, -1, 1}), "image 1 is -1");
    assertFails(2, () -> Dataset.ofBytes("s", 2, 1, 3, BYTES, new int[2]), "6 pixel", "need 4");
    assertFails(2, () -> Dataset.ofBytes("s", 2, 1, 3, new byte[0], new int[0]), "no images");
    assertFails(2, () -> Dataset.ofBytes("s", 0, 1, 3, new byte[0], LABELS), "0 x 1");
    assertFails(2, () -> Dataset.ofBytes("s", 65536, 65536, 3, BYTES, LABELS), "65536");
    for (float bad : new float[] {Float.NaN, -0.01f, 1.01f, Float.POSITIVE_INFINITY}) {
      float[] pixels = {0, 0, 0, 1, bad, 0};
      assertFails(
          2, () -> Dataset.ofFloats("s", 2, 1, 3, pixels, LABELS), "pixel 0 of image 2 is " + bad);
    }
    assertFails(2, () -> bytes().withClasses(2), "label of image 0 is 2");
  }
}
