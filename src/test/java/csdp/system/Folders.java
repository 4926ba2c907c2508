package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Folders and their contents. */
public final class Folders {
  private Folders() {}

  /** Returns the names directly in a folder, sorted. */
  public static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  /** Returns the paths of the files below a folder, from there and with slashes. */
  static Set<String> files(Path folder) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> all = Files.walk(folder)) {
      all.filter(Files::isRegularFile)
          .forEach(p -> names.add(folder.relativize(p).toString().replace('\\', '/')));
    }
    return names;
  }

  /** Returns the content of every file below a folder, by its path from there. */
  public static Map<String, byte[]> contents(Path folder) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    for (String file : files(folder)) {
      contents.put(file, Files.readAllBytes(folder.resolve(file)));
    }
    return contents;
  }

  /** Returns parameters, moments, thresholds and measurements; other files have times in them. */
  static Map<String, byte[]> results(Path run) throws IOException {
    Map<String, byte[]> files = contents(run);
    files.keySet().removeIf(file -> !file.matches(".*(\\.np[yz]|test\\.json)"));
    return files;
  }

  public static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((file, bytes) -> assertArrayEquals(bytes, actual.get(file), file));
  }

  /** Returns the temporaries in the folder of a run. */
  static List<String> temporaries(Path run) throws IOException {
    return names(run).stream().filter(n -> n.endsWith(".tmp") || n.endsWith(".old")).toList();
  }

  /** Copies a file or folder to a new path. */
  public static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path p : (Iterable<Path>) all::iterator) {
        Files.copy(p, to.resolve(from.relativize(p).toString()));
      }
    }
  }

  public static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.sorted(Collections.reverseOrder()).toList()) {
        Files.delete(p);
      }
    }
  }
}
