package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Disk;
import csdp.io.Npy;
import csdp.io.NpyArray;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Reader of images without labels, to be classified. */
public final class Images {
  private Images() {}

  /**
   * Reads all images of a file: PNG, JPEG, BMP or GIF (one image; colour is converted to grey),
   * IDX3, plain or gzip, or NPY ([n, pixels], [n, height, width] or one image, axes of size 1
   * besides; floats 0..1, grey levels or bool). The format is detected by the content. Values are
   * not scaled; transparent pixels are black.
   *
   * @param width that the images must have, in pixels
   * @param height that the images must have, in pixels
   * @return [n][height * width], row by row, values in [0, 1]
   * @throws CsdpException bad input: no such file, another format, another size, damaged
   */
  public static float[][] read(Path file, int width, int height) {
    return read(file, width, height, false);
  }

  /**
   * As above, for images of any size if they are files of one image.
   *
   * @param scale true to scale such an image to the size that it must have
   */
  public static float[][] read(Path file, int width, int height, boolean invert, boolean scale) {
    if (scale && isPicture(file)) {
      ImageSize size = new ImageSize(width, height);
      return new float[][] {picture(file, null, invert).scaled(size).grey()};
    }
    return read(file, width, height, invert);
  }

  /** Returns true if a file is PNG, JPEG, BMP or GIF, by its content. */
  static boolean isPicture(Path file) {
    return isPicture(start(file));
  }

  private static boolean isPicture(byte[] start) {
    return startsWith(start, 0x89, 'P', 'N', 'G')
        || startsWith(start, 0xff, 0xd8, 0xff)
        || startsWith(start, 'B', 'M')
        || startsWith(start, 'G', 'I', 'F', '8');
  }

  /** Reads a PNG, JPEG, BMP or GIF file, see {@link PictureReader#read}. */
  static Picture picture(Path file, ImageSize size, boolean invert) {
    try {
      return PictureReader.read(file, size, invert);
    } catch (LinkageError e) {
      throw CsdpException.environment(
              "%s: this Java runtime has no image reader (java.desktop); give IDX or .npy, or use a"
                  + " full runtime",
              file)
          .because(e);
    }
  }

  /**
   * As above.
   *
   * @param invert for dark ink on a white or transparent background: pixels become 1 - value, and
   *     transparent pixels of a PNG stay black
   */
  public static float[][] read(Path file, int width, int height, boolean invert) {
    byte[] start = start(file);
    if (isPicture(start)) {
      return new float[][] {picture(file, new ImageSize(width, height), invert).grey()};
    }
    if (isNpy(start) || startsWith(start, 'P', 'K', 3, 4)) {
      return inverted(npy(file, width, height), invert);
    }
    if (startsWith(start, 0x1f, 0x8b) || startsWith(start, 0, 0, 8)) {
      Idx.Content images = Idx.load(file, 3);
      checkSize(file, images.dims()[2], images.dims()[1], width, height);
      return inverted(
          split(images.bytes(), images.offset(), images.dims()[0], width * height), invert);
    }
    throw CsdpException.badInput(
        "%s: neither PNG, JPEG, BMP, GIF nor IDX nor .npy; convert it to one of them", file);
  }

  private static float[][] inverted(float[][] images, boolean invert) {
    for (float[] image : images) {
      invert(image, invert);
    }
    return images;
  }

  /** Replaces values by 1 - value if asked to. */
  static void invert(float[] image, boolean invert) {
    for (int p = 0; invert && p < image.length; p++) {
      image[p] = 1 - image[p];
    }
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
    int n = count(array.shape(), file, width, height);
    byte[] bytes = NpyFiles.greyLevels(array, file);
    if (bytes != null) {
      return split(bytes, 0, n, pixels);
    }
    float[] values = array.floats();
    Samples.clamp(file.toString(), values, pixels, 0);
    float[][] images = new float[n][];
    for (int i = 0; i < n; i++) {
      images[i] = Arrays.copyOfRange(values, i * pixels, (i + 1) * pixels);
    }
    return images;
  }

  /** Returns the number of images of a size in an array; axes of size 1 are ignored. */
  static int count(int[] given, Path file, int width, int height) {
    int[] shape = IntStream.of(given).filter(d -> d != 1).toArray();
    int[] size = IntStream.of(height, width).filter(d -> d != 1).toArray();
    int[] flat = IntStream.of(width * height).filter(d -> d != 1).toArray();
    for (int[] image : new int[][] {size, flat}) {
      int first = shape.length - image.length; // 0: one image; 1: some
      if ((first == 0 || first == 1)
          && IntStream.of(given).allMatch(d -> d > 0)
          && Arrays.equals(shape, first, shape.length, image, 0, image.length)) {
        return first == 0 ? 1 : shape[0];
      }
    }
    if (given.length == 2 && given[0] > 0 && given[1] > 0) { // as an image: it resembles most
      checkSize(file, given[1], given[0], width, height);
    }
    int[] found = NpyFiles.imageSize(given, file);
    checkSize(file, found[0], found[1], width, height);
    throw new IllegalStateException(file + " is of the right size after all");
  }

  private static float[][] split(byte[] bytes, int offset, int n, int pixels) {
    float[][] images = new float[n][];
    for (int i = 0; i < n; i++) {
      images[i] = image(bytes, offset + i * pixels, pixels);
    }
    return images;
  }

  /** Returns the values of grey levels 0..255. */
  static float[] image(byte[] levels, int from, int pixels) {
    float[] image = new float[pixels];
    for (int p = 0; p < pixels; p++) {
      image[p] = (levels[from + p] & 0xFF) / 255f;
    }
    return image;
  }

  /** Returns true if a file is .npy, by its content. */
  static boolean isNpy(Path file) {
    return isNpy(start(file));
  }

  private static boolean isNpy(byte[] start) {
    return startsWith(start, 0x93, 'N', 'U', 'M', 'P', 'Y');
  }

  private static byte[] start(Path file) {
    if (!Files.isRegularFile(file)) {
      if (file.toString().indexOf('\uFFFD') >= 0) { // a letter that was not decoded
        throw CsdpException.badInput(
            "%s: the name is not in the encoding of this locale; rename the file", file);
      }
      throw CsdpException.badInput(
          "%s: %s; give a file with images",
          file, Files.exists(file) ? "not a file" : "no such file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(8);
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
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
