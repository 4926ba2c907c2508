package csdp.data;

import csdp.data.DataCatalog.FileEntry;
import csdp.data.DataCatalog.SetEntry;
import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder with the four IDX files of MNIST-like sets, or two of them. Files of EMNIST have a
 * prefix, such as {@code emnist-letters-}; their images are transposed, and letters are numbered
 * from 1.
 */
final class IdxFolder implements Source {
  private static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
  private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
  private static final String TEST_LABELS = "t10k-labels-idx1-ubyte";
  private static final String TEST_IMAGES = "t10k-images-idx3-ubyte";

  private static final Pattern EMNIST =
      Pattern.compile("(emnist-[a-z]+-)(train|test)-images[-.]idx3-ubyte(\\.gz)?");

  private final String name;
  private final Path folder;
  private final String prefix; // empty unless EMNIST
  private final DataCatalog manifest;
  private final Map<String, Idx.Content> read = new HashMap<>();
  private final Map<String, String> hashes = new HashMap<>();

  IdxFolder(String name, Path folder, DataCatalog manifest) {
    this.name = name;
    this.folder = folder;
    this.prefix = find(folder, TRAIN_IMAGES) != null ? "" : emnist(folder);
    this.manifest = manifest;
  }

  /** Returns the file of a standard name in a folder, plain or .gz, or null. */
  static Path find(Path folder, String stem) {
    for (String variant : List.of(stem, stem.replace("-idx", ".idx"))) {
      for (String end : List.of("", ".gz")) {
        Path file = folder.resolve(variant + end);
        if (Files.isRegularFile(file)) {
          return file;
        }
      }
    }
    return null;
  }

  /** Returns true if a folder contains any of the files. */
  static boolean isOne(Path folder) {
    return find(folder, TRAIN_IMAGES) != null
        || find(folder, TEST_IMAGES) != null
        || !emnist(folder).isEmpty();
  }

  /** Returns the prefix of EMNIST's files in a folder; empty for none. */
  private static String emnist(Path folder) {
    if (!Files.isDirectory(folder)) {
      return "";
    }
    List<String> prefixes;
    try (Stream<Path> files = Files.list(folder)) {
      prefixes =
          files
              .map(f -> EMNIST.matcher(f.getFileName().toString()))
              .filter(Matcher::matches)
              .map(m -> m.group(1))
              .distinct()
              .sorted()
              .toList();
    } catch (IOException e) {
      return ""; // reading its files will tell
    }
    if (prefixes.size() > 1) {
      throw CsdpException.badInput(
          "%s holds several sets (%s); keep the files of one in a folder of their own",
          folder, String.join(", ", prefixes));
    }
    return prefixes.isEmpty() ? "" : prefixes.get(0);
  }

  /**
   * Returns the folder of IDX files as torchvision stores them: {@code raw} or {@code MNIST/raw};
   * null for none.
   */
  static Path raw(Path folder) {
    List<Path> found;
    try (Stream<Path> below = Files.list(folder)) {
      found =
          Stream.concat(Stream.of(folder.resolve("raw")), below.map(f -> f.resolve("raw")))
              .filter(raw -> Files.isDirectory(raw) && isOne(raw))
              .sorted()
              .toList();
    } catch (IOException e) {
      return null;
    }
    if (found.size() > 1) {
      throw CsdpException.badInput(
          "%s holds several sets (%s, %s); name one of them", folder, found.get(0), found.get(1));
    }
    return found.isEmpty() ? null : found.get(0);
  }

