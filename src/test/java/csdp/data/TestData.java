package csdp.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/** Small files. */
public final class TestData {
  private TestData() {}

  /** An IDX file of bytes. */
  public static byte[] idx(byte[] values, int... dims) {
    return idx(0x800 + dims.length, dims, values);
  }

  /** An IDX file: magic, sizes, values. */
  static byte[] idx(int magic, int[] dims, byte[] values) {
    ByteBuffer out = ByteBuffer.allocate(4 + 4 * dims.length + values.length).putInt(magic);
    for (int d : dims) {
      out.putInt(d);
    }
    return out.put(values).array();
  }

  /** n images of side x side, pixel p of image i is 10 i + p + salt. */
  static byte[] idxImages(int n, int side, int salt) {
    byte[] values = new byte[n * side * side];
    for (int v = 0; v < values.length; v++) {
      values[v] = (byte) (10 * (v / (side * side)) + v % (side * side) + salt);
    }
    return idx(values, n, side, side);
  }

  /** n labels, 0, 1, .. k-1, 0, .. */
  public static byte[] idxLabels(int n, int k) {
    byte[] values = new byte[n];
    for (int i = 0; i < n; i++) {
      values[i] = (byte) (i % k);
    }
    return idx(values, n);
  }

  public static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
      gz.write(bytes);
    }
    return out.toByteArray();
  }

  static Path write(Path file, byte[] bytes) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  /** A folder with 8 training and 4 test images of 2x2 pixels and 3 classes. */
  static Path idxFolder(Path folder, int salt) throws IOException {
    write(folder.resolve("train-images-idx3-ubyte.gz"), gzip(idxImages(8, 2, salt)));
    write(folder.resolve("train-labels-idx1-ubyte"), idxLabels(8, 3));
    write(folder.resolve("t10k-images.idx3-ubyte"), idxImages(4, 2, salt + 100));
    write(folder.resolve("t10k-labels-idx1-ubyte.gz"), gzip(idxLabels(4, 3)));
    return folder;
  }

  static float[] image(Dataset set, int i) {
    float[] out = new float[set.pixels()];
    set.copyImage(i, out, 0);
    return out;
  }
}
