package csdp.io;

import java.io.File;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Folders of an environment variable such as {@code PATH}. */
public final class SearchPath {
  private SearchPath() {}

  /**
   * Returns the folders of a list, in order. Blank entries and entries that are not paths are
   * skipped.
   *
   * @param list entries divided by the system's path separator; null for an unset variable
   */
  public static List<Path> folders(String list) {
    List<Path> all = new ArrayList<>();
    for (String entry : (list == null ? "" : list).split(Pattern.quote(File.pathSeparator))) {
      try {
        if (!entry.isBlank()) {
          all.add(Path.of(entry));
        }
      } catch (InvalidPathException e) {
        // Skip an invalid entry.
      }
    }
    return all;
  }
}
