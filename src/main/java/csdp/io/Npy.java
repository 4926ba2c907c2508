package csdp.io;

import csdp.error.CsdpException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * NumPy's .npy format, versions 1 to 3: magic, version, a header that is a Python dictionary, then
 * the elements. Header values are not trusted: memory is allocated for bytes that were read.
 *
 * <p>Source: numpy/lib/format.py.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_HEADER = 64 * 1024;
  private static final int MAX_RANK = 32;
  private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;
  private static final int CHUNK = 1 << 20;

  private static final Set<String> KEYS = Set.of("descr", "fortran_order", "shape");

  private Npy() {}

  /**
   * Reads a file that holds one array; an .npz with a single array is one.
   *
   * @throws CsdpException bad input when the file is missing, damaged, longer than its header says
   *     or of an unsupported type; environment when it cannot be read
   */
  public static NpyArray read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw CsdpException.badInput("%s is not a file", file);
    }
    try {
      if (isArchive(file)) {
        return Npz.onlyArray(file);
      }
      try (InputStream in = Files.newInputStream(file)) {
        String where = file.toString();
        NpyArray array = read(in, where, header(in, where, Files.size(file)), true);
        requireEnd(in, where);
        return array;
      }
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
  }

  private static boolean isArchive(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(Npz.MAGIC.length), Npz.MAGIC);
    }
  }

  /**
   * Reads one array and leaves the stream after it.
   *
   * @param where names the source in messages
   * @param maxBytes maximum size in bytes, including the header; memory is allocated for bytes that
   *     were read, not for the header's claim
   * @throws CsdpException bad input when the bytes are not one whole array
   */
  public static NpyArray read(InputStream in, String where, long maxBytes) throws IOException {
    return read(in, where, header(in, where, maxBytes), false);
  }

  /**
   * The header of a file.
   *
   * @param bytes of the header itself
   */
  record Header(int[] shape, NpyType type, boolean fortran, long bytes) {}

  /**
   * Reads the header of an array that fits into memory.
   *
   * @param maxBytes maximum size in bytes of header and elements
   * @throws CsdpException bad input when it is damaged, or its elements would need more bytes
   */
  static Header header(InputStream in, String where, long maxBytes) throws IOException {
    Header header = anyHeader(in, where, maxBytes);
    requireBytes(where, header, count(where, header.shape), maxBytes);
    return header;
  }

  /** Refuses a header whose elements need more bytes than there are. */
  static void requireBytes(String where, Header header, long count, long maxBytes) {
    long left = maxBytes - header.bytes;
    int width = header.type.width();
    if (count > left / width) {
      throw CsdpException.badInput(
          "%s: shape %s needs %d bytes but %d are there; the file is damaged or cut short",
          where,
          shapeText(header.shape),
          Math.min(count, Long.MAX_VALUE / width) * width,
          Math.max(0, left));
    }
  }

  /** Reads the header of an array of any size. */
  static Header anyHeader(InputStream in, String where, long maxBytes) throws IOException {
    byte[] start = in.readNBytes((int) Math.min(8, maxBytes));
    if (start.length < 8 || !Arrays.equals(start, 0, 6, MAGIC, 0, 6)) {
      throw CsdpException.badInput("%s is not a NumPy array (.npy): it starts otherwise", where);
    }
    int version = start[6];
    if (version < 1 || version > 3) {
      throw CsdpException.badInput(
          "%s: .npy format version %d is not known; save it with numpy.save", where, version);
    }
    int lengthBytes = version == 1 ? 2 : 4;
    byte[] length = exactly(in, lengthBytes, where);
    long headerLength = 0;
    for (int i = lengthBytes - 1; i >= 0; i--) {
      headerLength = headerLength << 8 | (length[i] & 0xFF);
    }
    if (headerLength > MAX_HEADER) {
      throw CsdpException.badInput(
          "%s: a header of %d bytes is not plausible; the file is damaged", where, headerLength);
    }
    String header =
        new String(
            exactly(in, (int) headerLength, where),
            version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
    Map<?, ?> fields = fields(header, where);
    return new Header(
        shape((List<?>) fields.get("shape"), where),
        NpyType.of(fields.get("descr"), where),
        (Boolean) fields.get("fortran_order"),
        8 + lengthBytes + headerLength);
  }

  /** The dictionary of a header: the three keys with values of the right types. */
  private static Map<?, ?> fields(String header, String where) {
    try {
      if (PythonLiteral.parse(header) instanceof Map<?, ?> fields
          && fields.keySet().equals(KEYS)
          && fields.get("fortran_order") instanceof Boolean
          && fields.get("shape") instanceof List<?>) {
        return fields;
      }
    } catch (IllegalArgumentException e) {
      throw CsdpException.badInput("%s: the .npy header is damaged", where).because(e);
    }
    throw CsdpException.badInput("%s: the .npy header is damaged", where);
  }

  /**
   * Reads the elements that follow a header.
   *
   * @param present true if the caller knows that all their bytes exist
   */
  static NpyArray read(InputStream in, String where, Header header, boolean present)
      throws IOException {
    Object data = elements(in, header.type, (int) count(where, header.shape), present, where);
    if (header.fortran && header.shape.length > 1) {
      data = rowMajor(data, header.shape);
    }
    return new NpyArray(where, header.shape, data);
  }

  /** Throws if the stream continues. */
  static void requireEnd(InputStream in, String where) throws IOException {
    if (in.read() != -1) {
      throw CsdpException.badInput(
          "%s holds more bytes than its shape needs; save one array a file", where);
    }
  }

  /**
   * Writes a file with one array, little-endian, format 1.0; not atomically.
   *
   * @param shape sizes; empty for a scalar
   * @param data float[], double[], byte[] (unsigned), boolean[], int[] or long[], row-major
   */
  public static void write(Path file, int[] shape, Object data) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      write(out, shape, data);
    }
  }

  /** Writes one array, little-endian, format 1.0, and flushes. */
  public static void write(OutputStream out, int[] shape, Object data) throws IOException {
    BufferedOutputStream buffered = new BufferedOutputStream(out);
    write(buffered, shape, data, false);
    buffered.flush();
  }

  /** As above; {@code unsigned} stores the bits of an int[] as u4. */
  static void write(OutputStream out, int[] shape, Object data, boolean unsigned)
      throws IOException {
    String descr;
    if (data instanceof float[]) {
      descr = "<f4";
    } else if (data instanceof double[]) {
      descr = "<f8";
    } else if (data instanceof byte[]) {
      descr = "|u1";
    } else if (data instanceof boolean[]) {
      descr = "|b1";
    } else if (data instanceof int[]) {
      descr = unsigned ? "<u4" : "<i4";
    } else {
      descr = "<i8";
    }
    int length = length(data);
    if (count("array", shape) != length) {
      throw new IllegalArgumentException(shapeText(shape) + " does not hold " + length);
    }
    out.write(header(descr, shape));
    writeElements(out, data);
  }

  /** Writes the elements of an array, little-endian, without a header. */
  static void writeElements(OutputStream out, Object data) throws IOException {
    int length = length(data);
    int width = width(data);
    byte[] bytes = new byte[(int) Math.min(CHUNK, (long) length * width)];
    ByteBuffer chunk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < length; ) {
      int n = Math.min(chunk.capacity() / width, length - at);
      if (data instanceof float[] a) {
        chunk.asFloatBuffer().put(a, at, n);
      } else if (data instanceof double[] a) {
        chunk.asDoubleBuffer().put(a, at, n);
      } else if (data instanceof byte[] a) {
        System.arraycopy(a, at, bytes, 0, n);
      } else if (data instanceof boolean[] a) {
        for (int i = 0; i < n; i++) {
          bytes[i] = (byte) (a[at + i] ? 1 : 0);
        }
      } else if (data instanceof int[] a) {
        chunk.asIntBuffer().put(a, at, n);
      } else {
        chunk.asLongBuffer().put((long[]) data, at, n);
      }
      out.write(bytes, 0, n * width);
      at += n;
    }
  }

  /** Bytes that {@link #write} makes of an array. */
  static long encodedSize(int[] shape, Object data) {
    return header("<f4", shape).length + (long) length(data) * width(data);
  }

  /** Returns a header, whose length does not depend on the size of the first dimension. */
  static byte[] header(String descr, int[] shape) {
    String dict =
        "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shapeText(shape) + ", }";
    // NumPy reserves 21 digits for the first dimension.
    int room = shape.length == 0 ? 0 : 21 - Integer.toString(shape[0]).length();
    int unpadded = MAGIC.length + 4 + dict.length() + room + 1;
    int total = (unpadded + 63) / 64 * 64;
    byte[] out = new byte[total];
    Arrays.fill(out, (byte) ' ');
    System.arraycopy(MAGIC, 0, out, 0, MAGIC.length);
    out[6] = 1;
    out[7] = 0;
    out[8] = (byte) (total - 10);
    out[9] = (byte) ((total - 10) >>> 8);
    byte[] text = dict.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(text, 0, out, 10, text.length);
    out[total - 1] = '\n';
    return out;
  }

  /** Number of elements of a shape. */
  static long count(String where, int[] shape) {
    long count = 1;
    boolean empty = false;
    for (int d : shape) {
      if (d < 0) {
        throw CsdpException.badInput("%s: shape %s is negative", where, shapeText(shape));
      }
      empty |= d == 0;
      count = Math.min(count * Math.max(1, d), 1L << 32);
    }
    if (count > MAX_ELEMENTS) {
      throw CsdpException.badInput(
          "%s: shape %s has more elements than an array can hold", where, shapeText(shape));
    }
    return empty ? 0 : count;
  }

  /** Length of a primitive array of one of the six types. */
  static int length(Object data) {
    width(data);
    return java.lang.reflect.Array.getLength(data);
  }

  private static int width(Object data) {
    if (data instanceof byte[] || data instanceof boolean[]) {
      return 1;
    }
    if (data instanceof float[] || data instanceof int[]) {
      return 4;
    }
    if (data instanceof double[] || data instanceof long[]) {
      return 8;
    }
    throw new IllegalArgumentException(
        "elements must be float[], double[], byte[], boolean[], int[] or long[]");
  }

  /** A shape as Python writes it: (), (3,), (3, 4). */
  public static String shapeText(int[] shape) {
    StringBuilder sb = new StringBuilder("(");
    for (int i = 0; i < shape.length; i++) {
      sb.append(i == 0 ? "" : ", ").append(shape[i]);
    }
    return sb.append(shape.length == 1 ? ",)" : ")").toString();
  }

  private static int[] shape(List<?> sizes, String where) {
    if (sizes.size() > MAX_RANK) {
      throw CsdpException.badInput("%s: more than %d dimensions", where, MAX_RANK);
    }
    int[] shape = new int[sizes.size()];
    for (int i = 0; i < shape.length; i++) {
      if (!(sizes.get(i) instanceof Long size) || size < 0 || size > MAX_ELEMENTS) {
        throw CsdpException.badInput(
            "%s: shape %s in the .npy header is negative, too large or damaged", where, sizes);
      }
      shape[i] = size.intValue();
    }
    return shape;
  }

  private static byte[] exactly(InputStream in, int n, String where) throws IOException {
    byte[] bytes = in.readNBytes(n);
    if (bytes.length < n) {
      throw cutShort(where);
    }
    return bytes;
  }

  private static CsdpException cutShort(String where) {
    return CsdpException.badInput("%s ends early; the file is damaged or cut short", where);
  }

  static Object elements(InputStream in, NpyType type, int count, boolean present, String where)
      throws IOException {
    int perChunk = CHUNK / type.width();
    byte[] raw = new byte[(int) Math.min(CHUNK, (long) count * type.width())];
    ByteBuffer chunk = ByteBuffer.wrap(raw).order(type.order());
    int room = present ? count : Math.min(count, perChunk);
    Object data = type.allocate(room);
    for (int at = 0; at < count; ) {
      int n = Math.min(perChunk, count - at);
      if (in.readNBytes(raw, 0, n * type.width()) < n * type.width()) {
        throw cutShort(where);
      }
      if (at + n > room) {
        room = (int) Math.min(count, Math.max(2L * room, at + n));
        Object larger = type.allocate(room);
        System.arraycopy(data, 0, larger, 0, at);
        data = larger;
      }
      type.decode(chunk, data, at, n, where);
      at += n;
    }
    return data;
  }

  /** Turns column-major elements row-major. */
  private static Object rowMajor(Object data, int[] shape) {
    int count = length(data);
    Object out = java.lang.reflect.Array.newInstance(data.getClass().getComponentType(), count);
    int rank = shape.length;
    int[] stride = new int[rank];
    int step = 1;
    for (int d = 0; d < rank; d++) {
      stride[d] = step;
      step *= shape[d];
    }
    int[] index = new int[rank];
    int from = 0;
    for (int to = 0; to < count; to++) {
      copy(data, from, out, to);
      for (int d = rank - 1; d >= 0; d--) {
        from += stride[d];
        if (++index[d] < shape[d]) {
          break;
        }
        from -= stride[d] * shape[d];
        index[d] = 0;
      }
    }
    return out;
  }

  private static void copy(Object from, int i, Object to, int j) {
    if (from instanceof float[] a) {
      ((float[]) to)[j] = a[i];
    } else if (from instanceof double[] a) {
      ((double[]) to)[j] = a[i];
    } else if (from instanceof byte[] a) {
      ((byte[]) to)[j] = a[i];
    } else if (from instanceof boolean[] a) {
      ((boolean[]) to)[j] = a[i];
    } else if (from instanceof int[] a) {
      ((int[]) to)[j] = a[i];
    } else {
      ((long[]) to)[j] = ((long[]) from)[i];
    }
  }
}
