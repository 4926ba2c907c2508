package csdp.data;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files written by NumPy, Python's csv module and Pillow, with the content of make_data.py. */
final class PublishedFormatsTest {
  @TempDir Path dir;

  private static Splits open(Path folder) {
    return DataSources.open(DataRequest.of(folder.toString(), 0, 0), line -> {});
  }

  private static void assertImages(Dataset set, int from, int n) {
    assertEquals(n, set.size());
    assertEquals("4x4", new ImageSize(set.width(), set.height()).toString());
    for (int i = 0; i < n; i++) {
      float[] image = TestData.image(set, i);
      for (int p = 0; p < image.length; p++) {
        assertEquals((37 * (from + i) + 11 * p + 101) % 256 / 255f, image[p], i + " " + p);
      }
    }
  }

  private static void assertLabels(Dataset set, int from) {
    for (int i = 0; i < set.size(); i++) {
      assertEquals((from + i) % 3, set.label(i));
    }
  }

  private static void assertBoth(Splits s, List<String> names) {
    assertImages(s.train(), 0, 12);
    assertImages(s.test(), 12, 6);
    assertLabels(s.train(), 0);
    assertLabels(s.test(), 12);
    assertEquals(3, s.train().classes());
    assertEquals(names, s.train().classNames());
    assertEquals(names, s.test().classNames());
  }

  private void make() throws Exception {
    Child python =
        Child.python(
            Duration.ofMinutes(1), "src/test/resources/python/make_data.py", dir.toString());
    assertEquals(0, python.code(), python.said());
  }

  @Test
  void everyLayoutIsRead() throws Exception {
    make();
    Splits kaggle = open(dir.resolve("kaggle"));
    assertImages(kaggle.train(), 0, 12);
    assertLabels(kaggle.train(), 0);
    assertNull(kaggle.test());
    assertTrue(kaggle.description().contains("without test.csv, which has no labels"));
    assertEquals(List.of(), kaggle.train().classNames());
    assertBoth(open(dir.resolve("named_column")), List.of("ant", "bee", "cow"));
    assertBoth(open(dir.resolve("emnist_csv")), List.of("1", "2", "3"));
    assertBoth(open(dir.resolve("kmnist")), List.of());
    for (String part : List.of("", "/MNIST", "/MNIST/raw")) {
      assertBoth(open(Path.of(dir.resolve("torchvision") + part)), List.of());
    }

    Splits letters = open(dir.resolve("emnist"));
    assertImages(letters.train(), 0, 12);
    assertImages(letters.test(), 12, 6);
    assertLabels(letters.test(), 12);
    assertEquals(25, letters.train().label(11));
    assertEquals(26, letters.test().classes());
    assertEquals("Z", letters.train().className(25));
    assertTrue(letters.description().contains("transposed"), letters.description());
  }

  @Test
  void badFilesAreNamed() throws Exception {
    make();
    Path train = dir.resolve("kaggle/train.csv");
    String good = Files.readString(train);
    String[][] edits = {
      {"101,", "256,", "row 2, column 2 is '256'"},
      {"101,", "1.5,", "row 2, column 2 is '1.5'"},
      {"101,", ",", "row 2, column 2 is ''"},
      {"101,", "", "row 2 has 16 columns, the first has 17"},
      {"0,101", "\"0,101", "damaged"},
    };
    for (String[] edit : edits) {
      Files.writeString(train, good.replaceFirst(edit[0], edit[1]));
      assertFails(
          CsdpException.USAGE, () -> open(dir.resolve("kaggle")), train.toString(), edit[2]);
    }
    Files.writeString(train, good.lines().findFirst().orElseThrow());
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("kaggle")), "no images");
    Files.writeString(train, "1,0,1\n0,1,0\n");
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("kaggle")), "all 0 or 1");
    Files.writeString(train, "");
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("kaggle")), "empty");

    Path gzip = dir.resolve("named_column/insects_train.csv.gz");
    byte[] whole = Files.readAllBytes(gzip);
    Files.write(gzip, java.util.Arrays.copyOf(whole, whole.length / 2));
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("named_column")), gzip.toString());

    Path npz = dir.resolve("kmnist/kmnist-train-imgs.npz");
    Files.write(npz, java.util.Arrays.copyOf(Files.readAllBytes(npz), 60));
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("kmnist")), npz.toString());

    Path emnist = dir.resolve("emnist");
    copy(
        emnist,
        "emnist-letters-test-images-idx3-ubyte.gz",
        "emnist-digits-test-images-idx3-ubyte.gz");
    assertFails(CsdpException.USAGE, () -> open(emnist), "emnist-digits-, emnist-letters-");
    Path csv = dir.resolve("emnist_csv");
    copy(csv, "emnist-letters-test.csv", "more_test.csv");
    assertFails(CsdpException.USAGE, () -> open(csv), "several CSV files of test images");
  }

  private static void copy(Path folder, String from, String to) throws IOException {
    Files.copy(folder.resolve(from), folder.resolve(to));
  }

  @Test
  void scalingIsThatOfPillow() throws Exception {
    Child python =
        Child.pythonWith(
            "PIL", Duration.ofMinutes(1), "src/test/resources/python/resize.py", dir.toString());
    assertEquals(0, python.code(), python.said());
    Picture original = Images.picture(dir.resolve("original.png"), null, false);
    for (String text : List.of("16x16", "50x40", "37x5", "1x1", "8x60")) {
      ImageSize size = ImageSize.parse(text);
      float[] expected = Images.picture(dir.resolve(text + ".png"), size, false).grey();
      float[] scaled = original.scaled(size).grey();
      double most =
          IntStream.range(0, expected.length)
              .mapToDouble(i -> Math.abs(expected[i] - scaled[i]))
              .max()
              .orElseThrow();
      assertTrue(most <= 1.01 / 255, text + ": " + most); // Pillow rounds twice
      assertEquals(size.width() * size.height(), expected.length, text);
    }
  }

  /** Values of Pillow 12.3, BILINEAR on an image of mode F, for machines without it. */
  @Test
  void scalingOfKnownValues() {
    float[] grey = {0, 0.25f, 0.5f, 1, 1, 0, 0.125f, 0.75f, 0.375f, 0.625f, 1, 0};
    Picture original = new Picture(4, 3, grey);
    assertArrayEquals(
        new float[] {0.279018f, 0.564732f, 0.524554f, 0.464286f},
        original.scaled(new ImageSize(2, 2)).grey(),
        1e-6f);
    assertArrayEquals(
        new float[] {0.45f, 0.366071f, 0.569643f},
        original.scaled(new ImageSize(3, 1)).grey(),
        1e-6f);
    float[] larger = original.scaled(new ImageSize(6, 5)).grey();
    assertArrayEquals(
        new float[] {0.4f, 0.275f, 0.183333f, 0.316667f, 0.625f, 0.9f},
        Arrays.copyOfRange(larger, 6, 12),
        1e-6f);
  }
}
