package csdp.data;

import static csdp.data.TestData.gzip;
import static csdp.data.TestData.idx;
import static csdp.data.TestData.idxImages;
import static csdp.data.TestData.idxLabels;
import static csdp.data.TestData.image;
import static csdp.data.TestData.write;
import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
  @TempDir Path dir;

  @Test
  void readsPlainAndGzipByContent() throws IOException {
    byte[] images = idx(new byte[] {0, 51, -1, 1, 2, 3}, 2, 1, 3);
    byte[] labels = idx(new byte[] {4, (byte) 200}, 2);
    Path plain = write(dir.resolve("images.gz"), images); // the name is wrong on purpose
    Path packed = write(dir.resolve("labels"), gzip(labels));
    Dataset set = Idx.read(plain, packed, "set", 0);
    assertEquals(3, set.width());
    assertEquals(1, set.height());
    assertEquals(201, set.classes());
    assertArrayEquals(new int[] {4, 200}, Idx.readLabels(packed));
    assertArrayEquals(new float[] {0, 51 / 255f, 1}, image(set, 0));
    assertArrayEquals(new float[] {1 / 255f, 2 / 255f, 3 / 255f}, image(set, 1));
  }

  @Test
  void filesLargerThanAChunkAreWhole() throws IOException {
    byte[] values = new byte[3_000_001];
    values[values.length - 1] = 9;
    byte[] bytes = idx(values, values.length);
    for (byte[] file : new byte[][] {bytes, gzip(bytes)}) {
      int[] labels = Idx.readLabels(write(dir.resolve("big"), file));
      assertEquals(values.length, labels.length);
      assertEquals(9, labels[values.length - 1]);
    }
  }

  @Test
  void damagedFilesAreNamedInALine() throws IOException {
    byte[] good = idxImages(2, 2, 0);
    for (boolean zip : new boolean[] {false, true}) {
      refused(idxLabels(2, 2), zip, "not an IDX file of images", "00000803");
      refused(new byte[] {0, 0}, zip, "not an IDX");
      refused(new byte[0], zip, "not an IDX");
      refused(Arrays.copyOf(good, 10), zip, "truncated in its header");
      refused(Arrays.copyOf(good, good.length - 1), zip, "truncated", "24 bytes");
      refused(Arrays.copyOf(good, good.length + 1), zip, "trailing bytes");
      refused(idx(new byte[8], -1, 2, 2), zip, "size -1");
      refused(idx(new byte[0], 2, 0, 2), zip, "size 0");
      refused(idx(new byte[8], 65536, 65536, 1), zip, "2 GiB");
      refused(idx(new byte[8], 1 << 30, 1 << 30, 1 << 30), zip, "2 GiB");
      // Declares nearly 2 GiB that are not there: this must not take 2 GiB to find out.
      refused(idx(new byte[8], 2, 32768, 32767), zip, zip ? "refused" : "truncated");
    }
  }

  private void refused(byte[] bytes, boolean zip, String... words) throws IOException {
    Path file = write(dir.resolve("bad"), zip ? gzip(bytes) : bytes);
    String[] all = Arrays.copyOf(words, words.length + 1);
    all[words.length] = file.toString();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertFails(2, () -> Idx.load(file, 3), all);
    long taken = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(taken < 64 << 20, taken + " bytes taken on the word of a header");
  }

  @Test
  void brokenGzip() throws IOException {
    byte[] whole = gzip(idxImages(50, 4, 0));
    Path cut = write(dir.resolve("cut.gz"), Arrays.copyOf(whole, whole.length / 2));
    assertFails(2, () -> Idx.load(cut, 3), "truncated", cut.toString());
    byte[] flipped = whole.clone();
    flipped[flipped.length - 6] ^= 1; // the CRC
    Path damaged = write(dir.resolve("crc.gz"), flipped);
    assertFails(2, () -> Idx.load(damaged, 3), "damaged gzip", damaged.toString());
  }

  @Test
  void missingFilesAndPairsThatDoNotFit() throws IOException {
    assertFails(2, () -> Idx.readLabels(dir.resolve("none")), "no such file", "none");
    assertFails(2, () -> Idx.readLabels(dir), "not a file");
    Path images = write(dir.resolve("i"), idxImages(3, 2, 0));
    Path labels = write(dir.resolve("l"), idxLabels(2, 2));
    assertFails(2, () -> Idx.read(images, labels, "s", 0), "3 images", "2 labels");
    Path three = write(dir.resolve("l3"), idxLabels(3, 3));
    assertFails(2, () -> Idx.read(images, three, "s", 2), "image 2 is 2");
  }
}
