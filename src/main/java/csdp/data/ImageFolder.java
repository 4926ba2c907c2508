package csdp.data;

import csdp.error.CsdpException;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder of image files with a folder per class, whose names name the classes: {@code
 * train/CLASS/*.png}, likewise {@code valid} and {@code test}, or {@code CLASS/*.png}. The latter
 * is split at random, from a seed: a tenth of each class for validation, a tenth for test. Files of
 * a part are in random order, so that any range of them has all classes.
 */
final class ImageFolder implements Source {
  private static final int DEFAULT_SEED = 1234;
  private static final int SHARE = 10; // of the images of a class: one in ten
  private static final Pattern IMAGES = Pattern.compile("(?i)[^.].*\\.(png|jpe?g|bmp|gif)");
  private static final Pattern JPEG = Pattern.compile("(?i).*\\.jpe?g");
  private static final Map<Split, List<String>> PARTS =
      Map.of(
          Split.TRAIN, List.of("train", "training"),
          Split.VALID, List.of("valid", "val", "validation"),
          Split.TEST, List.of("test", "testing"));

  /** An image and its class. */
  private record Labelled(Path file, int label) {}

  private final String name;
  private final Path folder;
  private final ImageSize size; // null for that of the files
  private final int seed;
  private final boolean parts;
  private final Classes classes;
  private final Map<Split, List<Labelled>> files = new EnumMap<>(Split.class);
  private final List<Path> ignored = new ArrayList<>();
  private boolean jpeg;

  /**
   * Lists a folder.
   *
   * @param options size to scale all images to, none if they are of one size; seed, 1234 if none
   */
  ImageFolder(String name, Path folder, FolderOptions options) {
    this.name = name;
    this.folder = folder;
    this.size = options.size();
    this.seed = options.splitSeed() == null ? DEFAULT_SEED : options.splitSeed();
    this.parts = hasParts(folder);
    Map<Split, Map<String, List<Path>>> found = new EnumMap<>(Split.class);
    if (parts) {
      List<Path> used = new ArrayList<>();
      for (Split split : Split.values()) {
        Path part = part(folder, split);
        if (part != null) {
          found.put(split, byClass(part));
          used.add(part);
        }
      }
      ignored.addAll(ClassFolders.visible(folder, p -> !used.contains(p)));
    } else {
      found.put(Split.TRAIN, byClass(folder));
    }
    classes = Classes.of(found.values().stream().flatMap(part -> part.keySet().stream()));
    if (parts) {
      found.forEach((split, part) -> part.forEach((c, paths) -> add(split, c, paths)));
    } else {
      found.get(Split.TRAIN).forEach(this::divide);
    }
    files.values().removeIf(List::isEmpty);
    files.forEach((split, list) -> shuffle(list, split.ordinal(), 1));
  }

  /** Returns true if there are no parts, so that the images are split here. */
  boolean isTree() {
    return !parts;
  }

  /** Returns true if a folder has folders with image files, or such parts. */
  static boolean isOne(Path folder) {
    return hasParts(folder) || ClassFolders.isOne(folder, ImageFolder::isImage);
  }

  private static boolean hasParts(Path folder) {
    Path train = part(folder, Split.TRAIN);
    Path test = part(folder, Split.TEST);
    return Stream.of(train == null ? folder : train, test == null ? folder : test)
        .filter(p -> p != folder)
        .anyMatch(p -> ClassFolders.isOne(p, ImageFolder::isImage));
  }

  /** Returns the folder of a part, or null. */
  private static Path part(Path folder, Split split) {
    return PARTS.get(split).stream()
        .map(folder::resolve)
        .filter(Files::isDirectory)
        .findFirst()
        .orElse(null);
  }

  private static boolean isImage(Path file) {
    return IMAGES.matcher(file.getFileName().toString()).matches();
  }

  private Map<String, List<Path>> byClass(Path part) {
    ignored.addAll(ClassFolders.ignored(part, ImageFolder::isImage));
    return ClassFolders.list(part, ImageFolder::isImage, "PNG, JPEG, BMP or GIF");
  }

  private void add(Split split, String name, List<Path> images) {
    int label = classes.indexOf(name);
    List<Labelled> part = files.computeIfAbsent(split, any -> new ArrayList<>());
    for (Path image : images) {
      part.add(new Labelled(image, label));
      jpeg |= JPEG.matcher(image.getFileName().toString()).matches();
    }
  }

  /** Splits the images of a class. */
  private void divide(String name, List<Path> images) {
    List<Path> mixed = new ArrayList<>(images);
    shuffle(mixed, classes.indexOf(name), 0);
    int aside = images.size() < 3 ? 0 : Math.max(1, images.size() / SHARE);
    int rest = images.size() - 2 * aside;
    add(Split.TRAIN, name, mixed.subList(0, rest));
    add(Split.VALID, name, mixed.subList(rest, rest + aside));
    add(Split.TEST, name, mixed.subList(rest + aside, images.size()));
  }

  private void shuffle(List<?> list, int stream, int kind) {
    Philox.Stream draw = Philox.stream(seed, Purpose.SHUFFLE, stream, kind, 0);
    for (int i = list.size() - 1; i > 0; i--) {
      java.util.Collections.swap(list, i, draw.nextInt(i + 1));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return "image files in "
        + folder
        + (parts
            ? ""
            : ", split at random (seed " + seed + "): a tenth each for validation and test")
        + (size == null ? "" : ", scaled to " + size)
        + (jpeg ? ", EXIF orientation ignored" : "")
        + ignored();
  }

  /** Returns how many files and folders are not used; empty for none. */
  private String ignored() {
    long folders = ignored.stream().filter(Files::isDirectory).count();
    List<String> counts = new ArrayList<>();
    if (folders < ignored.size()) {
      counts.add(count(ignored.size() - folders, "other file"));
    }
    if (folders > 0) {
      counts.add(count(folders, "sub-folder"));
    }
    return counts.isEmpty() ? "" : ", " + String.join(" and ", counts) + " ignored";
  }

  private static String count(long n, String what) {
    return String.format(Locale.ROOT, "%,d %s%s", n, what, n == 1 ? "" : "s");
  }

  @Override
  public boolean hasSome(Split split) {
    return files.containsKey(split);
  }

  @Override
  public String filesOf(Split split) {
    return PARTS.get(split).get(0) + "/CLASS/*.png";
  }

  @Override
  public Dataset read(Split split) {
    return files.containsKey(split) ? dataset(split) : null;
  }

  private Dataset dataset(Split split) {
    List<Labelled> list = files.get(split);
    ImageSize all = size;
    byte[] pixels = new byte[0];
    int[] labels = new int[list.size()];
    for (int i = 0; i < labels.length; i++) {
      Path file = list.get(i).file();
      labels[i] = list.get(i).label();
      Picture picture = Images.picture(file, null, false);
      ImageSize own = new ImageSize(picture.width(), picture.height());
      if (size != null) {
        picture = picture.scaled(size);
      } else if (all != null && !all.equals(own)) {
        throw CsdpException.badInput(
            "%s has %s pixels, %s has %s; give one size with --size, for example --size %s",
            list.get(0).file(), all, file, own, all);
      }
      if (i == 0) {
        all = size == null ? own : size;
        long values = (long) labels.length * all.width() * all.height();
        if (values > Integer.MAX_VALUE - 64) {
          throw CsdpException.badInput(
              "%s: %,d images of %s pixels are more than 2 GiB; give a smaller --size",
              folder, labels.length, all);
        }
        pixels = new byte[(int) values];
      }
      float[] grey = picture.grey();
      for (int p = 0; p < grey.length; p++) {
        pixels[i * grey.length + p] = (byte) Math.round(255 * grey[p]);
      }
    }
    String title = name + " " + split.label();
    return classes.name(
        Dataset.adoptBytes(title, all.width(), all.height(), classes.count(), pixels, 0, labels));
  }
}
