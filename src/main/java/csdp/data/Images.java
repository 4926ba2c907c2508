package csdp.data;

import csdp.CsdpException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reader of images without labels, to be classified. */
public final class Images {
  private Images() {}

  /**
   * Reads all images of a file: PNG (one image; colour turns grey), IDX3, plain or gzip, or NPY
   * ([n, pixels], [n, height, width] or [height, width]; floats 0..1 or uint8). The content tells
   * which it is. Values are taken as they are: nothing is inverted. What is transparent in a PNG
   * counts as black.
   *
   * @param width that the images must have, in pixels
   * @param height that the images must have, in pixels
   * @return [n][height * width], row by row, values in [0, 1]
   * @throws CsdpException bad input: no such file, another format, another size, damaged
   */
  public static float[][] read(Path file, int width, int height) {
    byte[] start = start(file);
    if (startsWith(start, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) {
      try {
        return new float[][] {PngReader.read(file, width, height)};
      } catch (LinkageError e) {
        throw CsdpException.environment(
                "%s: this Java runtime has no PNG reader (java.desktop); give IDX or .npy, or use a"
                    + " full runtime",
                file)
            .because(e);
      }
    }
    if (startsWith(start, 0x93, 'N', 'U', 'M', 'P', 'Y')) {
      return npy(file, width, height);
    }
    if (startsWith(start, 0x1f, 0x8b) || startsWith(start, 0, 0, 8)) {
      Idx.Content images = Idx.load(file, 3);
      checkSize(file, images.dims()[2], images.dims()[1], width, height);
      return split(images.bytes(), images.offset(), images.dims()[0], width * height);
    }
    throw CsdpException.badInput(
        "%s: neither PNG nor IDX nor .npy; convert it to one of them", file);
  }

  static void checkSize(Path file, int width, int height, int wantedWidth, int wantedHeight) {
    if (width != wantedWidth || height != wantedHeight) {
      throw CsdpException.badInput(
          "%s: images of %d x %d pixels; the model takes %d x %d, so scale them first",
          file, width, height, wantedWidth, wantedHeight);
    }
  }

  private static float[][] npy(Path file, int width, int height) {
    NpyArray array = Npy.read(file);
    int pixels = width * height;
    if (array.rank() == 2 && array.dim(1) != pixels) {
      // One image, not many in rows.
      checkSize(file, array.dim(1), array.dim(0), width, height);
      array = new NpyArray(new int[] {1, height, width}, array.data());
    }
    int[] size = NpyFiles.imageSize(array, file);
    if (array.rank() == 3) {
      checkSize(file, size[0], size[1], width, height);
    }
    if (array.data() instanceof byte[] bytes) {
      return split(NpyFiles.scaled(bytes, file), 0, array.dim(0), pixels);
    }
    float[] values = array.floats();
    Dataset.checkValues(file.toString(), values, pixels);
    float[][] images = new float[array.dim(0)][pixels];
    for (int i = 0; i < images.length; i++) {
      System.arraycopy(values, i * pixels, images[i], 0, pixels);
    }
    return images;
  }

  private static float[][] split(byte[] bytes, int offset, int n, int pixels) {
    float[][] images = new float[n][pixels];
    for (int i = 0; i < n; i++) {
      for (int p = 0; p < pixels; p++) {
        images[i][p] = (bytes[offset + i * pixels + p] & 0xFF) / 255f;
      }
    }
    return images;
  }

  private static byte[] start(Path file) {
    if (!Files.isRegularFile(file)) {
      throw CsdpException.badInput(
          "%s: %s; give a file with images",
          file, Files.exists(file) ? "not a file" : "no such file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(8);
    } catch (IOException e) {
      throw CsdpException.environment("%s: cannot be read: %s", file, Downloads.reason(e))
          .because(e);
    }
  }

  private static boolean startsWith(byte[] start, int... expected) {
    for (int i = 0; i < expected.length; i++) {
      if (i >= start.length || (start[i] & 0xFF) != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
