package csdp.data;

import csdp.data.DataCatalog.FileEntry;
import csdp.data.DataCatalog.SetEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A folder with the four IDX files of MNIST-like sets, or two of them. */
final class IdxFolder implements Source {
  private static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
  private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
  private static final String TEST_LABELS = "t10k-labels-idx1-ubyte";
  private static final String TEST_IMAGES = "t10k-images-idx3-ubyte";

  private final String name;
  private final Path folder;
  private final DataCatalog manifest;
  private final Map<String, Idx.Content> read = new HashMap<>();
  private final Map<String, String> hashes = new HashMap<>();

  IdxFolder(String name, Path folder, DataCatalog manifest) {
    this.name = name;
    this.folder = folder;
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
    return find(folder, TRAIN_IMAGES) != null || find(folder, TEST_IMAGES) != null;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean has(Split split) {
    return stems(split).stream().allMatch(stem -> find(folder, stem) != null);
  }

  @Override
  public boolean hasSome(Split split) {
    return stems(split).stream().anyMatch(stem -> find(folder, stem) != null);
  }

  @Override
  public String filesOf(Split split) {
    return String.join(" and ", stems(split)) + " (or .gz)";
  }

  @Override
  public Dataset train() {
    return dataset("train", TRAIN_IMAGES, TRAIN_LABELS);
  }

  @Override
  public Dataset ownValid() {
    return null;
  }

  @Override
  public Dataset test() {
    return dataset("test", TEST_IMAGES, TEST_LABELS);
  }

  @Override
  public String description() {
    Optional<SetEntry> known = identify();
    return known.isPresent()
        ? "IDX files in " + folder + ", verified: " + known.get().title()
        : "IDX files in " + folder + ", unknown content";
  }

  /** Returns true if the files of some parts have the checksums of a known set. */
  boolean is(SetEntry set, Set<Split> splits) {
    return splits.stream()
        .flatMap(split -> stems(split).stream())
        .distinct()
        .allMatch(stem -> find(folder, stem) != null && is(set, load(stem), stem));
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

  private Dataset dataset(String split, String images, String labels) {
    int classes =
        classes(); // labels first: they are small, and may make reading the images unnecessary
    return Idx.dataset(
        load(images), load(labels).labels(), find(folder, labels), name + " " + split, classes);
  }

  /** One more than the highest label of either part, so that both parts agree. */
  private int classes() {
    int classes = 0;
    for (String stem : List.of(TRAIN_LABELS, TEST_LABELS)) {
      if (find(folder, stem) != null) {
        classes = Math.max(classes, Idx.classesOf(load(stem).labels()));
      }
    }
    return classes;
  }

  private Idx.Content load(String stem) {
    return read.computeIfAbsent(
        stem, any -> Idx.load(find(folder, stem), stem.contains("idx1") ? 1 : 3));
  }

  /** Labels first: if they differ, the images need not be read. */
  private static List<String> stems(Split split) {
    return split == Split.TEST
        ? List.of(TEST_LABELS, TEST_IMAGES)
        : List.of(TRAIN_LABELS, TRAIN_IMAGES);
  }
}
