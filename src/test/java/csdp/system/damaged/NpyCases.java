package csdp.system.damaged;

import static csdp.system.damaged.Damages.filled;
import static csdp.system.damaged.Damages.set;
import static csdp.system.damaged.GoodInputs.PIXELS;
import static csdp.system.damaged.GoodInputs.TRAIN_NPY;
import static csdp.system.damaged.GoodInputs.floats;
import static csdp.system.damaged.GoodInputs.oneHot;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** NPY files. */
final class NpyCases {
  private static final String[][] HEADERS = {
    {"<f4", "<f2", "half floats"},
    {"<f4", "<c8", "complex numbers"},
    {"<f4", "|O", "Python objects"},
    {"<f4", "|S4", "strings"},
    {"<f4", "<M8[D]", "dates"},
    {"<f4", ">i3", "no such type"},
    {"'<f4'", "[('a', '<f4')]", "records"},
    {"<f4", "<f8", "longer elements than there are"},
    {"<f4", "<i8", "wide integers"},
    {"False", "Maybe", "neither order"},
    {"'fortran_order': False, ", "", "no order"},
    {"shape", "shade", "no shape"},
    {"descr", "descn", "no type"},
    {"(14, ", "(-14, ", "negative size"},
    {"(14, ", "(2147483647, ", "size of 2^31"},
    {"(14, ", "(99999999999, ", "size beyond 2^31"},
    {"(14, ", "(14.5, ", "half an image"},
    {"(14, ", "(0, ", "size 0"},
    {"(14, ", "(140, ", "ten times as many"},
    {"(14, ", "(13, ", "fewer than there are"},
    {"(14, ", "[14, ", "no tuple"},
    {"(14, ", "(14\n\u001b[31m, ", "a line break and an escape in the shape"},
    {"{", "(", "no dictionary"},
  };

  private NpyCases() {}

  static void add(Cases c) throws IOException {
    c.command = TRAIN_NPY;
    String x = "npy/trainX.npy";
    String y = "npy/trainY.npy";
    c.truncated(x, 8);
    c.truncated(y, 4);
    c.bytes(x, "with a byte too many", Damages::longer);
    c.flipped(x, 0, 6, 3);
    c.bytes(x, "of version 9", b -> set(b, 6, 9));
    c.bytes(x, "with a header of 64 KiB", b -> set(set(b, 8, 255), 9, 255));
    for (String[] h : HEADERS) {
      for (String file : h[1].equals("<i8") ? List.of(x) : List.of(x, y)) {
        c.bytes(file, "with " + h[2], b -> header(b, h[0], h[1]));
      }
    }
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -0.01f, 1.01f, 1e30f}) {
      float[] images = floats(new byte[14 * PIXELS]);
      images[c.random.nextInt(images.length)] = bad;
      c.npy(x, "with a pixel " + bad, new int[] {14, PIXELS}, images);
      float[] labels = oneHot(14);
      labels[c.random.nextInt(labels.length)] = bad;
      c.npy(y, "with a one-hot value " + bad, new int[] {14, 3}, labels);
    }
    for (int bad : new int[] {-1, 256, 30_000, 70_000, Integer.MIN_VALUE}) {
      int[] labels = new int[14];
      labels[3] = 1;
      labels[c.random.nextInt(14)] = bad;
      c.npy(y, "with the label " + bad, new int[] {14}, labels);
    }
    for (double bad : new double[] {0.5, Double.NaN, 1e300}) {
      double[] labels = new double[14];
      labels[3] = bad;
      c.npy(y, "with the label " + bad, new int[] {14}, labels);
    }
    c.npy(y, "with two ones in a row", new int[] {14, 3}, filled(42, 1));
    c.npy(y, "with no one in a row", new int[] {14, 3}, filled(42, 0));
    c.npy(y, "one class only", new int[] {14}, new int[14]);
    c.npy(y, "without labels", new int[] {0}, new int[0]);
    c.npy(y, "of three dimensions", new int[] {14, 1, 1}, new int[14]);
    c.npy(y, "a number", new int[0], new int[1]);
    c.npy(y, "one label short", new int[] {13}, new int[] {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0});
    c.npy(x, "without images", new int[] {0, PIXELS}, new float[0]);
    c.npy(x, "without pixels", new int[] {14, 0}, new float[0]);
    c.npy(x, "of one dimension", new int[] {14}, new float[14]);
    c.npy(x, "of five dimensions", new int[] {14, 1, 1, 4, 4}, new float[14 * PIXELS]);
    c.npy(x, "of colours", new int[] {14, 2, 2, 4}, new float[14 * PIXELS]);
    for (int bad : new int[] {-1, 1, 256}) {
      int[] images = new int[14 * PIXELS];
      images[c.random.nextInt(images.length)] = bad;
      c.npy(x, "of int with " + bad, new int[] {14, PIXELS}, images);
    }
    byte[] bits = new byte[14 * PIXELS];
    bits[5] = 1;
    c.npy(x, "of bytes 0 and 1", new int[] {14, PIXELS}, bits);
    c.npy("npy/testX.npy", "of another size", new int[] {6, 25}, new float[150]);
    c.npy(
        "npy/testY.npy", "beyond the one-hot columns", new int[] {6}, new int[] {0, 1, 2, 3, 0, 1});
    c.missing(x, y, "npy/testX.npy", "npy/testY.npy");
  }

  /** The header of an .npy with another text of the same length. */
  static byte[] header(byte[] npy, String from, String to) {
    int length = (npy[8] & 0xFF) + 256 * (npy[9] & 0xFF);
    String text = new String(npy, 10, length, StandardCharsets.ISO_8859_1);
    assertTrue(text.contains(from), text);
    String changed = text.replace(from, to);
    byte[] padded =
        Arrays.copyOf(changed.stripTrailing().getBytes(StandardCharsets.ISO_8859_1), length);
    Arrays.fill(padded, changed.stripTrailing().length(), length - 1, (byte) ' ');
    padded[length - 1] = '\n';
    System.arraycopy(padded, 0, npy, 10, length);
    return npy;
  }
}
