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
  /** Tolerance for float16 near 1 (2^-10), far below a grey level (1/255). */
  private static final float ROUNDING = 1e-3f;

  /** How samples are stored. */
  public enum Kind {
    /** Images of 8 bits a pixel. */
    BYTES,
    /** Images of float values. */
    FLOATS,
    /** Recorded spikes. */
    SPIKES
  }

  /**
   * The samples: all but the field of the kind are null.
   *
   * @param base index of the first byte of sample 0
   */
  private record Content(
      Kind kind, byte[] bytes, int base, float[] floats, Recordings recordings) {}

  private final String name;
  private final int width;
  private final int height;
  private final int pixels;
  private final int classes;
  private final Content content; // sample i of this set is sample from + i there
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
      Content content,
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
    check(name, width, height, classes, (long) bytes.length - offset, labels);
    Content content = new Content(Kind.BYTES, bytes, offset, null, null);
    return of(name, width, height, classes, content, labels);
  }

  /** {@link #ofFloats} without the copies. */
  static Dataset adoptFloats(
      String name, int width, int height, int classes, float[] floats, int[] labels) {
    check(name, width, height, classes, floats.length, labels);
    clampValues(name, floats, width * height);
    byte[] bytes = asBytes(floats);
    Content content =
        bytes == null
            ? new Content(Kind.FLOATS, null, 0, floats, null)
            : new Content(Kind.BYTES, bytes, 0, null, null);
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
    check(name, width, height, classes, (long) labels.length * width * height, labels);
    Content content = new Content(Kind.SPIKES, null, 0, null, recordings);
    return of(name, width, height, classes, content, labels);
  }

  private static Dataset of(
      String name, int width, int height, int classes, Content content, int[] labels) {
    return new Dataset(name, width, height, classes, content, labels, 0, labels.length, List.of());
  }

  private static void check(
      String name, int width, int height, int classes, long values, int[] labels) {
    if (width < 1 || height < 1 || (long) width * height > Integer.MAX_VALUE) {
      throw CsdpException.badInput(
          "%s: images of %d x %d pixels; both sizes must be at least 1", name, width, height);
    }
    if (labels.length == 0) {
      throw CsdpException.badInput("%s: no images; give at least one", name);
    }
    if (values != (long) labels.length * width * height) {
      throw CsdpException.badInput(
          "%s: %d pixel values for %d labels; %d images of %d x %d pixels need %d",
          name,
          values,
          labels.length,
          labels.length,
          width,
          height,
          (long) labels.length * width * height);
    }
    if (classes < 1) {
      throw CsdpException.badInput("%s: %d classes; give at least one", name, classes);
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw CsdpException.badInput(
            "%s: the label of image %d is %d; with %d classes labels are 0..%d",
            name, i, labels[i], classes, classes - 1);
      }
    }
  }

  /** Clamps values outside of [0, 1] by rounding; refuses any others, including NaN. */
  static void clampValues(String name, float[] values, int pixels) {
    clampValues(name, values, pixels, 0);
  }

  /**
   * As above.
   *
   * @param first index of the first image, for messages
   */
  static void clampValues(String name, float[] values, int pixels, long first) {
    for (int i = 0; i < values.length; i++) {
      float value = values[i];
      if (!(value >= 0 && value <= 1)) {
        if (!(value >= -ROUNDING && value <= 1 + ROUNDING)) {
          throw CsdpException.badInput(
              "%s: pixel %d of image %d is %s; pixels are 0..1 (scale them, or store uint8 0..255)",
              name, i % pixels, first + i / pixels, value);
        }
        values[i] = value < 0 ? 0 : 1;
      }
    }
  }

  /** Returns the bytes b with b / 255f equal to the values, or null if there are none. */
  private static byte[] asBytes(float[] values) {
    byte[] bytes = null;
    for (int i = 0; i < values.length; i++) {
      int b = Math.round(values[i] * 255);
      if (b / 255f != values[i]) {
        return null;
      }
      if (bytes == null) {
        bytes = new byte[values.length];
      }
      bytes[i] = (byte) b;
    }
    return bytes;
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
    return content.kind;
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
    int at = from + checkIndex(i);
    switch (content.kind) {
      case BYTES -> {
        int start = content.base + at * pixels;
        for (int p = 0; p < pixels; p++) {
          out[offset + p] = (content.bytes[start + p] & 0xFF) / 255f;
        }
      }
      case FLOATS -> System.arraycopy(content.floats, at * pixels, out, offset, pixels);
      case SPIKES -> {
        byte[] spikes = spikes(i);
        for (int p = 0; p < pixels; p++) {
          int count = 0;
          for (int s = p; s < spikes.length; s += pixels) {
            count += spikes[s];
          }
          out[offset + p] = (float) count / steps();
        }
      }
    }
  }

  /** Returns kind and sizes of the samples: "images of 28 x 28 pixels". */
  public String samples() {
    return switch (content.kind) {
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
    switch (content.kind) {
      case BYTES, FLOATS -> {}
      case SPIKES ->
          throw CsdpException.badInput("%s holds recorded spikes, but %s needs images", name, user);
    }
  }

  /** Returns the time steps of a recording; 0 for images. */
  public int steps() {
    return content.recordings == null ? 0 : content.recordings.steps();
  }

  /**
   * Returns recordings with another number of time steps; images stay as they are.
   *
   * @throws CsdpException bad input if the files have a fixed number of steps
   */
  public Dataset inSteps(int steps) {
    return switch (content.kind) {
      case BYTES, FLOATS -> this;
      case SPIKES ->
          steps == steps()
              ? this
              : new Dataset(
                  name,
                  width,
                  height,
                  classes,
                  new Content(Kind.SPIKES, null, 0, null, content.recordings.inSteps(steps)),
                  labels,
                  from,
                  size,
                  classNames);
    };
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
    if (content.recordings == null) {
      throw new IllegalStateException(name + " holds images");
    }
    content.recordings.copy(from + checkIndex(i), out, offset, stride);
  }

  /** Returns the spikes of a recording: T x {@link #pixels()} bytes, 0 or 1. */
  public byte[] spikes(int i) {
    byte[] spikes = new byte[Math.multiplyExact(steps(), pixels)];
    copySpikes(i, spikes, 0, pixels);
    return spikes;
  }

  /** Returns true if every value is b / 255 for a byte b, which {@link #copyBytes} requires. */
  public boolean storesBytes() {
    return content.kind == Kind.BYTES;
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
    if (!storesBytes()) {
      throw new IllegalStateException(name + " has values that are no bytes");
    }
    Objects.checkFromIndexSize(first, n, size);
    System.arraycopy(content.bytes, content.base + (from + first) * pixels, out, 0, n * pixels);
  }

  /**
   * The images from..to-1 as a view.
   *
   * @throws CsdpException bad input: an empty range, or one outside the set
   */
  public Dataset subset(int from, int to) {
    if (from < 0 || to > size || from >= to) {
      throw CsdpException.badInput(
          "%s: images %d..%d asked of a set with images 0..%d", name, from, to - 1, size - 1);
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
      throw CsdpException.badInput("%s: a limit of %d images; give 0 for all", name, n);
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
    for (int i = 0; i < size; i++) {
      if (label(i) >= n) {
        throw CsdpException.badInput(
            "%s: the label of image %d is %d; with %d classes labels are 0..%d",
            name, i, label(i), n, n - 1);
      }
    }
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
      int bits =
          switch (content.kind) {
            case BYTES -> 8;
            case FLOATS -> 32;
            case SPIKES -> 1;
          };
      ByteBuffer buffer = ByteBuffer.allocate(Math.max(4096, 4 * pixels));
      digest.update(buffer.putInt(bits).putInt(size).putInt(height).putInt(width).flip());
      switch (content.kind) {
        case BYTES -> digest.update(content.bytes, content.base + from * pixels, size * pixels);
        case FLOATS -> {
          for (int i = 0; i < size; i++) {
            buffer.clear();
            buffer.asFloatBuffer().put(content.floats, (from + i) * pixels, pixels);
            digest.update(buffer.limit(4 * pixels));
          }
        }
        case SPIKES -> {
          digest.update(buffer.clear().putInt(steps()).flip());
          for (int i = 0; i < size; i++) {
            digest.update(packed(spikes(i)));
          }
        }
      }
      for (int i = 0; i < size; i++) {
        buffer.clear();
        digest.update(buffer.putInt(label(i)).flip());
      }
      known = HexFormat.of().formatHex(digest.digest());
      sha256 = known;
    }
    return known;
  }

  /** Packs eight 0 or 1 into a byte, the first into its highest bit, as NumPy's packbits. */
  private static byte[] packed(byte[] spikes) {
    byte[] packed = new byte[(spikes.length + 7) / 8];
    for (int s = 0; s < spikes.length; s++) {
      packed[s / 8] |= (byte) (spikes[s] << (7 - s % 8));
    }
    return packed;
  }

  /** Name, number of images, sizes and classes in a line. */
  @Override
  public String toString() {
    return name + ": " + String.join(", ", List.of(size + " " + samples(), classes + " classes"));
  }

  private Dataset view(String name, int classes, int from, int size) {
    return new Dataset(name, width, height, classes, content, labels, from, size, classNames);
  }

  private int checkIndex(int i) {
    if (i < 0 || i >= size) {
      throw new IndexOutOfBoundsException("image " + i + " of " + size + " in " + name);
    }
    return i;
  }
}
