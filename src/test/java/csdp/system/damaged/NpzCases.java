package csdp.system.damaged;

import static csdp.system.damaged.Damages.TEXT;
import static csdp.system.damaged.Damages.filled;
import static csdp.system.damaged.Damages.zeros;
import static csdp.system.damaged.GoodInputs.EVALUATE_NGC;
import static csdp.system.damaged.GoodInputs.PIXELS;
import static csdp.system.damaged.NpyCases.header;

import csdp.io.Npy;
import csdp.io.Npz;
import csdp.io.NpzWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** NPZ archives, as parameters in the format of the released code. */
final class NpzCases {
  private NpzCases() {}

  static void add(Cases c) throws IOException {
    c.command = EVALUATE_NGC;
    String w1 = c.parameters("W1.npz");
    String z1 = c.parameters("z1.npz");
    int[] shape = {PIXELS, 6};
    int length = c.size(w1);
    c.truncated(w1, 8);
    c.truncated(z1, 4);
    c.missing(w1, z1, c.parameters("C2.npz"), c.parameters("zy.npz"), c.parameters("M2.npz"));
    c.flipped(w1, 0x100, 0x100 + 4 * 60, 8); // weights: the archive's checksum tells
    for (float bad :
        new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f, -1.5f}) {
      float[] weights = new float[PIXELS * 6];
      weights[c.random.nextInt(weights.length)] = bad;
      c.npz(w1, "with a weight " + bad, "weights", shape, weights);
      if (!(Math.abs(bad) <= Float.MAX_VALUE)) {
        c.npz(z1, "with a threshold " + bad, "threshold", new int[] {1, 6}, filled(6, bad));
      }
    }
    c.npz(w1, "transposed", "weights", new int[] {6, PIXELS}, new float[PIXELS * 6]);
    c.npz(w1, "flat", "weights", new int[] {PIXELS * 6}, new float[PIXELS * 6]);
    c.npz(w1, "of one column more", "weights", new int[] {PIXELS, 7}, new float[PIXELS * 7]);
    c.npz(w1, "of whole numbers", "weights", shape, filledInts(PIXELS * 6, 7));
    c.npz(w1, "with another array only", "bias", shape, new float[PIXELS * 6]);
    byte[] array = npyBytes(new float[PIXELS * 6], shape);
    for (String name :
        List.of(
            "../weights.npy", "/weights.npy", "a/../../weights.npy", "C:\\weights.npy", "..\\x")) {
      c.bytes(w1, "with an entry " + name, b -> zip(true, name, array));
    }
    c.bytes(
        w1,
        "with an entry twice",
        b -> twice(zip(false, "weights.npy", array, "weightz.npy", array)));
    c.bytes(w1, "an archive without entries", b -> zip(true));
    c.bytes(w1, "with a text as array", b -> zip(true, "weights.npy", TEXT));
    c.bytes(w1, "with objects", b -> zip(true, "weights.npy", header(array.clone(), "<f4", "|O")));
    c.bytes(
        w1, "with half floats", b -> zip(true, "weights.npy", header(array.clone(), "<f4", "<f2")));
    c.bytes(
        w1,
        "declares 8 GB",
        b -> zip(true, "weights.npy", header(array.clone(), "(16, 6)", "(2000000000, 6)")));
    c.bytes(
        w1,
        "declares 40000 units",
        b -> zip(true, "weights.npy", header(array.clone(), "6)", "40000)")));
    c.bytes(w1, "200 MB out of 200 KB", b -> bomb(array, 196_000_000));
    c.bytes(w1, "40 MB out of 40 KB behind the weights", b -> bomb(array, 40_000_000));
    c.bytes(w1, "encrypted, as it says", b -> central(b, 8, 1));
    c.bytes(w1, "packed in a way that there is not", b -> central(b, 10, 99));
    c.bytes(w1, "with a size of 4 GB", b -> central(b, 24, -2));
    c.bytes(w1, "with a packed size of 4 GB", b -> central(b, 20, -2));
    c.bytes(w1, "with an offset beyond its end", b -> central(b, 42, length));
    c.bytes(w1, "an .npy", b -> array);
    c.folder(w1);
  }

  static void replaceArray(Path file, String array, int[] shape, Object data) throws IOException {
    Map<String, Object[]> arrays = new LinkedHashMap<>();
    try (Npz npz = Npz.open(file)) {
      for (String name : npz.names()) {
        arrays.put(name, new Object[] {npz.array(name).shape(), npz.array(name).data()});
      }
    }
    if (!arrays.containsKey(array) && arrays.size() == 1) {
      arrays.clear();
    }
    arrays.put(array, new Object[] {shape, data});
    try (NpzWriter out = new NpzWriter(file)) {
      for (Map.Entry<String, Object[]> e : arrays.entrySet()) {
        out.add(e.getKey(), (int[]) e.getValue()[0], e.getValue()[1]);
      }
    }
    Path folder = file.getParent();
    String name = file.getFileName().toString();
    if (folder.endsWith("adam")) {
      CheckpointCases.sign(folder.getParent(), "adam/" + name);
    } else if (Files.exists(folder.resolve("manifest.json"))) {
      CheckpointCases.sign(folder, name);
    }
  }

  private static int[] filledInts(int n, int value) {
    int[] a = new int[n];
    Arrays.fill(a, value);
    return a;
  }

  private static byte[] npyBytes(Object data, int... shape) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.write(out, shape, data);
    return out.toByteArray();
  }

  private static byte[] zip(boolean deflate, Object... namesAndBytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(deflate ? Deflater.BEST_COMPRESSION : Deflater.NO_COMPRESSION);
      for (int i = 0; i < namesAndBytes.length; i += 2) {
        zip.putNextEntry(new ZipEntry((String) namesAndBytes[i]));
        zip.write((byte[]) namesAndBytes[i + 1]);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] twice(byte[] zip) {
    String text = new String(zip, StandardCharsets.ISO_8859_1);
    return text.replace("weightz", "weights").getBytes(StandardCharsets.ISO_8859_1);
  }

  /** An entry of an array and then zeros. */
  private static byte[] bomb(byte[] array, int zeros) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(Deflater.BEST_COMPRESSION);
      zip.putNextEntry(new ZipEntry("weights.npy"));
      zip.write(array);
      zeros(zip, zeros);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** Another value, two or four bytes, in the first entry of an archive's directory. */
  private static byte[] central(byte[] zip, int offset, int value) {
    ByteBuffer b = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (b.getInt(at) != 0x02014b50) {
      at++;
    }
    if (offset < 16) {
      b.putShort(at + offset, (short) value);
    } else {
      b.putInt(at + offset, value);
    }
    return zip;
  }
}
