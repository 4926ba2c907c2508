package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Npy;
import csdp.io.NpyArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Images and labels in .npy files, as in the released scripts of CSDP ({@code trainX.npy}), or in
 * .npz files of one array, as K-MNIST ships ({@code kmnist-train-imgs.npz}).
 */
final class NpyFiles implements Source {
  /** Upper limit of labels, far above the classes of any network. */
  private static final int MOST_LABEL = 0xFFFF;

  private static final String IMAGES = "-imgs.npz";

  private record Pair(Path images, Path labels) {}

  /** Classes of the images of a file, and the number of one-hot columns, or 0. */
  private record Labels(int[] classOf, int columns) {}

  private final String name;
  private final String description;
  private final boolean named; // by options, one by one
  private final Map<Split, Pair> files = new EnumMap<>(Split.class);
  private final Set<Split> labelsAlone = EnumSet.noneOf(Split.class);
  private final Map<Split, Labels> read = new EnumMap<>(Split.class);

  NpyFiles(DataRequest r) {
    this("files", ".npy files " + (r.trainX() != null ? r.trainX() : r.testX()), true);
    add(Split.TRAIN, r.trainX(), r.trainY());
    add(Split.VALID, r.validX(), r.validY());
    add(Split.TEST, r.testX(), r.testY());
  }

  NpyFiles(String name, Path folder) {
    this(name, "NumPy files in " + folder, false);
    for (Split split : Split.values()) {
      Path images = images(folder, split);
      Path labels = labels(images);
      if (Files.isRegularFile(images)) {
        add(split, images, labels);
      } else if (Files.exists(labels)) {
        labelsAlone.add(split);
      }
    }
  }

  private NpyFiles(String name, String description, boolean named) {
    this.name = name;
    this.description = description;
    this.named = named;
  }

  private void add(Split split, Path images, Path labels) {
    if (images != null) {
      files.put(split, new Pair(images, labels));
    }
  }

  /** Returns true if a folder contains files of the standard names. */
  static boolean isOne(Path folder) {
    return Files.isRegularFile(images(folder, Split.TRAIN))
        || Files.isRegularFile(images(folder, Split.TEST));
  }