  private Path find(String stem) {
    return find(folder, prefix.isEmpty() ? stem : prefix + stem.replace("t10k", "test"));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean has(Split split) {
    return stems(split).stream().allMatch(stem -> find(stem) != null);
  }

  @Override
  public boolean hasSome(Split split) {
    return stems(split).stream().anyMatch(stem -> find(stem) != null);
  }

  @Override
  public String filesOf(Split split) {
    return String.join(" and ", stems(split)) + " (or .gz)";
  }

  @Override
  public Dataset read(Split split) {
    return switch (split) {
      case TRAIN -> dataset(split, TRAIN_IMAGES, TRAIN_LABELS);
      case VALID -> null;
      case TEST -> dataset(split, TEST_IMAGES, TEST_LABELS);
    };
  }

  @Override
  public String description() {
    Optional<SetEntry> known = identify();
    return known.isPresent()
        ? "IDX files in " + folder + ", verified: " + known.get().title()
        : prefix.isEmpty()
            ? "IDX files in " + folder + ", unknown content"
            : "IDX files of EMNIST in " + folder + ", transposed";
  }

  /** Returns true if the files of some parts have the checksums of a known set. */
  boolean is(SetEntry set, Set<Split> splits) {
    return splits.stream()
        .flatMap(split -> stems(split).stream())
        .distinct()
        .allMatch(stem -> find(stem) != null && is(set, load(stem), stem));
  }

  /** The known set that all files read so far belong to. */
  private Optional<SetEntry> identify() {
    return manifest.sets().stream()
        .filter(
            set ->
                !read.isEmpty()
                    && read.entrySet().stream()
                        .allMatch(file -> is(set, file.getValue(), file.getKey())))
        .findFirst();
  }

  private boolean is(SetEntry set, Idx.Content content, String stem) {
    Optional<FileEntry> entry = set.file(stem);
    return entry.isPresent()
        && entry
            .get()
            .matches(
                () -> hashes.computeIfAbsent(stem, any -> content.sha256()), content.gzipMd5());
  }

  private Dataset dataset(Split split, String images, String labels) {
    int classes =
        classes(); // labels first: they are small, and may make reading the images unnecessary
    int[] classOf = load(labels).labels();
    Idx.Content pixels = load(images);
    String title = name + " " + split.label();
    if (prefix.isEmpty()) {
      return Idx.dataset(pixels, classOf, find(labels), title, classes);
    }
    int first = firstLabel();
    for (int i = 0; i < classOf.length; i++) {
      classOf[i] -= first;
    }
    Dataset upright =
        Idx.dataset(pixels.transposed(), classOf, find(labels), title, classes - first);
    List<String> names = emnistNames();
    return names.size() == upright.classes() ? upright.withClassNames(names) : upright;
  }

  /** Letters are numbered from 1, all else from 0. */
  private int firstLabel() {
    return parts(TRAIN_LABELS, TEST_LABELS)
        .flatMapToInt(stem -> Arrays.stream(load(stem).labels()))
        .min()
        .orElse(0);
  }

  /** Returns the characters of EMNIST's classes; empty if they are digits. */
  private List<String> emnistNames() {
    String digits = "0123456789";
    String capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    String all =
        switch (prefix) {
          case "emnist-letters-" -> capitals;
          case "emnist-byclass-" -> digits + capitals + capitals.toLowerCase(Locale.ROOT);
          case "emnist-bymerge-", "emnist-balanced-" -> digits + capitals + "abdefghnqrt";
          default -> "";
        };
    return all.chars().mapToObj(Character::toString).toList();
  }

  private Stream<String> parts(String... stems) {
    return Arrays.stream(stems).filter(stem -> find(stem) != null);
  }

  /** One more than the highest label of either part, so that both parts agree. */
  private int classes() {
    return parts(TRAIN_LABELS, TEST_LABELS)
        .mapToInt(stem -> Idx.classesOf(load(stem).labels()))
        .max()
        .orElse(0);
  }

  private Idx.Content load(String stem) {
    return read.computeIfAbsent(stem, any -> Idx.load(find(stem), stem.contains("idx1") ? 1 : 3));
  }

  /** Labels first: if they differ, the images need not be read. */
  private static List<String> stems(Split split) {
    return split == Split.TEST
        ? List.of(TEST_LABELS, TEST_IMAGES)
        : List.of(TRAIN_LABELS, TRAIN_IMAGES);
  }
}
