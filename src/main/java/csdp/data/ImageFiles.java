package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Disk;
import csdp.io.NpyArray;
import csdp.io.NpyReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/** The images of files. */
final class ImageFiles implements ImageSource {
  /** Names of pictures and arrays in a folder. */
  private static final Pattern NAMES =
      Pattern.compile("(?i).+\\.(png|jpe?g|bmp|gif|npy|npz)", Pattern.DOTALL);

  private static final Pattern WILDCARDS = Pattern.compile("[*?\\[{]");

  /** The images of an open file. */
  private interface Opened extends AutoCloseable {
    /** Returns the number of images. */
    int count();

    /** Returns the next image. */
    float[] next();

    @Override
    default void close() {}
  }

  private final Iterator<Path> files;
  private final int width;
  private final int height;
  private final boolean invert;
  private final boolean scale;
  private int skip; // images of the next file
  private Path file;
  private Opened opened;
  private int index; // of the next image in the file

  ImageFiles(List<Path> files, int skip, int width, int height, boolean invert, boolean scale) {
    this.files = List.copyOf(files).iterator();
    this.skip = skip;
    this.width = width;
    this.height = height;
    this.invert = invert;
    this.scale = scale;
  }

  /** Returns files in the order of their names; a path that exists is no pattern. */
  static List<Path> find(String pattern) {
    boolean plain = !WILDCARDS.matcher(pattern).find() || exists(pattern);
    Path path = plain ? DataSources.path(pattern) : null;
    if (path != null && !Files.isDirectory(path)) {
      if (!Files.exists(path)) {
        throw CsdpException.badInput(
            "%s: no such file or folder; name one, or quote a pattern such as 'scans/*.png'",
            pattern);
      }
      return List.of(path);
    }
    int wild = path == null ? firstWild(pattern) : 0;
    Path root =
        path == null ? DataSources.path(wild == 0 ? "." : pattern.substring(0, wild)) : path;
    if (!Files.isDirectory(root)) {
      throw CsdpException.badInput("%s: there is no folder %s", pattern, root);
    }
    String rest = pattern.substring(wild);
    int depth =
        path != null || rest.contains("**") ? Integer.MAX_VALUE : rest.split("/", -1).length;
    Path real = Disk.real(root); // the folder may be a link
    try (Stream<Path> all = Files.walk(real, depth)) {
      PathMatcher matcher =
          path == null
              ? FileSystems.getDefault().getPathMatcher("glob:" + rest)
              : relative -> NAMES.matcher(relative.getFileName().toString()).matches();
      List<Path> found =
          all.map(real::relativize)
              .filter(f -> matcher.matches(f) && Files.isRegularFile(root.resolve(f)))
              .filter(f -> !f.getFileName().toString().startsWith("._")) // of macOS
              .map(f -> wild == 0 && path == null ? f : root.resolve(f))
              .sorted(Comparator.comparing(Path::toString))
              .toList();
      if (found.isEmpty()) {
        throw CsdpException.badInput(
            "%s: no %s",
            pattern, path == null ? "file matches" : "pictures, .npy or .npz files in it");
      }
      return found;
    } catch (PatternSyntaxException e) {
      throw CsdpException.badInput("%s is not a pattern: %s", pattern, e.getDescription())
          .because(e);
    } catch (IOException | UncheckedIOException e) {
      throw Disk.unreadable(root, e);
    }
  }

  /** Returns true if a path exists, whatever its letters. */
  private static boolean exists(String path) {
    try {
      return Files.exists(DataSources.path(path));
    } catch (CsdpException e) {
      return false; // Windows: * is in no path
    }
  }

  /** Returns the index after the folders of a pattern that have no wildcards or exist. */
  private static int firstWild(String pattern) {
    int from = 0;
    for (int slash = pattern.indexOf('/'); slash >= 0; slash = pattern.indexOf('/', slash + 1)) {
      String folder = pattern.substring(0, slash);
      if (WILDCARDS.matcher(folder).find() && !exists(folder)) {
        break;
      }
      from = slash + 1;
    }
    return from;
  }

  @Override
  public Item next() {
    while (opened == null || index == opened.count()) {
      close();
      if (!files.hasNext()) {
        return null;
      }
      file = files.next();
      index = skip;
      skip = 0;
      try {
        opened = open();
      } catch (CsdpException e) {
        return new Item(file.toString(), -1, null, null, e.getMessage());
      }
    }
    String name = opened.count() == 1 ? file.toString() : file + "[" + index + "]";
    try {
      return new Item(name, -1, opened.next(), null, null);
    } catch (CsdpException e) {
      return new Item(name, -1, null, null, e.getMessage());
    } finally {
      index++;
    }
  }

  static int count(Path file, int width, int height) {
    try (ImageFiles one = new ImageFiles(List.of(file), 0, width, height, false, false)) {
      if (Images.isPicture(file)) {
        return 1;
      }
      one.file = file;
      one.opened = one.open();
      return one.opened.count();
    } catch (CsdpException e) {
      return 1; // the item that holds the error
    }
  }

  private Opened open() {
    if (Images.isNpy(file)) {
      NpyReader array = NpyReader.open(file);
      if (array.isRowMajor()) {
        return npy(array);
      }
      array.close();
    }
    float[][] images = Images.read(file, width, height, invert, scale);
    return new Opened() {
      @Override
      public int count() {
        return images.length;
      }

      @Override
      public float[] next() {
        return images[index];
      }
    };
  }

  private Opened npy(NpyReader array) {
    int count;
    try {
      count = Images.count(array.shape(), file, width, height);
      requireUnambiguous(array.holdsIntegers());
      array.skip((long) index * width * height);
    } catch (CsdpException e) {
      array.close();
      throw e;
    }
    return new Opened() {
      @Override
      public int count() {
        return count;
      }

      @Override
      public float[] next() {
        return image(array.next(width * height));
      }

      @Override
      public void close() {
        array.close();
      }
    };
  }

  private float[] image(NpyArray pixels) {
    float[] image;
    if (pixels.isFloating()) {
      image = pixels.floats();
      Samples.clamp(file.toString(), image, image.length, index);
    } else {
      byte[] bytes =
          pixels.data() instanceof boolean[]
              ? NpyFiles.greyLevels(pixels, file)
              : NpyFiles.wholeNumbers(pixels);
      image = Images.image(bytes, 0, bytes.length);
    }
    Images.invert(image, invert);
    return image;
  }

  /** Refuses whole numbers that are all 0 or 1; reads until the first that is not. */
  private void requireUnambiguous(boolean integers) {
    if (!integers) {
      return;
    }
    boolean ones = false;
    try (NpyReader array = NpyReader.open(file)) {
      while (array.left() > 0) {
        for (float value : array.next((int) Math.min(1 << 16, array.left())).floats()) {
          if (value != 0 && value != 1) {
            return;
          }
          ones |= value == 1;
        }
      }
    }
    if (ones) {
      throw NpyFiles.ambiguous(file);
    }
  }

  @Override
  public void close() {
    if (opened != null) {
      opened.close();
      opened = null;
    }
  }
}
