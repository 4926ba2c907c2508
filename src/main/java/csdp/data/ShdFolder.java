package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Hdf5;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Spikes of an artificial cochlea in the layout of SHD and SSC: {@code NAME_train.h5}, {@code
 * NAME_valid.h5} (SSC) and {@code NAME_test.h5} with {@code spikes/times} (s), {@code spikes/units}
 * and {@code labels}; 700 units.
 *
 * <p>Source: B. Cramer et al., "The Heidelberg spiking data sets", IEEE Transactions on Neural
 * Networks and Learning Systems 33 (2022).
 */
final class ShdFolder implements Source {
  /** Number of units, the channels of the cochlea. */
  static final int UNITS = 700;

  static final String TIMES = "spikes/times";
  static final String CHANNELS = "spikes/units";
  static final String LABELS = "labels";

  private static final Pattern NAME = Pattern.compile("(.*)_(train|valid|test)\\.h5(\\.gz)?");

  /** The longest published recordings take about 1.4 s. */
  private static final float DEFAULT_WINDOW = 1400;

  /** Upper limit of labels, far above the classes of any network. */
  private static final int MOST_LABEL = 0xFFFF;

  private final String name;
  private final Path folder;
  private final float window;
  private final Map<Split, Path> files;
  private final Map<Split, int[]> labels = new EnumMap<>(Split.class);

  /**
   * Finds the files of a folder.
   *
   * @param window part of each recording that is used, ms; null for 1400
   */
  ShdFolder(String name, Path folder, Float window) {
    this.name = name;
    this.folder = folder;
    this.window = window == null ? DEFAULT_WINDOW : window;
    this.files = files(folder);
  }

  /** Returns true if a folder has recordings of training or test. */
  static boolean isOne(Path folder) {
    Map<Split, Path> files = files(folder);
    return files.containsKey(Split.TRAIN) || files.containsKey(Split.TEST);
  }

  /**
   * Returns the files of a folder by their parts.
   *
   * @throws CsdpException bad input if they are of several sets, or one is packed
   */
  private static Map<Split, Path> files(Path folder) {
    Map<Split, Path> files = new EnumMap<>(Split.class);
    String set = null;
    for (Path file : ClassFolders.visible(folder, ShdFolder::isNamed)) {
      Matcher name = NAME.matcher(file.getFileName().toString());
      if (!name.matches() || !Files.isRegularFile(file)) {
        continue;
      }
      if (set != null && !set.equals(name.group(1))) {
        throw CsdpException.badInput(
            "%s holds several sets (%s, %s); keep the files of one in a folder of their own",
            folder, set, name.group(1));
      }
      set = name.group(1);
      String plain = set + "_" + name.group(2) + ".h5";
      if (name.group(3) == null) {
        files.put(Split.valueOf(name.group(2).toUpperCase(Locale.ROOT)), file);
      } else if (!Files.exists(folder.resolve(plain))) {
        throw CsdpException.badInput("%s is packed; unpack it with: gunzip --keep %s", file, file);
      }
    }
    return files;
  }

  private static boolean isNamed(Path file) {
    return NAME.matcher(file.getFileName().toString()).matches();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return String.format(
        Locale.ROOT, "SHD or SSC spikes in %s, the first %s ms of each recording", folder, window);
  }

  @Override
  public boolean hasSome(Split split) {
    return files.containsKey(split);
  }

  @Override
  public String filesOf(Split split) {
    return "NAME_" + split.label() + ".h5";
  }

  @Override
  public Dataset read(Split split) {
    Path file = files.get(split);
    if (file == null) {
      return null;
    }
    int classes =
        files.keySet().stream()
            .mapToInt(s -> 1 + IntStream.of(labels(s)).max().orElse(-1))
            .max()
            .orElseThrow();
    int[] classOf = labels(split);
    Hdf5 in = Hdf5.open(file); // the data reads from it as long as it is used
    try {
      for (String path : new String[] {TIMES, CHANNELS}) {
        if (in.size(path) != classOf.length) {
          throw CsdpException.badInput(
              "%s: %d labels, but %s has %d recordings: get it again",
              file, classOf.length, path, in.size(path));
        }
      }
    } catch (CsdpException e) {
      in.close();
      throw e;
    }
    Recordings recordings =
        new Recordings.Timed(
            (i, into) -> read(in, i, into), window, Recordings.Timed.DEFAULT_STEPS);
    String title = name + " " + split.label();
    return Dataset.ofRecordings(title, UNITS, 1, classes, recordings, classOf);
  }

  private int[] labels(Split split) {
    return labels.computeIfAbsent(
        split,
        any -> {
          try (Hdf5 in = Hdf5.open(files.get(split))) {
            double[] found = in.numbers(LABELS);
            int[] classOf = new int[found.length];
            for (int i = 0; i < found.length; i++) {
              classOf[i] = (int) found[i];
              if (classOf[i] != found[i] || classOf[i] < 0 || classOf[i] > MOST_LABEL) {
                throw CsdpException.badInput(
                    "%s: the label of recording %d is %s; labels are whole numbers 0..%d",
                    in.file(), i, found[i], MOST_LABEL);
              }
            }
            return classOf;
          }
        });
  }

  private static void read(Hdf5 in, int i, Recordings.Events into) {
    double[] times;
    double[] units;
    synchronized (in) { // the library's files are not thread-safe
      times = in.list(TIMES, i);
      units = in.list(CHANNELS, i);
    }
    if (times.length != units.length) {
      throw CsdpException.badInput(
          "%s: recording %d has %d times and %d units: get it again",
          in.file(), i, times.length, units.length);
    }
    for (int e = 0; e < times.length; e++) {
      int unit = (int) units[e];
      if (!(times[e] >= 0) || unit != units[e] || unit < 0 || unit >= UNITS) {
        throw CsdpException.badInput(
            "%s: recording %d has a spike at %s s of unit %s; times are at least 0, units 0..%d",
            in.file(), i, times[e], units[e], UNITS - 1);
      }
      into.add(1000 * times[e], unit);
    }
  }
}
