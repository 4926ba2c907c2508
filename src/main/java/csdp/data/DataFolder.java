package csdp.data;

import csdp.error.CsdpException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Recognises the format of the data in a folder. */
final class DataFolder {
  private DataFolder() {}

  /**
   * Returns the data in a folder, or null.
   *
   * @param name of the data
   * @param size that image files are scaled to; null for their own
   * @param manifest of the known sets, to verify IDX files
   * @throws CsdpException bad input if it holds two formats, or a size is given for another format
   *     than image files
   */
  static Source source(String name, Path folder, ImageSize size, DataCatalog manifest) {
    if (!Files.isDirectory(folder)) {
      return null;
    }
    Source source = any(name, folder, size, manifest);
    if (size != null && source != null && !(source instanceof ImageFolder)) {
      throw sizeOf(folder.toString());
    }
    return source;
  }

  private static Source any(String name, Path folder, ImageSize size, DataCatalog manifest) {
    boolean npy = NpyFiles.isOne(folder);
    if (IdxFolder.isOne(folder)) {
      if (npy) {
        throw CsdpException.badInput(
            "%s holds IDX and .npy files; keep them in folders of their own", folder);
      }
      return new IdxFolder(name, folder, manifest);
    }
    if (npy) {
      return new NpyFiles(name, folder);
    }
    if (CsvFiles.isOne(folder)) {
      return new CsvFiles(name, folder);
    }
    Path raw = IdxFolder.raw(folder);
    if (raw != null) {
      return new IdxFolder(name, raw, manifest);
    }
    return ImageFolder.isOne(folder) ? new ImageFolder(name, folder, size) : null;
  }

  /** Returns the error of a size for data that has no image files. */
  static CsdpException sizeOf(String data) {
    return CsdpException.badInput(
        "a size of images was given, but %s is not a folder of image files", data);
  }
}
