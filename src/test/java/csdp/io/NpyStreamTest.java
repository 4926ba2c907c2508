package csdp.io;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Arrays of files that are read and written piece by piece, and files that appear when complete.
 */
class NpyStreamTest {
  @TempDir Path dir;

  @Test
  void blocksGiveTheBytesOfTheWholeArray() throws IOException {
    float[] values = new float[12_345 * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / 7f;
    }
    Path whole = dir.resolve("whole.npy");
    Npy.write(whole, new int[] {12_345, 3}, values);
    Path blocks = dir.resolve("blocks.npy");
    try (AtomicFile file = AtomicFile.begin(blocks)) {
      NpyWriter writer = new NpyWriter(file.temporary(), "<f4", 3);
      for (int from = 0; from < 12_345; from += 999) {
        int n = Math.min(999, 12_345 - from);
        writer.add(n, Arrays.copyOfRange(values, 3 * from, 3 * (from + n)));
      }
      writer.finish();
      assertFalse(Files.exists(blocks), "visible before it is complete");
      file.commit();
    }
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(blocks));

    try (NpyReader reader = NpyReader.open(blocks)) {
      assertArrayEquals(new int[] {12_345, 3}, reader.shape());
      assertTrue(reader.isRowMajor() && !reader.holdsIntegers());
      assertArrayEquals(Arrays.copyOf(values, 5), reader.next(5).floats());
      reader.skip(30_000);
      assertArrayEquals(Arrays.copyOfRange(values, 30_005, 30_012), reader.next(7).floats());
      assertEquals(values.length - 30_012, reader.left());
    }
  }

  @Test
  void anArrayLargerThanMemoryIsOpenedIfItIsThere() throws IOException {
    byte[] header = Npy.header("|u1", new int[] {1_000_000_000, 784});
    Path file = dir.resolve("large.npy");
    Files.write(file, header);
    assertFails(2, () -> NpyReader.open(file), "needs 784000000000 bytes but 0 are there");
    Files.write(file, Npy.header("|u1", new int[] {Integer.MAX_VALUE - 8, Integer.MAX_VALUE - 8}));
    assertFails(2, () -> NpyReader.open(file), "cut short");
    try (var large =
        java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
      large.write(java.nio.ByteBuffer.wrap(header), 0);
      large.write(java.nio.ByteBuffer.wrap(new byte[] {9}), header.length + 784_000_000_000L - 1);
    } catch (IOException e) {
      return; // no sparse files of this size here
    }
    try (NpyReader reader = NpyReader.open(file)) {
      assertEquals(784_000_000_000L, reader.left());
      reader.skip(783_999_999_999L);
      assertEquals(9, reader.next(1).bytes()[0]);
    }
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    Path file = dir.resolve("a.npy");
    Npy.write(file, new int[] {4, 2}, new int[8]);
    byte[] good = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(good, good.length - 1));
    assertFails(2, () -> NpyReader.open(file), "a.npy", "cut short");
    Files.write(file, Arrays.copyOf(good, good.length + 1));
    assertFails(2, () -> NpyReader.open(file), "a.npy", "more bytes");
    Files.write(file, new byte[3]);
    assertFails(2, () -> NpyReader.open(file), "not a NumPy array");
    String text = new String(good, java.nio.charset.StandardCharsets.ISO_8859_1);
    byte[] columns =
        text.replace("'fortran_order': False", "'fortran_order':  True")
            .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    Files.write(file, columns);
    try (NpyReader reader = NpyReader.open(file)) {
      assertTrue(reader.holdsIntegers() && !reader.isRowMajor());
    }
  }

  @Test
  void uncommittedContentLeavesTheEarlierFile() throws IOException {
    Path file = Files.writeString(dir.resolve("f"), "earlier");
    try (AtomicFile next = AtomicFile.begin(file)) {
      Files.write(next.temporary(), new byte[100]);
    }
    assertEquals("earlier", Files.readString(file));
    try (var names = Files.list(dir)) {
      assertEquals(1, names.count(), "a temporary is left");
    }
    assertFails(3, () -> AtomicFile.begin(file.resolve("below")), "below");
  }
}
