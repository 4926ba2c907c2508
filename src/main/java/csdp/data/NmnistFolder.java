package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Events of a camera in the layout of N-MNIST: {@code Train/CLASS/*.bin} and {@code
 * Test/CLASS/*.bin}, a file for each recording. An event has 5 bytes: x, y, then polarity (1 bit)
 * and time (23 bits, microseconds), high byte first. Files of a part are in the order of their
 * names, which is that of MNIST.
 *
 * <p>Units are the 34 x 34 pixels of polarity 0 (OFF), then those of polarity 1 (ON), drawn below.
 *
 * <p>Source: G. Orchard et al., "Converting static image datasets to spiking neuromorphic datasets
 * using saccades", Frontiers in Neuroscience 9:437 (2015), and its published MATLAB reader.
 */
final class NmnistFolder implements Source {
  /** Width and height of the camera, in pixels. */
  static final int SIDE = 34;

  /** Number of units: pixels of two polarities. */
  static final int UNITS = 2 * SIDE * SIDE;

  /** Bytes of an event. */
  static final int EVENT = 5;

  /** The published recordings have three saccades of 100 ms. */
  private static final float DEFAULT_WINDOW = 300;

  /** Marks an entry that is not an event but an overflow of the camera's clock, in place of y. */
  private static final int OVERFLOW = 240;

  /** Time that an overflow stands for. */
  private static final int OVERFLOW_MICROS = 1 << 13;

  private final String name;
  private final Path folder;
  private final float window;
  private final Map<Split, Map<String, List<Path>>> files = new EnumMap<>(Split.class);
  private final Classes classes;

  /**
   * Lists a folder.
   *
   * @param window part of each recording that is used, ms; null for 300
   */
  NmnistFolder(String name, Path folder, Float window) {
    this.name = name;
    this.folder = folder;
    this.window = window == null ? DEFAULT_WINDOW : window;
    for (Split split : Split.values()) {
      Path part = part(folder, split);
      if (part != null) {
        files.put(split, ClassFolders.list(part, NmnistFolder::isRecording, ".bin"));
      }
    }
    classes = Classes.of(files.values().stream().flatMap(part -> part.keySet().stream()));
  }

  /** Returns true if a folder has recordings of training or test. */
  static boolean isOne(Path folder) {
    return part(folder, Split.TRAIN) != null || part(folder, Split.TEST) != null;
  }

  private static Path part(Path folder, Split split) {
    String s = split.label();
    return Stream.of(s.substring(0, 1).toUpperCase(Locale.ROOT) + s.substring(1), s)
        .map(folder::resolve)
        .filter(part -> ClassFolders.isOne(part, NmnistFolder::isRecording))
        .findFirst()
        .orElse(null);
  }

  private static boolean isRecording(Path file) {
    return file.getFileName().toString().endsWith(".bin");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return String.format(
        Locale.ROOT, "N-MNIST events in %s, the first %s ms of each recording", folder, window);
  }

  @Override
  public boolean hasSome(Split split) {
    return files.containsKey(split);
  }

  @Override
  public String filesOf(Split split) {
    return (split == Split.TEST ? "Test" : "Train") + "/CLASS/*.bin";
  }

  @Override
  public Dataset read(Split split) {
    if (!files.containsKey(split)) {
      return null;
    }
    List<Path> order =
        files.get(split).values().stream()
            .flatMap(List::stream)
            .sorted(Comparator.comparing(Path::getFileName).thenComparing(p -> p))
            .toList();
    int[] labels =
        order.stream()
            .mapToInt(f -> classes.indexOf(f.getParent().getFileName().toString()))
            .toArray();
    Recordings recordings =
        new Recordings.Timed(
            (i, into) -> read(order.get(i), into), window, Recordings.Timed.DEFAULT_STEPS);
    String title = name + " " + split.label();
    return classes.name(
        Dataset.ofRecordings(title, SIDE, 2 * SIDE, classes.count(), recordings, labels));
  }

  private static void read(Path file, Recordings.Events into) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
    if (bytes.length == 0 || bytes.length % EVENT != 0) {
      throw CsdpException.badInput(
          "%s has %d bytes, which are not whole events of %d bytes: get it again",
          file, bytes.length, EVENT);
    }
    long overflows = 0;
    for (int at = 0; at < bytes.length; at += EVENT) {
      int x = bytes[at] & 0xFF;
      int y = bytes[at + 1] & 0xFF;
      int word =
          ((bytes[at + 2] & 0xFF) << 16) | ((bytes[at + 3] & 0xFF) << 8) | (bytes[at + 4] & 0xFF);
      if (y == OVERFLOW) {
        overflows++;
        continue;
      }
      if (x >= SIDE || y >= SIDE) {
        throw CsdpException.badInput(
            "%s: event %d is at pixel %d, %d; the camera has %d x %d: get it again",
            file, at / EVENT, x, y, SIDE, SIDE);
      }
      int polarity = word >>> 23;
      double micros = (word & 0x7FFFFF) + overflows * (double) OVERFLOW_MICROS;
      into.add(micros / 1000, (polarity * SIDE + y) * SIDE + x);
    }
  }
}
