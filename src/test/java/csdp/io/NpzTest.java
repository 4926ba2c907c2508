package csdp.io;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.error.CsdpException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpzTest {
  @TempDir Path dir;
  private Path file;

  @BeforeEach
  void file() {
    file = dir.resolve("a.npz");
  }

  private static byte[] npy(Object data, int... shape) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.write(out, shape, data);
    return out.toByteArray();
  }

  private void zip(boolean deflate, Object... namesAndBytes) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.setLevel(deflate ? 9 : 0);
      for (int i = 0; i < namesAndBytes.length; i += 2) {
        zip.putNextEntry(new ZipEntry((String) namesAndBytes[i]));
        zip.write((byte[]) namesAndBytes[i + 1]);
      }
    }
  }

  private void refused(String part) {
    assertFails(
        CsdpException.USAGE,
        () -> {
          try (Npz npz = Npz.open(file)) {
            npz.names().forEach(npz::array);
          }
        },
        part);
  }

  @Test
  void arraysComeBackInOrder() throws IOException {
    try (NpzWriter w = new NpzWriter(file)) {
      w.add("weights", new int[] {1, 2}, new float[] {1, Float.NaN})
          .add("train/0/y", new int[] {3}, new byte[] {1, 2, 3})
          .add("k", new int[0], new long[] {7})
          .add("n", new int[] {1}, new int[] {-1})
          .addUnsigned("key", new int[] {2}, new int[] {1, -1});
    }
    try (Npz npz = Npz.open(file)) {
      assertEquals(List.of("weights", "train/0/y", "k", "n", "key"), List.copyOf(npz.names()));
      assertTrue(npz.has("k"));
      assertFalse(npz.has("k.npy"));
      assertArrayEquals(new float[] {1, Float.NaN}, npz.array("weights").floats());
      assertArrayEquals(new byte[] {1, 2, 3}, npz.array("train/0/y").bytes());
      assertArrayEquals(new int[] {7}, npz.array("k").ints());
      assertArrayEquals(new int[] {-1}, npz.array("n").ints());
      assertArrayEquals(new long[] {1, 0xFFFFFFFFL}, npz.array("key").longs());
      assertTrue(
          assertThrows(CsdpException.class, () -> npz.array("none"))
              .getMessage()
              .contains("weights, train/0/y"));
    }
  }

  @Test
  void equalArraysMakeEqualBytes() throws IOException {
    ByteArrayOutputStream a = new ByteArrayOutputStream();
    ByteArrayOutputStream b = new ByteArrayOutputStream();
    for (ByteArrayOutputStream out : List.of(a, b)) {
      try (NpzWriter w = new NpzWriter(out)) {
        w.add("x", new int[] {2}, new double[] {1, 2});
      }
    }
    assertArrayEquals(a.toByteArray(), b.toByteArray());
    NpzWriter w = new NpzWriter(new ByteArrayOutputStream());
    w.add("x", new int[0], new int[1]);
    assertThrows(IllegalArgumentException.class, () -> w.add("x", new int[0], new int[1]));
  }

  @Test
  void readsDeflatedArchivesAndSkipsOtherFiles() throws IOException {
    zip(
        true,
        "x.npy",
        npy(new float[300_000], 300_000),
        "readme.txt",
        "hello".getBytes(StandardCharsets.US_ASCII));
    try (Npz npz = Npz.open(file)) {
      assertEquals(List.of("x"), List.copyOf(npz.names()));
      assertEquals(300_000, npz.array("x").size());
    }
  }

  @Test
  void refusesHostileNames() throws IOException {
    for (String name : new String[] {"../x.npy", "/x.npy", "a/../../x.npy", "C:\\x.npy", "..\\x"}) {
      zip(false, name, npy(new float[1], 1));
      refused("outside of the archive");
    }
  }

  @Test
  void refusesDuplicates() throws IOException {
    zip(false, "a.npy", npy(new float[1], 1), "b.npy", npy(new float[1], 1));
    String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    Files.write(file, bytes.replace("b.npy", "a.npy").getBytes(StandardCharsets.ISO_8859_1));
    refused("twice");
  }

  @Test
  void refusesDamage() throws IOException {
    refused("does not exist");
    Files.write(file, new byte[0]);
    refused("not a whole .npz");
    Files.write(file, "no zip at all".getBytes(StandardCharsets.US_ASCII));
    refused("not a whole .npz");
    try (NpzWriter w = new NpzWriter(file)) {
      w.add("x", new int[] {64}, new float[64]);
    }
    byte[] good = Files.readAllBytes(file);
    byte[] flipped = good.clone();
    flipped[250] ^= 4;
    Files.write(file, flipped);
    refused("checksum");
    Files.write(file, java.util.Arrays.copyOf(good, good.length - 30));
    refused("not a whole .npz");
    zip(false, "x.npy", "not an array".getBytes(StandardCharsets.US_ASCII));
    refused("not a NumPy array");
  }

  @Test
  void aBombGetsNoMoreMemoryThanItsEntryHas() throws IOException {
    // The header claims 8 GB, the entry has a few hundred bytes.
    byte[] array = npy(new double[4], 4);
    String claim = new String(array, StandardCharsets.ISO_8859_1);
    claim = claim.replace("(4,), }          ", "(1000000000,), } ");
    zip(true, "x.npy", claim.getBytes(StandardCharsets.ISO_8859_1));
    refused("cut short");
  }
}
