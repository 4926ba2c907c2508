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
   * @param options for single formats
   * @param manifest of the known sets, to verify IDX files
   * @throws CsdpException bad input if it holds two formats, or an option is given for another one
   */
  static Source source(String name, Path folder, FolderOptions options, DataCatalog manifest) {
    if (!Files.isDirectory(folder)) {
      return null;
    }
    Source source = any(name, folder, options, manifest);
    if (source != null) {
      options.requireFor(
          folder.toString(),
          source instanceof ImageFolder,
          source instanceof ImageFolder images && images.isTree(),
          source instanceof NmnistFolder || source instanceof ShdFolder);
    }
    return source;
  }

  private static Source any(String name, Path folder, FolderOptions options, DataCatalog manifest) {
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
    if (NmnistFolder.isOne(folder)) {
      return new NmnistFolder(name, folder, options.window());
    }
    if (ShdFolder.isOne(folder)) {
      return new ShdFolder(name, folder, options.window());
    }
    boolean images = ImageFolder.isOne(folder);
    // Beside folders of image files, a CSV file may list them.
    if (CsvFiles.isOne(folder) && (!images || CsvFiles.hasPixels(folder))) {
      return new CsvFiles(name, folder);
    }
    Path raw = IdxFolder.raw(folder);
    if (raw != null) {
      return new IdxFolder(name, raw, manifest);
    }
    return images ? new ImageFolder(name, folder, options) : null;
  }
}
