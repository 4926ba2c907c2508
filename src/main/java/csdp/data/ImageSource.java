package csdp.data;

import csdp.error.CsdpException;
import java.nio.file.Path;
import java.util.List;

/** Images or recorded spikes, one after another. */
public interface ImageSource extends AutoCloseable {
  /**
   * An image, or the reason why there is none.
   *
   * @param name file, or data set; with [i] if it holds several images
   * @param label true class, or -1 if unknown
   * @param pixels row-major, in [0, 1]; null for recorded spikes, or if it cannot be read
   * @param spikes T x units bytes, 0 or 1; null for an image, or if it cannot be read
   * @param error one line; null if it was read
   */
  record Item(String name, int label, float[] pixels, byte[] spikes, String error) {}

  /** Returns the next image, or null after the last one. */
  Item next();

  @Override
  void close();

  /**
   * Returns the images of files: see {@link Images#read(Path, int, int)} for formats. A file that
   * cannot be read is one item with an error, and so is each image with wrong values. Memory is
   * constant for .npy files; other files are read one at a time.
   *
   * @param skip images of the first file that are left out; fewer than it has
   * @param width that the images must have, in pixels
   * @param height that the images must have, in pixels
   * @param invert true for dark ink on a bright ground
   * @param scale true to scale files of one image to the size that they must have
   */
  static ImageSource of(
      List<Path> files, int skip, int width, int height, boolean invert, boolean scale) {
    return new ImageFiles(files, skip, width, height, invert, scale);
  }

  /**
   * Returns the number of items of a file. Pictures are not decoded; IDX and NPZ are read. Sizes as
   * above.
   */
  static int count(Path file, int width, int height) {
    return ImageFiles.count(file, width, height);
  }

  /** Returns the images or recordings of a data set. */
  static ImageSource of(Dataset data) {
    return new ImageSource() {
      private int next;

      @Override
      public Item next() {
        if (next == data.size()) {
          return null;
        }
        String name = data.name() + "[" + next + "]";
        int i = next++;
        return switch (data.kind()) {
          case BYTES, FLOATS -> {
            float[] pixels = new float[data.pixels()];
            data.copyImage(i, pixels, 0);
            yield new Item(name, data.label(i), pixels, null, null);
          }
          case SPIKES -> {
            try {
              yield new Item(name, data.label(i), null, data.spikes(i), null);
            } catch (CsdpException e) {
              yield new Item(name, data.label(i), null, null, e.getMessage());
            }
          }
        };
      }

      @Override
      public void close() {}
    };
  }

  /**
   * Returns the files that a user names, in the order of their names.
   *
   * @param pattern a file; a folder, for all pictures and arrays below it; or a pattern with
   *     wildcards, such as {@code scans/*.png} or {@code scans/**.png} for all sub-folders
   * @throws CsdpException bad input, if there are none
   */
  static List<Path> find(String pattern) {
    return ImageFiles.find(pattern);
  }
}
