package csdp.data;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.error.CsdpException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of files that ImageIO wrote. */
public final class ImageFolderTest {
  @TempDir Path dir;

  private static Splits open(Path folder, String size) {
    return DataSources.open(
        DataRequest.of(folder.toString(), 0, 0)
            .with(new FolderOptions(ImageSize.parse(size), null, null)),
        line -> {});
  }

  private static Splits seeded(Path folder, int seed) {
    return DataSources.open(
        DataRequest.of(folder.toString(), 0, 0).with(new FolderOptions(null, seed, null)),
        line -> {});
  }

  /** Writes an image of one colour. */
  private static void write(Path file, int width, int height, Color colour) throws IOException {
    write(file, width, height, colour, width);
  }

  /** Writes an image whose left part has a colour; the rest is black. */
  public static void write(Path file, int width, int height, Color colour, int part)
      throws IOException {
    Files.createDirectories(file.getParent());
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(colour);
    g.fillRect(0, 0, part, height);
    g.dispose();
    String name = file.getFileName().toString();
    assertTrue(ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile()));
  }

  /** Image i of a class has the level 10 i + salt everywhere. */
  private void tree(Path folder, int n, int salt, String ending) throws IOException {
    for (int i = 0; i < n; i++) {
      int level = 10 * i + salt;
      write(folder.resolve(i + "." + ending), 6, 4, new Color(level, level, level));
    }
  }

  private static Set<Integer> levels(Dataset set, int label) {
    Set<Integer> levels = new HashSet<>();
    for (int i = 0; i < set.size(); i++) {
      float[] image = TestData.image(set, i);
      if (set.label(i) == label) {
        assertTrue(levels.add(Math.round(255 * image[0])), "twice");
      }
    }
    return levels;
  }

  @Test
  void treeIsSplitWithinEachClassAndAlwaysAlike() throws IOException {
    tree(dir.resolve("t/dog"), 20, 1, "png");
    tree(dir.resolve("t/cat"), 11, 3, "bmp");
    Files.writeString(dir.resolve("t/cat/notes.txt"), "no image");
    Files.writeString(dir.resolve("t/cat/.hidden.png"), "no image");
    Files.writeString(dir.resolve("t/readme.txt"), "no image");
    tree(dir.resolve("t/dog/more"), 2, 1, "png");
    Splits s = open(dir.resolve("t"), null);
    assertEquals(List.of("cat", "dog"), s.train().classNames());
    assertEquals(List.of("cat", "dog"), s.test().classNames());
    assertEquals(6, s.train().width());
    assertEquals(4, s.train().height());
    for (int k = 0; k < 2; k++) {
      Set<Integer> all = levels(s.train(), k);
      assertEquals(k == 0 ? 9 : 16, all.size());
      assertEquals(k == 0 ? 1 : 2, levels(s.valid(), k).size());
      assertEquals(k == 0 ? 1 : 2, levels(s.test(), k).size());
      all.addAll(levels(s.valid(), k));
      all.addAll(levels(s.test(), k));
      assertEquals(k == 0 ? 11 : 20, all.size(), "each image is in one part");
    }
    assertEquals(s.train().sha256(), open(dir.resolve("t"), null).train().sha256());
    // Any range has all classes.
    assertEquals(List.of(), s.train().limit(8).absentClasses());
    assertTrue(s.description().contains("split at random (seed 1234)"), s.description());
    String ignored = ", 2 other files and 1 sub-folder ignored";
    assertTrue(s.description().endsWith(ignored), s.description());
    // 1234 is the usual seed; with another one, other images are tested.
    assertEquals(s.test().sha256(), seeded(dir.resolve("t"), 1234).test().sha256());
    Splits other = seeded(dir.resolve("t"), 5);
    assertTrue(other.description().contains("(seed 5)"), other.description());
    assertNotEquals(
        levels(s.test(), 1).toString() + levels(s.valid(), 1),
        levels(other.test(), 1).toString() + levels(other.valid(), 1));
  }

  @Test
  void partsAreFolders() throws IOException {
    tree(dir.resolve("p/train/10"), 5, 1, "png");
    tree(dir.resolve("p/train/2"), 5, 2, "gif");
    tree(dir.resolve("p/val/2"), 2, 3, "png");
    tree(dir.resolve("p/test/10"), 3, 4, "jpg");
    Splits s = open(dir.resolve("p"), null);
    assertEquals(10, s.train().size());
    assertEquals(2, s.valid().size());
    assertEquals(3, s.test().size());
    // Numbers in the order of their values; not from 0, so they are names.
    assertEquals(List.of("2", "10"), s.train().classNames());
    assertEquals(1, s.test().label(0));
    assertEquals(Set.of(4, 14, 24), levels(s.test(), 1));
    assertTrue(s.description().endsWith("EXIF orientation ignored"), s.description());
    tree(dir.resolve("p/unlabelled"), 1, 1, "png");
    assertTrue(open(dir.resolve("p"), null).description().endsWith(", 1 sub-folder ignored"));
    assertFails(CsdpException.USAGE, () -> seeded(dir.resolve("p"), 5), "not one tree");
  }

  @Test
  void greyIsLuminanceInEachFormat() throws IOException {
    for (String ending : List.of("png", "jpg", "bmp", "gif")) {
      Path file = dir.resolve("x." + ending);
      write(file, 5, 5, new Color(200, 100, 50));
      float grey = Images.read(file, 5, 5)[0][12];
      assertEquals((0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255, grey, 0.015, ending);
      assertEquals(grey, Images.read(file, 3, 2, false, true)[0][5], 1e-6, ending);
      assertFails(CsdpException.USAGE, () -> Images.read(file, 3, 2), file + ": images of 5 x 5");
    }
  }

  @Test
  void sizesThatDifferAreNamedOrScaled() throws IOException {
    tree(dir.resolve("s/a"), 4, 1, "png");
    tree(dir.resolve("s/b"), 4, 2, "png");
    write(dir.resolve("s/b/wide.png"), 9, 4, Color.WHITE);
    assertFails(
        CsdpException.USAGE,
        () -> open(dir.resolve("s"), null),
        "9x4",
        "6x4",
        "give one size with --size",
        "wide.png");
    Splits s = open(dir.resolve("s"), "3x5");
    assertEquals(3, s.train().width());
    assertEquals(5, s.train().height());
    assertTrue(s.description().contains("scaled to 3x5"), s.description());
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("s"), "3"), "3 is not a size");
    for (String large : List.of("99999x99999", "100000x100000")) {
      assertFails(CsdpException.USAGE, () -> open(dir.resolve("s"), large), "too large; give");
    }
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("s"), "0x3"), "at least 1");
    assertFails(
        CsdpException.USAGE,
        () ->
            DataSources.open(
                DataRequest.of("strokes", 0, 0)
                    .with(new FolderOptions(new ImageSize(3, 3), null, null)),
                line -> {}),
        "strokes is not a folder of image files");
  }

  /** Kaggle's train.csv may list image files, or hold pixels. */
  @Test
  void aListOfTheFilesIsNoData() throws IOException {
    for (String c : List.of("a", "b")) {
      tree(dir.resolve("k/train/" + c), 3, 5, "png");
    }
    Path csv = dir.resolve("k/train.csv");
    for (String text : List.of("id,label\n0.png,a\n", "id,label\n7,1\n8,0\n", "label,id\n")) {
      Files.writeString(csv, text);
      Splits s = open(dir.resolve("k"), null);
      assertEquals(6, s.train().width(), text);
      assertTrue(s.description().contains("image files"), s.description());
      assertTrue(s.description().endsWith(", 1 other file ignored"), s.description());
    }
    Files.writeString(csv, "label,a,b,c,d\n0,10,20,30,40\n1,50,60,70,80\n");
    Splits s = open(dir.resolve("k"), null);
    assertEquals(2, s.train().width());
    assertTrue(s.description().contains("CSV files"), s.description());
  }

  @Test
  void brokenFilesAreNamed() throws IOException {
    for (String ending : List.of("png", "jpg", "bmp", "gif")) {
      Path folder = dir.resolve("broken-" + ending);
      for (String c : List.of("a", "b")) {
        tree(folder.resolve(c), 2, 5, ending);
      }
      Path file = folder.resolve("b/1." + ending);
      byte[] whole = Files.readAllBytes(file);
      for (int cut : new int[] {0, 10, whole.length / 2, whole.length - 20}) {
        Files.write(file, Arrays.copyOf(whole, cut));
        assertFails(CsdpException.USAGE, () -> open(folder, null), file.toString());
      }
      Files.writeString(file, "hello");
      assertFails(CsdpException.USAGE, () -> open(folder, null), file.toString());
    }
    Path empty = Files.createDirectories(dir.resolve("broken-png/c"));
    assertFails(CsdpException.USAGE, () -> open(dir.resolve("broken-png"), null), empty.toString());
  }
}
