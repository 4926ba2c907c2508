package csdp.io;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.error.CsdpException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  @TempDir Path dir;

  /** A file as NumPy would write it. */
  private static byte[] npy(int version, String dict, byte[] data) {
    byte[] text = (dict + "\n").getBytes(StandardCharsets.UTF_8);
    ByteBuffer b = ByteBuffer.allocate(12 + text.length + data.length);
    b.order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0x93)
        .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
        .put((byte) version);
    b.put((byte) 0);
    if (version == 1) {
      b.putShort((short) text.length);
    } else {
      b.putInt(text.length);
    }
    b.put(text).put(data);
    return Arrays.copyOf(b.array(), b.position());
  }

  private static String dict(String descr, boolean fortran, String shape) {
    return "{'descr': '"
        + descr
        + "', 'fortran_order': "
        + (fortran ? "True" : "False")
        + ", 'shape': "
        + shape
        + ", }";
  }

  private static NpyArray read(byte[] bytes) throws IOException {
    return Npy.read(new ByteArrayInputStream(bytes), "x.npy", bytes.length);
  }

  private static void refused(byte[] bytes, String part) {
    assertFails(CsdpException.USAGE, () -> read(bytes), part, "x.npy");
  }

  private static byte[] bytes(int... values) {
    byte[] b = new byte[values.length];
    for (int i = 0; i < b.length; i++) {
      b[i] = (byte) values[i];
    }
    return b;
  }

  /**
   * Returns a file that this user may not read. On Linux, root may not read files of the kernel.
   */
  private Path unreadable() throws IOException {
    Path own = dir.resolve("secret.npy");
    Npy.write(own, new int[] {1}, new float[1]);
    assertTrue(own.toFile().setReadable(false));
    Path kernels = Path.of("/proc/sys/vm/compact_memory");
    Path file = Files.isReadable(own) ? kernels : own;
    assumeTrue(Files.exists(file), "this user (root?) may read everything");
    return file;
  }

  @Test
  void filesWithoutPermissionAreTheEnvironment() throws IOException {
    Path file = unreadable();
    String words = "cannot read " + file + ": no permission; make it readable";
    assertFails(3, () -> Npy.read(file), words);
    assertFails(3, () -> NpyReader.open(file), words);
    assertFails(3, () -> Npz.open(file), words);
    assertFails(3, () -> Hdf5.open(file), words);
    assertFails(3, () -> Json.tree(file), words);
  }

  @Test
  void writesTheBytesOfNumpy() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.write(out, new int[] {2, 1}, new float[] {1, -2});
    String dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
    String header = dict + " ".repeat(128 - 10 - dict.length() - 1);
    byte[] expected = Arrays.copyOf(npy(1, header, new byte[0]), 136);
    ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN).putFloat(128, 1).putFloat(132, -2);
    assertArrayEquals(expected, out.toByteArray());
  }

  @Test
  void everyTypeComesBack() throws IOException {
    Object[] all = {
      new float[] {1.5f, Float.NaN, -0f, Float.NEGATIVE_INFINITY},
      new double[] {Math.PI, Double.NaN, Double.MIN_VALUE, -1},
      bytes(0, 127, 128, 255),
      new int[] {Integer.MIN_VALUE, -1, 0, Integer.MAX_VALUE},
      new long[] {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE}
    };
    for (Object data : all) {
      Path file = dir.resolve("a.npy");
      Npy.write(file, new int[] {2, 2}, data);
      NpyArray a = Npy.read(file);
      assertArrayEquals(new int[] {2, 2}, a.shape());
      assertTrue(Arrays.deepEquals(new Object[] {data}, new Object[] {a.data()}));
      assertEquals(4, a.size());
    }
  }

  @Test
  void largeArraysComeBackFromFilesAndStreams() throws IOException {
    float[] data = new float[700_001];
    for (int i = 0; i < data.length; i++) {
      data[i] = i;
    }
    Path file = dir.resolve("a.npy");
    Npy.write(file, new int[] {data.length}, data);
    assertArrayEquals(data, Npy.read(file).floats());
    assertArrayEquals(data, read(Files.readAllBytes(file)).floats());
  }

  @Test
  void readsBothByteOrdersAndAllVersions() throws IOException {
    for (int version = 1; version <= 3; version++) {
      assertArrayEquals(
          new float[] {1, -2},
          read(npy(version, dict(">f4", false, "(2,)"), bytes(0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0)))
              .floats());
    }
    assertArrayEquals(
        new int[] {258}, read(npy(1, dict(">i4", false, "()"), bytes(0, 0, 1, 2))).ints());
    assertArrayEquals(
        new int[] {-2, 1}, read(npy(1, dict("|i1", false, "(2,)"), bytes(254, 1))).ints());
    assertArrayEquals(bytes(1, 0), read(npy(1, dict("|b1", false, "(2,)"), bytes(1, 0))).bytes());
    assertArrayEquals(
        new int[] {65535, 1},
        read(npy(1, dict("<u2", false, "(2,)"), bytes(255, 255, 1, 0))).ints());
    NpyArray u4 = read(npy(1, dict("<u4", false, "(1,)"), bytes(255, 255, 255, 255)));
    assertArrayEquals(new long[] {0xFFFFFFFFL}, u4.longs());
    assertThrows(CsdpException.class, u4::ints);
    assertArrayEquals(
        new int[] {7},
        read(npy(1, dict("<i8", false, "()"), bytes(7, 0, 0, 0, 0, 0, 0, 0))).ints());
    refused(
        npy(1, dict("<u8", false, "()"), bytes(0, 0, 0, 0, 0, 0, 0, 128)), "9223372036854775808");
  }

  @Test
  void headersAsNumpyReadsThem() throws IOException {
    byte[] two = bytes(0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0);
    for (String header :
        new String[] {
          "{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}",
          "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2,)}",
          "{'descr': \"<f4\", 'shape': (2,), 'fortran_order': False, }",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }",
          "{u'descr': u'<f4', u'fortran_order': False, u'shape': (2l ,), }   ",
          "\n { 'descr'\t:'<f4' ,'fortran_order':False,'shape':( 2 , ) , } \n ",
          "{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}",
          "{'descr': '=f4', 'fortran_order': False, 'shape': (2,)}",
          "{'descr': 'f4', 'fortran_order': False, 'shape': (2,)}",
          "{'descr': 'float32', 'fortran_order': False, 'shape': (2,)}",
          "{'descr': '<f', 'fortran_order': False, 'shape': (2,)}",
        }) {
      for (int version = 1; version <= 3; version++) {
        NpyArray a = read(npy(version, header, two));
        assertArrayEquals(new float[] {1, -2}, a.floats(), header);
        assertArrayEquals(new int[] {2}, a.shape(), header);
      }
    }
    for (String header :
        new String[] {
          "",
          "{",
          "{}",
          "[]",
          "{'descr': '<f4', 'fortran_order': False}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
          "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
          "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': [2]}",
          "{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + {}",
          "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
          "{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,)}",
          "(".repeat(60_000),
        }) {
      refused(npy(2, header, two), "header is damaged");
    }
  }

  @Test
  void halfFloatsAndTruthValues() throws IOException {
    // By numpy: np.float16([0, -0, 1, -2, 1/3, 65504, 2**-24, inf, nan]).view('u2')
    int[] bits = {0, 0x8000, 0x3C00, 0xC000, 0x3555, 0x7BFF, 1, 0x7C00, 0x7E00};
    float[] values = {
      0, -0f, 1, -2, 0x1.554p-2f, 65504, 0x1p-24f, Float.POSITIVE_INFINITY, Float.NaN
    };
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      ByteBuffer data = ByteBuffer.allocate(2 * bits.length).order(order);
      for (int b : bits) {
        data.putShort((short) b);
      }
      String descr = order == ByteOrder.BIG_ENDIAN ? ">f2" : "<f2";
      assertArrayEquals(values, read(npy(1, dict(descr, false, "(9,)"), data.array())).floats());
    }
    NpyArray logical = read(npy(1, dict("|b1", true, "(2, 2)"), bytes(1, 0, 0, 7)));
    assertArrayEquals(new float[] {1, 0, 0, 1}, logical.floats());
    assertArrayEquals(new int[] {1, 0, 0, 1}, logical.ints());
    Npy.write(dir.resolve("b.npy"), new int[] {3}, new boolean[] {true, false, true});
    assertArrayEquals(new int[] {1, 0, 1}, Npy.read(dir.resolve("b.npy")).ints());
  }

  @Test
  void everyIntegerInBothOrders() throws IOException {
    for (String type : new String[] {"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
      int width = type.charAt(1) - '0';
      for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
        byte[] data = new byte[2 * width];
        data[order == ByteOrder.BIG_ENDIAN ? width - 1 : 0] = 7;
        data[order == ByteOrder.BIG_ENDIAN ? 2 * width - 1 : width] = 100;
        String descr = (order == ByteOrder.BIG_ENDIAN ? ">" : "<") + type;
        NpyArray a = read(npy(1, dict(descr, false, "(2,)"), data));
        assertArrayEquals(new int[] {7, 100}, a.ints(), descr);
        assertArrayEquals(bytes(7, 100), a.bytes(), descr);
      }
    }
  }

  @Test
  void whatCannotBeHonouredIsNamed() {
    String[][] all = {
      {"'|O'", "Python objects"},
      {"'O'", "Python objects"},
      {"'<c8'", "complex"},
      {"'complex128'", "complex"},
      {"'<U5'", "text"},
      {"'|S3'", "text"},
      {"'<M8[D]'", "dates"},
      {"'<m8[ns]'", "dates"},
      {"'|V8'", "records"},
      {"'<f16'", "unusual size (<f16)"},
      {"'<i3'", "unknown type"},
      {"[('a', '<f4'), ('b', '<i8', (2, 3))]", "records"},
      {"('<f4', (2,))", "records"},
      {"None", "records"},
    };
    for (String[] one : all) {
      String header = "{'descr': " + one[0] + ", 'fortran_order': False, 'shape': (2,), }";
      refused(npy(1, header, new byte[32]), one[1]);
    }
  }

  @Test
  void anArchiveOfOneArrayIsThatArray() throws IOException {
    Path one = dir.resolve("one.npz");
    try (NpzWriter out = new NpzWriter(one)) {
      out.add("arr_0", new int[] {2}, new float[] {1, 2});
    }
    assertArrayEquals(new float[] {1, 2}, Npy.read(one).floats());
    try (NpzWriter out = new NpzWriter(one)) {
      out.add("x", new int[] {1}, new float[1]).add("y", new int[] {1}, new float[1]);
    }
    CsdpException e = assertThrows(CsdpException.class, () -> Npy.read(one));
    assertTrue(e.getMessage().contains("x, y") && e.getMessage().contains("one.npz"), "" + e);
  }

  @Test
  void fortranOrderIsTransposed() throws IOException {
    NpyArray a = read(npy(1, dict("|u1", true, "(2, 3)"), bytes(1, 4, 2, 5, 3, 6)));
    assertArrayEquals(bytes(1, 2, 3, 4, 5, 6), a.bytes());
    // numpy: np.arange(8).reshape(2, 2, 2) column by column
    NpyArray cube = read(npy(1, dict("|u1", true, "(2, 2, 2)"), bytes(0, 4, 2, 6, 1, 5, 3, 7)));
    assertArrayEquals(bytes(0, 1, 2, 3, 4, 5, 6, 7), cube.bytes());
  }

  @Test
  void scalarsAndEmptyArrays() throws IOException {
    NpyArray scalar = read(npy(1, dict("<f4", false, "()"), bytes(0, 0, 0x80, 0x3F)));
    assertEquals(0, scalar.rank());
    assertEquals(1, scalar.floats()[0]);
    assertEquals(0, read(npy(1, dict("<f4", false, "(3, 0)"), bytes())).size());
  }

  @Test
  void refusesWhatIsDamaged() {
    byte[] good = npy(1, dict("<f4", false, "(2,)"), new byte[8]);
    for (int n = 0; n < good.length; n++) {
      byte[] cut = Arrays.copyOf(good, n);
      assertThrows(CsdpException.class, () -> read(cut), "cut at " + n);
    }
    refused("PK..........".getBytes(StandardCharsets.US_ASCII), "not a NumPy array");
    refused(npy(4, "", bytes()), "version 4");
    refused(npy(1, "{'descr': }", bytes()), "header is damaged");
    refused(npy(1, dict("<f4", false, "(2,)"), new byte[7]), "needs 8 bytes but 7");
    refused(npy(1, dict("|O", false, "(2,)"), new byte[16]), "Python objects");
    refused(npy(1, dict("<c8", false, "(2,)"), new byte[16]), "<c8");
    refused(
        npy(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", new byte[4]),
        "records");
    byte[] longHeader = npy(2, dict("<f4", false, "(2,)"), new byte[8]);
    longHeader[11] = 127;
    refused(longHeader, "not plausible");
  }

  @Test
  void neverAllocatesOnTheHeadersWord() {
    for (String shape :
        new String[] {
          "(2000000000,)",
          "(99999999999999999999,)",
          "(4000000000,)",
          "(65536, 65536)",
          "(2147483647, 2147483647, 2147483647, 2147483647)",
          "(-1,)",
          "(-2, -2)"
        }) {
      byte[] bytes = npy(1, dict("<f8", false, shape), new byte[32]);
      // Even a caller that allows everything gets no more memory than bytes arrive.
      assertThrows(
          CsdpException.class,
          () -> Npy.read(new ByteArrayInputStream(bytes), "x.npy", Long.MAX_VALUE),
          shape);
      assertThrows(CsdpException.class, () -> read(bytes), shape);
    }
  }

  @Test
  void refusesTrailingBytesAndMissingFiles() throws IOException {
    Path file = dir.resolve("a.npy");
    Files.write(file, npy(1, dict("<f4", false, "(1,)"), new byte[9]));
    assertThrows(CsdpException.class, () -> Npy.read(file));
    assertThrows(CsdpException.class, () -> Npy.read(dir.resolve("none.npy")));
  }

  @Test
  void conversionsAreExactOrRefused() {
    assertArrayEquals(new int[] {0, 255}, new NpyArray(new int[] {2}, bytes(0, 255)).ints());
    assertArrayEquals(new float[] {255}, new NpyArray(new int[] {1}, bytes(255)).floats());
    assertArrayEquals(new int[] {3}, new NpyArray(new int[0], new float[] {3}).ints());
    for (float bad : new float[] {0.5f, Float.NaN, 3e9f, Float.POSITIVE_INFINITY}) {
      assertThrows(
          CsdpException.class, () -> new NpyArray(new int[0], new float[] {bad}).ints(), "" + bad);
    }
    assertThrows(
        CsdpException.class, () -> new NpyArray(new int[0], new double[] {0x1p63}).longs());
    assertThrows(CsdpException.class, () -> new NpyArray(new int[0], new int[] {256}).bytes());
    assertInstanceOf(float[].class, new NpyArray(new int[0], new float[1]).floats());
  }

  @Test
  void shapesAreChecked() {
    NpyArray a = new NpyArray("W1.npz (weights)", new int[] {2, 3}, new float[6]);
    assertEquals(a, a.expectShape(2, 3).expectShape(-1, 3));
    CsdpException e = assertThrows(CsdpException.class, () -> a.expectShape(3, 2));
    assertEquals("W1.npz (weights) has shape (2, 3); expected (3, 2)", e.getMessage());
    assertThrows(CsdpException.class, () -> a.expectShape(6));
    assertThrows(CsdpException.class, () -> new NpyArray(new int[] {2, 3}, new float[5]));
  }
}
