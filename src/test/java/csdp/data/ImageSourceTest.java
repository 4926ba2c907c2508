package csdp.data;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.data.ImageSource.Item;
import csdp.io.Npy;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSourceTest {
  @TempDir Path dir;

  private static List<Item> all(ImageSource source) {
    List<Item> items = new ArrayList<>();
    try (source) {
      for (Item item = source.next(); item != null; item = source.next()) {
        items.add(item);
      }
    }
    return items;
  }

  private List<Item> all(boolean invert, Path... files) {
    return all(ImageSource.of(List.of(files), 0, 3, 2, invert, false));
  }

  @Test
  void streamedFilesHoldTheImagesThatAreReadWhole() throws IOException {
    float[] floats = new float[5 * 6];
    byte[] bytes = new byte[30];
    boolean[] lit = new boolean[30];
    int[] ints = new int[30];
    for (int i = 0; i < 30; i++) {
      floats[i] = i / 30f;
      bytes[i] = (byte) (8 * i);
      ints[i] = 8 * i;
      lit[i] = i % 3 == 0;
    }
    for (Object pixels : new Object[] {floats, bytes, ints, lit}) {
      for (int[] shape : new int[][] {{5, 2, 3}, {5, 6}, {5, 1, 2, 3}, {5, 2, 3, 1}}) {
        Path file = dir.resolve("a.npy");
        Npy.write(file, shape, pixels);
        for (boolean invert : new boolean[] {false, true}) {
          float[][] whole = Images.read(file, 3, 2, invert);
          List<Item> streamed = all(invert, file);
          assertEquals(5, streamed.size());
          for (int i = 0; i < 5; i++) {
            assertArrayEquals(whole[i], streamed.get(i).pixels());
            assertEquals(file + "[" + i + "]", streamed.get(i).name());
          }
        }
      }
    }
    Path one = dir.resolve("one.npy");
    Npy.write(one, new int[] {2, 3}, Arrays.copyOf(floats, 6));
    assertEquals(one.toString(), all(false, one).get(0).name());
    Path idx = TestData.write(dir.resolve("i"), TestData.idx(bytes, 5, 2, 3));
    assertEquals(5 + 1, all(false, idx, one).size());
  }

  @Test
  void damageIsAnItemAndTheOthersGoOn() throws IOException {
    float[] pixels = new float[24];
    pixels[13] = Float.NaN;
    Path floats = dir.resolve("floats.npy");
    Npy.write(floats, new int[] {4, 6}, pixels);
    int[] grey = new int[24];
    grey[7] = 256;
    Path ints = dir.resolve("ints.npy");
    Npy.write(ints, new int[] {4, 6}, grey);
    Path broken = Files.write(dir.resolve("broken.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G'});
    Path binary = dir.resolve("binary.npy");
    Npy.write(binary, new int[] {1, 6}, new int[] {0, 1, 0, 0, 1, 0});
    Path size = dir.resolve("size.npy");
    Npy.write(size, new int[] {2, 4, 4}, new float[32]);
    List<Item> items = all(false, floats, broken, ints, binary, size, dir.resolve("gone.npy"));
    assertEquals(4 + 1 + 4 + 1 + 1 + 1, items.size());
    for (int i = 0; i < items.size(); i++) {
      boolean wrong = i == 2 || i == 4 || i == 6 || i >= 9;
      assertEquals(wrong, items.get(i).error() != null, items.get(i).toString());
      assertEquals(wrong, items.get(i).pixels() == null);
    }
    assertTrue(items.get(2).error().contains("pixel 1 of image 2 is NaN"), items.get(2).error());
    assertTrue(items.get(6).error().contains("256"), items.get(6).error());
    assertTrue(items.get(9).error().contains("astype(bool)"), items.get(9).error());
    assertTrue(items.get(10).error().contains("4 x 4"), items.get(10).error());
  }

  @Test
  void dataSetsGiveTheirLabels() {
    Dataset data = Strokes.draw("strokes", 1, 0, 4);
    List<Item> items = all(ImageSource.of(data));
    assertEquals(4, items.size());
    assertEquals(data.label(3), items.get(3).label());
    assertEquals("strokes[3]", items.get(3).name());
    assertNull(items.get(3).error());
    assertArrayEquals(TestData.image(data, 3), items.get(3).pixels());
  }

  @Test
  void filesOfFoldersAndPatternsInOrder() throws IOException {
    for (String name : List.of("b.png", "a.png", "sub/c.png", "sub/d.npy", "notes.txt")) {
      Path file = dir.resolve(name);
      Files.createDirectories(file.getParent());
      ImageIO.write(new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY), "png", file.toFile());
    }
    assertFound(List.of("a.png", "b.png", "sub/c.png", "sub/d.npy"), dir.toString());
    assertFound(List.of("a.png", "b.png"), dir + "/*.png");
    assertFound(List.of("a.png", "b.png", "sub/c.png"), dir + "/**.png");
    assertFound(List.of("sub/c.png", "sub/d.npy"), dir + "/s?b/{c,d}.*");
    assertFound(List.of("notes.txt"), dir.resolve("notes.txt").toString());
    assertFails(2, () -> ImageSource.find(dir + "/*.jpg"), "no file matches");
    assertFails(2, () -> ImageSource.find(dir + "/none/*.jpg"), "no folder");
    assertFails(2, () -> ImageSource.find(dir + "/none.png"), "no such file");
    assertFails(2, () -> ImageSource.find(dir + "/[.png"), "not a pattern");
    Files.createDirectories(dir.resolve("empty"));
    assertFails(2, () -> ImageSource.find(dir + "/empty"), "no pictures");
  }

  private void make(String... names) throws IOException {
    for (String name : names) {
      TestData.write(dir.resolve(name), new byte[1]);
    }
  }

  @Test
  void aPathThatExistsIsNoPattern() throws IOException {
    make("scan[1].png", "scan1.png", "set[2]/a.png", "set2/b.png", "._scan1.png");
    assertFound(List.of("scan[1].png"), dir + "/scan[1].png");
    assertFound(List.of("set[2]/a.png"), dir + "/set[2]");
    assertFound(List.of("set[2]/a.png"), dir + "/set[2]/*.png");
    assertFound(List.of("scan1.png"), dir + "/scan[1-3].png");
    assertFound(List.of("scan1.png", "scan[1].png"), dir + "/*.png");
    assertFound(List.of("scan1.png", "scan[1].png", "set2/b.png", "set[2]/a.png"), dir + "");
  }

  /** Such a path is in a list of files whose names were not decoded. */
  @Test
  void aNameInAnotherEncodingIsCalledThat() {
    assumeTrue(
        "UTF-8".equals(System.getProperty("sun.jnu.encoding")), "this locale has few letters");
    Item item = all(false, dir.resolve("caf\uFFFD.png")).get(0);
    assertTrue(item.error().contains("not in the encoding of this locale"), item.error());
  }

  @Test
  void aLinkedFolderIsAFolder() throws IOException {
    make("there/a.png", "there/sub/b.png");
    Files.createSymbolicLink(dir.resolve("link"), dir.resolve("there"));
    assertFound(List.of("link/a.png", "link/sub/b.png"), dir + "/link");
    assertFound(List.of("link/a.png"), dir + "/link/*.png");
    assertFound(List.of("link/a.png", "link/sub/b.png"), dir + "/link/**.png");
  }

  private void assertFound(List<String> names, String pattern) {
    assertEquals(names.stream().map(dir::resolve).toList(), ImageSource.find(pattern), pattern);
  }
}
