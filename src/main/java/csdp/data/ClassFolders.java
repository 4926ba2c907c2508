package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Folders with a folder of files for each class. */
final class ClassFolders {
  private ClassFolders() {}

  /**
   * Returns true if a folder exists and one of its folders holds a file.
   *
   * @param which tells the files by their names
   */
  static boolean isOne(Path folder, Predicate<Path> which) {
    return Files.isDirectory(folder)
        && folders(folder).stream().anyMatch(c -> !files(c, which).isEmpty());
  }

  /**
   * Returns the files of each class, in the order of their names.
   *
   * @param kind of the files, for messages
   * @throws CsdpException bad input if a class has none, environment if a folder cannot be read
   */
  static Map<String, List<Path>> list(Path folder, Predicate<Path> which, String kind) {
    Map<String, List<Path>> found = new TreeMap<>();
    for (Path c : folders(folder)) {
      List<Path> files = files(c, which);
      if (files.isEmpty()) {
        throw CsdpException.badInput(
            "%s holds no %s file; each folder in %s is a class", c, kind, folder);
      }
      found.put(c.getFileName().toString(), files);
    }
    return found;
  }

  /** Returns the visible files and folders that {@link #list} leaves out. */
  static List<Path> ignored(Path folder, Predicate<Path> which) {
    List<Path> ignored = new ArrayList<>(visible(folder, p -> !Files.isDirectory(p)));
    for (Path c : folders(folder)) {
      ignored.addAll(visible(c, p -> !which.test(p) || !Files.isRegularFile(p)));
    }
    return ignored;
  }

  /** Returns false for hidden files, such as those of macOS: ._NAME beside NAME. */
  static boolean isVisible(Path file) {
    return !file.getFileName().toString().startsWith(".");
  }

  private static List<Path> folders(Path folder) {
    return visible(folder, Files::isDirectory);
  }

  private static List<Path> files(Path folder, Predicate<Path> which) {
    return visible(folder, p -> which.test(p) && Files.isRegularFile(p));
  }

  /** Returns the selected entries of a folder that are not hidden, in the order of their names. */
  static List<Path> visible(Path folder, Predicate<Path> which) {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(ClassFolders::isVisible).filter(which).sorted().toList();
    } catch (IOException e) {
      throw Disk.unreadable(folder, e);
    }
  }
}