  /** Returns the file of images, which may be missing: K-MNIST's, else that of the scripts. */
  private static Path images(Path folder, Split split) {
    String s = split.label();
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.getFileName().toString().matches("\\w+-" + s + IMAGES))
          .sorted()
          .findFirst()
          .orElse(folder.resolve(s + "X.npy"));
    } catch (IOException e) {
      return folder.resolve(s + "X.npy"); // reading it will tell
    }
  }

  private static Path labels(Path images) {
    String name = images.getFileName().toString();
    return images.resolveSibling(
        name.endsWith(IMAGES)
            ? name.replace(IMAGES, "-labels.npz")
            : name.replace("X.npy", "Y.npy"));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public boolean has(Split split) {
    return files.containsKey(split) || (split == Split.VALID && files.containsKey(Split.TRAIN));
  }

  @Override
  public boolean hasSome(Split split) {
    return files.containsKey(split) || labelsAlone.contains(split);
  }

  @Override
  public String filesOf(Split split) {
    String s = split == Split.TEST ? "test" : "train";
    return named ? "--" + s + "-x and --" + s + "-y" : s + "X.npy and " + s + "Y.npy";
  }

  @Override
  public Dataset read(Split split) {
    return files.containsKey(split) ? dataset(split) : null;
  }

  private Dataset dataset(Split split) {
    Pair pair = files.get(split);
    NpyArray images = Npy.read(pair.images());
    int[] labels = labels(split).classOf();
    int[] size = imageSize(images.shape(), pair.images());
    if (images.dim(0) != labels.length) {
      throw CsdpException.badInput(
          "%s has %d images but %s has %d labels; give files that belong together",
          pair.images(), images.dim(0), pair.labels(), labels.length);
    }
    String title = name + " " + split.label() + " (" + pair.images().getFileName() + ")";
    byte[] bytes = greyLevels(images, pair.images());
    return bytes != null
        ? Dataset.adoptBytes(title, size[0], size[1], classes(), bytes, 0, labels)
        : Dataset.adoptFloats(title, size[0], size[1], classes(), images.floats(), labels);
  }

  /**
   * The width and height of the images of an array: [n, height, width], optionally with a channel
   * axis of size 1 before or after these, or [n, pixels]: square if possible, else a single row.
   */
  static int[] imageSize(int[] given, Path file) {
    int[] shape = given;
    if (shape.length == 4 && shape[3] == 1) {
      shape = new int[] {shape[0], shape[1], shape[2]};
    } else if (shape.length == 4 && shape[1] == 1) {
      shape = new int[] {shape[0], shape[2], shape[3]};
    }
    if (shape.length < 2 || shape.length > 3 || Arrays.stream(shape).anyMatch(d -> d == 0)) {
      boolean colour =
          shape.length == 4 && (shape[1] == 3 || shape[1] == 4 || shape[3] == 3 || shape[3] == 4);
      throw CsdpException.badInput(
          "%s: shape %s; images are [n, pixels] or [n, height, width], at least one%s",
          file,
          Npy.shapeText(given),
          colour ? ": turn colours to grey first, for instance with a mean over their axis" : "");
    }
    if (shape.length == 3) {
      return new int[] {shape[2], shape[1]};
    }
    ImageSize size = ImageSize.ofPixels(shape[1]);
    return new int[] {size.width(), size.height()};
  }

  /**
   * The pixels of an array of truth values or whole numbers as grey levels 0..255; null for floats.
   *
   * @throws CsdpException bad input if an integer is not a grey level, or if all are 0 or 1, which
   *     is ambiguous: nearly black grey levels, or black and white
   */
  static byte[] greyLevels(NpyArray images, Path file) {
    if (images.isFloating()) {
      return null;
    }
    if (images.data() instanceof boolean[] lit) {
      byte[] bytes = new byte[lit.length];
      for (int i = 0; i < lit.length; i++) {
        bytes[i] = (byte) (lit[i] ? 255 : 0);
      }
      return bytes;
    }
    byte[] bytes = wholeNumbers(images);
    int highest = 0;
    for (byte b : bytes) {
      highest = Math.max(highest, b & 0xFF);
    }
    if (highest == 1) {
      throw ambiguous(file);
    }
    return bytes;
  }

  /** Returns whole numbers as grey levels; all 0 or 1 is accepted. */
  static byte[] wholeNumbers(NpyArray images) {
    try {
      return images.bytes();
    } catch (CsdpException e) {
      throw e.then(
          "pixels of whole numbers are grey levels 0..255; scale others to 0..1 and save them as"
              + " float32");
    }
  }

  /** Returns the error for whole numbers that may be grey levels or black and white. */
  static CsdpException ambiguous(Path file) {
    return CsdpException.badInput(
        "%s: whole numbers that are all 0 or 1, while grey levels are 0..255; if 1 is white, save"
            + " them as bool: a.astype(bool)",
        file);
  }

  /** Returns the number of one-hot columns, or one more than the highest label. */
  private int classes() {
    int columns = 0;
    int highest = 0;
    Path first = null;
    for (Map.Entry<Split, Pair> entry : files.entrySet()) {
      Path file = entry.getValue().labels();
      if (!Files.exists(file) && !read.containsKey(entry.getKey())) {
        continue; // a part that was not requested
      }
      Labels labels = labels(entry.getKey());
      if (labels.columns() != 0 && columns != 0 && labels.columns() != columns) {
        throw CsdpException.badInput(
            "%s has one-hot labels of %d classes, %s of %d; they must agree",
            file, labels.columns(), first, columns);
      }
      if (labels.columns() != 0) {
        columns = labels.columns();
        first = file;
      }
      highest = Math.max(highest, Idx.classesOf(labels.classOf()));
    }
    return columns == 0 ? highest : columns;
  }

  private Labels labels(Split split) {
    return read.computeIfAbsent(split, any -> readLabels(files.get(split).labels()));
  }

  private static Labels readLabels(Path file) {
    NpyArray array = Npy.read(file);
    if (array.size() == 0 || array.rank() < 1 || array.rank() > 2) {
      throw CsdpException.badInput(
          "%s: shape %s; labels are one-hot [n, classes] or whole numbers [n], at least one",
          file, Npy.shapeText(array.shape()));
    }
    if (array.rank() == 1 || array.dim(1) == 1) {
      int[] labels = array.ints().clone();
      for (int i = 0; i < labels.length; i++) {
        if (labels[i] < 0 || labels[i] > MOST_LABEL) {
          throw CsdpException.badInput(
              "%s: the label of image %d is %d; labels are 0..%d, best numbered from 0 without gaps",
              file, i, labels[i], MOST_LABEL);
        }
      }
      return new Labels(labels, 0);
    }
    int columns = array.dim(1);
    float[] values = array.floats();
    int[] labels = new int[array.dim(0)];
    for (int i = 0; i < labels.length; i++) {
      int ones = 0;
      for (int k = 0; k < columns; k++) {
        float value = values[i * columns + k];
        if (value == 1) {
          ones++;
          labels[i] = k;
        } else if (value != 0) {
          ones = columns + 1; // marks an invalid row
        }
      }
      if (ones != 1) {
        throw CsdpException.badInput(
            "%s: row %d is not one-hot; a row of labels has a single 1 among zeros", file, i);
      }
    }
    return new Labels(labels, columns);
  }
}
