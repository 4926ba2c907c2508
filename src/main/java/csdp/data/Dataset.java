package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Checksums;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Labelled grey images of one size, or recorded spike trains of as many units; immutable. {@link
 * #subset} and {@link #limit} are views on the same pixels. Recordings are read from their files
 * when needed.
 *
 * <p>Pixels are stored as bytes if possible: floats that are all {@code b / 255f} for integer b, as
 * in scaled 8-bit images, need a quarter of the memory and have the hash of the original bytes.
 */
public final class Dataset {
  /** How samples are stored. */
  public enum Kind {
    /** Images of 8 bits a pixel. */
    BYTES,
    /** Images of float values. */
    FLOATS,
    /** Recorded spikes. */
    SPIKES
  }

  private final String name;
  private final int width;
  private final int height;
  private final int pixels;
  private final int classes;
  private final Samples content; // sample i of this set is sample from + i there
  private final int[] labels;
  private final int from;
  private final int size;
  private final List<String> classNames; // empty for numbers
  private volatile String sha256;

  private Dataset(
      String name,
      int width,
      int height,
      int classes,
      Samples content,
      int[] labels,
      int from,
      int size,
      List<String> classNames) {
    this.name = name;
    this.width = width;
    this.height = height;
    this.pixels = width * height;
    this.classes = classes;
    this.content = content;
    this.labels = labels;
    this.from = from;
    this.size = size;
    this.classNames = classNames;
  }

  /**
   * Images of 8 bits a pixel; byte b stands for the value b / 255.
   *
   * @param name of the set, for messages
   * @param width of an image, in pixels
   * @param height of an image, in pixels
   * @param classes labels are 0..classes-1
   * @param pixels [labels.length, height, width] row-major; copied
   * @param labels one for each image; copied
   * @throws CsdpException bad input: sizes, counts or labels that do not fit
   */
  public static Dataset ofBytes(
      String name, int width, int height, int classes, byte[] pixels, int[] labels) {
    return adoptBytes(name, width, height, classes, pixels.clone(), 0, labels.clone());
  }

  /**
   * Images of float values in [0, 1]; values outside by rounding only are clamped.
   *
   * @param name of the set, for messages
   * @param width of an image, in pixels
   * @param height of an image, in pixels
   * @param classes labels are 0..classes-1
   * @param pixels [labels.length, height, width] row-major; copied
   * @param labels one for each image; copied
   * @throws CsdpException bad input: sizes, counts, values or labels that do not fit
   */
  public static Dataset ofFloats(
      String name, int width, int height, int classes, float[] pixels, int[] labels) {
    return adoptFloats(name, width, height, classes, pixels.clone(), labels.clone());
  }

  /** {@link #ofBytes} without the copies; the images start at the given offset. */
  static Dataset adoptBytes(
      String name, int width, int height, int classes, byte[] bytes, int offset, int[] labels) {
    check(name, width, height, (long) bytes.length - offset, labels.length);
    Samples content = new Samples.Bytes(bytes, offset, width * height);
    return of(name, width, height, classes, content, labels);
  }

  /** {@link #ofFloats} without the copies. */
  static Dataset adoptFloats(
      String name, int width, int height, int classes, float[] floats, int[] labels) {
    check(name, width, height, floats.length, labels.length);
    Samples.clamp(name, floats, width * height, 0);
    Samples content = Samples.ofValues(floats, width * height);
    return of(name, width, height, classes, content, labels);
  }

  /**
   * Recorded spike trains.
   *
   * @param width of the units, drawn as an image; width times height are their number
   * @throws CsdpException bad input: sizes or labels that do not fit
   */
  static Dataset ofRecordings(
      String name, int width, int height, int classes, Recordings recordings, int[] labels) {
    check(name, width, height, (long) labels.length * width * height, labels.length);
    Samples content = new Samples.Spikes(recordings, width * height);
    return of(name, width, height, classes, content, labels);
  }

  private static Dataset of(
      String name, int width, int height, int classes, Samples content, int[] labels) {
    Dataset set =
        new Dataset(name, width, height, classes, content, labels, 0, labels.length, List.of());
    if (labels.length == 0) {
      throw CsdpException.badInput("%s: no %ss; give at least one", name, set.noun());
    }
    if (classes < 1) {
      throw CsdpException.badInput("%s: %d classes; give at least one", name, classes);
    }
    set.requireLabelsBelow(classes);
    return set;
  }

  private static void check(String name, int width, int height, long values, int images) {
    if (width < 1 || height < 1 || (long) width * height > Integer.MAX_VALUE) {
      throw CsdpException.badInput(
          "%s: images of %d x %d pixels; both sizes must be at least 1", name, width, height);
    }
    long needed = (long) images * width * height;
    if (values != needed && images > 0) {
      throw CsdpException.badInput(
          "%s: %d pixel values for %d labels; %d images of %d x %d pixels need %d",
          name, values, images, images, width, height, needed);
    }
  }

  private void requireLabelsBelow(int classes) {
    for (int i = 0; i < size; i++) {
      if (label(i) < 0 || label(i) >= classes) {
        throw CsdpException.badInput(
            "%s: the label of %s %d is %d; with %d classes labels are 0..%d",
            name, noun(), i, label(i), classes, classes - 1);
      }
    }
  }

  /** Returns the name of the set. */
  public String name() {
    return name;
  }

  /** Number of images, at least 1. */
  public int size() {
    return size;
  }

  /** Width of every image, in pixels. */
  public int width() {
    return width;
  }

  /** Height of every image, in pixels. */
  public int height() {
    return height;
  }

  /** Values in an image: width times height. */
  public int pixels() {
    return pixels;
  }

  /** Number of classes; every label is below it. */
  public int classes() {
    return classes;
  }

  /**
   * The class of an image.
   *
   * @param i 0..size-1
   */
  public int label(int i) {
    return labels[from + checkIndex(i)];
  }

  /** Returns how samples are stored. */
  public Kind kind() {
    return content.kind();
  }

  /**
   * Copies an image: row-major, values in [0, 1]; of a recording the share of steps in which each
   * unit spiked.
   *
   * @param i 0..size-1
   * @param out receives {@link #pixels()} values from the offset on
   * @param offset start of the image in out
   */
  public void copyImage(int i, float[] out, int offset) {
    content.copyImage(from + checkIndex(i), out, offset);
  }

  /**
   * Copies the share of steps in which each unit spiked.
   *
   * @param spikes bytes 0 or 1, a row of units a step
   * @param first index of the first step's row
   * @param stride from a step's row to the next; the number of steps is spikes.length / stride
   * @param out receives a value for each unit from the offset on
   */
  public static void copyRates(
      byte[] spikes, int first, int stride, int units, float[] out, int offset) {
    int steps = spikes.length / stride;
    for (int i = 0; i < units; i++) {
      int count = 0;
      for (int t = 0; t < steps; t++) {
        count += spikes[first + t * stride + i];
      }
      out[offset + i] = (float) count / steps;
    }
  }

  /** Returns the word for a sample: "image" or "recording". */
  public String noun() {
    return switch (kind()) {
      case BYTES, FLOATS -> "image";
      case SPIKES -> "recording";
    };
  }

  /** Returns kind and sizes of the samples: "images of 28 x 28 pixels". */
  public String samples() {
    return switch (kind()) {
      case BYTES, FLOATS -> "images of " + width + " x " + height + " pixels";
      case SPIKES -> "recordings of " + width + " x " + height + " units in " + steps() + " steps";
    };
  }

  /**
   * Refuses recorded spikes.
   *
   * @param user that needs images, for the message
   * @throws CsdpException bad input
   */
  public void requireImages(String user) {
    switch (kind()) {
      case BYTES, FLOATS -> {}
      case SPIKES ->
          throw CsdpException.badInput("%s holds recorded spikes, but %s needs images", name, user);
    }
  }

  /** Returns the time steps of a recording; 0 for images. */
  public int steps() {
    return content.steps();
  }

  /**
   * Returns recordings with another number of time steps; images stay as they are.
   *
   * @throws CsdpException bad input if the files have a fixed number of steps
   */
  public Dataset inSteps(int steps) {
    Samples other = content.inSteps(steps);
    return other == content
        ? this
        : new Dataset(name, width, height, classes, other, labels, from, size, classNames);
  }

  /**
   * Copies the spikes of a recording: sets bytes to 1, and leaves those without a spike.
   *
   * @param i 0..size-1
   * @param out receives a row of {@link #pixels()} bytes a step
   * @param offset start of the first step's row in out
   * @param stride from a step's row to the next
   * @throws CsdpException bad input if the file is damaged
   * @throws IllegalStateException if the set holds images
   */
  public void copySpikes(int i, byte[] out, int offset, int stride) {
    spikes().recordings().copy(from + checkIndex(i), out, offset, stride);
  }

  /** Returns the spikes of a recording: T x {@link #pixels()} bytes, 0 or 1. */
  public byte[] spikes(int i) {
    return spikes().spikes(from + checkIndex(i));
  }

  private Samples.Spikes spikes() {
    if (content instanceof Samples.Spikes spikes) {
      return spikes;
    }
    throw new IllegalStateException(name + " holds images");
  }

  /** Returns true if every value is b / 255 for a byte b, which {@link #copyBytes} requires. */
  public boolean storesBytes() {
    return kind() == Kind.BYTES;
  }

  /**
   * Copies images as bytes: row-major, byte b for the value b / 255.
   *
   * @param first image, 0..size-1
   * @param n number of images
   * @param out receives n times {@link #pixels()} bytes
   * @throws IllegalStateException if the set does not {@linkplain #storesBytes() store bytes}
   */
  public void copyBytes(int first, int n, byte[] out) {
    if (!(content instanceof Samples.Bytes b)) {
      throw new IllegalStateException(name + " has values that are no bytes");
    }
    Objects.checkFromIndexSize(first, n, size);
    System.arraycopy(b.bytes(), b.base() + (from + first) * pixels, out, 0, n * pixels);
  }

  /**
   * The images from..to-1 as a view.
   *
   * @throws CsdpException bad input: an empty range, or one outside the set
   */
  public Dataset subset(int from, int to) {
    if (from < 0 || to > size || from >= to) {
      throw CsdpException.badInput(
          "%s: %ss %d..%d asked of a set with %ss 0..%d",
          name, noun(), from, to - 1, noun(), size - 1);
    }
    return from == 0 && to == size ? this : view(name, classes, this.from + from, to - from);
  }

  /**
   * Returns the first n images as a view, or all if n is 0 or larger than the set.
   *
   * @throws CsdpException bad input: n is negative
   */
  public Dataset limit(int n) {
    if (n < 0) {
      throw CsdpException.badInput("%s: a limit of %d %ss; give 0 for all", name, n, noun());
    }
    return n == 0 ? this : subset(0, Math.min(n, size));
  }

  /**
   * Returns a view with more classes than occur here.
   *
   * @throws CsdpException bad input: labels of this set are outside 0..n-1
   */
  public Dataset withClasses(int n) {
    if (n == classes) {
      return this;
    }
    requireLabelsBelow(n);
    return view(name, n, from, size);
  }

  /**
   * Returns a view whose classes have names.
   *
   * @param names one for each class
   * @throws IllegalArgumentException if their number differs
   */
  public Dataset withClassNames(List<String> names) {
    if (names.size() != classes) {
      throw new IllegalArgumentException(names.size() + " names of " + classes + " classes");
    }
    return new Dataset(
        name, width, height, classes, content, labels, from, size, List.copyOf(names));
  }

  /**
   * Returns a view with the class numbers of a model. Sets without class names keep their numbers.
   *
   * @param names of the model's classes, in their order; a class without a name has its number
   * @throws CsdpException bad input: an image has a class that is not among them
   */
  public Dataset inClasses(List<String> names) {
    if (classNames.isEmpty() || classNames.equals(names)) {
      return this;
    }
    int[] numbers = labels.clone();
    for (int i = from; i < from + size; i++) {
      String own = className(labels[i]);
      numbers[i] = names.indexOf(own);
      if (numbers[i] < 0) {
        throw CsdpException.badInput(
            "%s has images of class %s, which is none of the model's: %s",
            name, own, String.join(", ", names));
      }
    }
    boolean named =
        IntStream.range(0, names.size()).anyMatch(k -> !names.get(k).equals(String.valueOf(k)));
    return new Dataset(
        name,
        width,
        height,
        names.size(),
        content,
        numbers,
        from,
        size,
        named ? List.copyOf(names) : List.of());
  }

  /** Returns the names of the classes; empty if they have none but their numbers. */
  public List<String> classNames() {
    return classNames;
  }

  /** Returns the name of a class, its number without names. */
  public String className(int k) {
    return k < classNames.size() ? classNames.get(k) : Integer.toString(k);
  }

  /** The same images under another name. */
  Dataset named(String other) {
    return view(other, classes, from, size);
  }

  /** Returns the classes without images, ascending. */
  public List<Integer> absentClasses() {
    boolean[] seen = new boolean[classes];
    for (int i = 0; i < size; i++) {
      seen[label(i)] = true;
    }
    return IntStream.range(0, classes).filter(k -> !seen[k]).boxed().toList();
  }

  /** Returns the brightness of the images. */
  public Ink ink() {
    double sum = 0;
    double least = 1;
    double most = 0;
    float[] image = new float[pixels];
    for (int i = 0; i < size; i++) {
      copyImage(i, image, 0);
      double mean = Ink.of(image);
      sum += mean;
      least = Math.min(least, mean);
      most = Math.max(most, mean);
    }
    return new Ink(Math.min(Math.max(sum / size, least), most), least, most);
  }

  /**
   * Identifies the content: SHA-256 in hex over size, image sizes, pixels and labels; of recordings
   * also over the number of steps, and over spikes, 8 a byte, instead of pixels. Independent of
   * name and file format. Computed at the first call.
   */
  public String sha256() {
    String known = sha256;
    if (known == null) {
      MessageDigest digest = Checksums.sha256();
      ByteBuffer buffer = ByteBuffer.allocate(16);
      digest.update(buffer.putInt(content.bits()).putInt(size).putInt(height).putInt(width).flip());
      content.addTo(digest, from, size);
      for (int i = 0; i < size; i++) {
        buffer.clear();
        digest.update(buffer.putInt(label(i)).flip());
      }
      known = HexFormat.of().formatHex(digest.digest());
      sha256 = known;
    }
    return known;
  }

  /** Name, number of images, sizes and classes in a line. */
  @Override
  public String toString() {
    return name + ": " + size + " " + samples() + ", " + classes + " classes";
  }

  private Dataset view(String name, int classes, int from, int size) {
    return new Dataset(name, width, height, classes, content, labels, from, size, classNames);
  }

  private int checkIndex(int i) {
    if (i < 0 || i >= size) {
      throw new IndexOutOfBoundsException(noun() + " " + i + " of " + size + " in " + name);
    }
    return i;
  }
}
