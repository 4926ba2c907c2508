package csdp.data;

import csdp.error.CsdpException;

/**
 * Options for single formats of a folder; null for its default.
 *
 * @param size that images of image files are scaled to; null for that of the files
 * @param splitSeed of the split of one tree of image files
 * @param window part of each recording of events that is used, ms
 */
public record FolderOptions(ImageSize size, Integer splitSeed, Float window) {
  /** No option is given. */
  public static final FolderOptions DEFAULT = new FolderOptions(null, null, null);

  /**
   * Checks the window.
   *
   * @throws CsdpException bad input
   */
  public FolderOptions {
    if (window != null && !(window > 0 && window < Float.POSITIVE_INFINITY)) {
      throw CsdpException.badInput("a window of %s ms; it must be positive and finite", window);
    }
  }

  /**
   * Refuses options that do not belong to a format.
   *
   * @param data names the data
   * @param pictures true for image files
   * @param tree true for image files that are split here
   * @param events true for events with times
   * @throws CsdpException bad input
   */
  void requireFor(String data, boolean pictures, boolean tree, boolean events) {
    if (size != null && !pictures) {
      throw CsdpException.badInput(
          "a size of images was given, but %s is not a folder of image files", data);
    }
    if (splitSeed != null && !tree) {
      throw CsdpException.badInput(
          "a seed of the split was given, but %s is not one tree of image files", data);
    }
    if (window != null && !events) {
      throw CsdpException.badInput(
          "a window was given, but %s holds no events with times (N-MNIST, SHD, SSC)", data);
    }
  }

  /** Refuses all options. */
  void requireNone(String data) {
    requireFor(data, false, false, false);
  }
}
