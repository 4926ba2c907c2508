package csdp.io;

import csdp.error.CsdpException;
import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.dataset.DatasetBase;
import io.jhdf.exceptions.HdfException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Supplier;

/** An HDF5 file to read. Paths of datasets have no leading slash. Errors are one line. */
public final class Hdf5 implements Closeable {
  private static final byte[] MAGIC = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

  private final Path file;
  private final long size;
  private final HdfFile hdf;

  private Hdf5(Path file, long size, HdfFile hdf) {
    this.file = file;
    this.size = size;
    this.hdf = hdf;
  }

  /**
   * Returns true if a path is a file that begins like HDF5.
   *
   * @throws CsdpException environment if it cannot be read
   */
  public static boolean isOne(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(MAGIC, in.readNBytes(MAGIC.length));
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
  }

  /**
   * Opens a file.
   *
   * @throws CsdpException bad input if it is missing, not HDF5 or damaged; environment if it cannot
   *     be read
   */
  public static Hdf5 open(Path file) {
    if (!isOne(file)) {
      throw CsdpException.badInput(
          "%s %s", file, Files.exists(file) ? "is not an HDF5 file" : "does not exist");
    }
    return guarded(
        file,
        () -> {
          try {
            return new Hdf5(file, Files.size(file), new HdfFile(file));
          } catch (IOException e) {
            throw Disk.unreadable(file, e);
          }
        });
  }

  /** Damaged files make the library throw many types. */
  private static <T> T guarded(Path file, Supplier<T> work) {
    try {
      return work.get();
    } catch (CsdpException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw CsdpException.badInput("%s is damaged: %s", file, String.valueOf(e.getMessage()))
          .because(e);
    }
  }

  /** Returns the path of the file. */
  public Path file() {
    return file;
  }

  /** Returns true if there is a dataset at a path. */
  public boolean has(String path) {
    return guarded(file, () -> find(path) instanceof Dataset);
  }

  /** Returns the names of the members of a group, in alphabetical order; none without one. */
  public Set<String> names(String path) {
    return guarded(
        file,
        () ->
            find(path) instanceof Group g
                ? new java.util.TreeSet<>(g.getChildren().keySet())
                : Set.of());
  }

  private Node find(String path) {
    Node at = hdf;
    for (String name : path.split("/")) {
      at = at instanceof Group g ? g.getChildren().get(name) : null;
    }
    return at;
  }

  private Dataset dataset(String path) {
    if (find(path) instanceof Dataset d) {
      if (Checksums.isBomb(d.getSizeInBytes(), size)) {
        throw CsdpException.badInput(
            "%s: %s unpacks to %d bytes out of a file of %d; refused",
            file, path, d.getSizeInBytes(), size);
      }
      return d;
    }
    throw CsdpException.badInput("%s has no dataset %s", file, path);
  }

  /** Returns the number of elements of a dataset. */
  public int size(String path) {
    return guarded(file, () -> Math.toIntExact(dataset(path).getSize()));
  }

  /** Returns a text. */
  public String text(String path) {
    return texts(path)[0];
  }

  /** Returns texts, row by row; at least one. */
  public String[] texts(String path) {
    Object flat = flat(path);
    if (flat instanceof String s) {
      return new String[] {s};
    }
    if (flat instanceof String[] s && s.length > 0) {
      return s;
    }
    throw CsdpException.badInput("%s: %s is not text", file, path);
  }

  /** Returns a whole number: of a scalar, or of an array of one element. */
  public int integer(String path) {
    Object flat = flat(path);
    Object one = flat.getClass().isArray() ? Array.get(flat, 0) : flat;
    if (one instanceof Number n && n.longValue() == n.doubleValue()) {
      try {
        return Math.toIntExact(n.longValue());
      } catch (ArithmeticException e) {
        // Reported below.
      }
    }
    throw CsdpException.badInput("%s: %s is %s, not a whole number", file, path, one);
  }

  /**
   * Returns floating-point numbers as floats, row by row.
   *
   * @param shape that the dataset must have
   * @throws CsdpException bad input if it has another shape or type, or a value is not finite
   */
  public float[] floats(String path, int... shape) {
    int[] found = guarded(file, () -> dataset(path).getDimensions());
    if (!Arrays.equals(found, shape)) {
      throw CsdpException.badInput(
          "%s: %s has the shape %s; expected %s",
          file, path, Arrays.toString(found), Arrays.toString(shape));
    }
    Object flat = flat(path);
    float[] values;
    if (flat instanceof float[] f) {
      values = f;
    } else if (flat instanceof double[] d) {
      values = new float[d.length];
      for (int i = 0; i < d.length; i++) {
        values[i] = (float) d[i];
      }
    } else {
      throw CsdpException.badInput("%s: %s holds no floating-point numbers", file, path);
    }
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw CsdpException.badInput("%s: element %d of %s is %s", file, i, path, values[i]);
      }
    }
    return values;
  }

  /**
   * Returns numbers of any type, row by row.
   *
   * @throws CsdpException bad input if the dataset holds something else
   */
  public double[] numbers(String path) {
    return numbers(path, flat(path));
  }

  /**
   * Returns a list of a dataset of lists of numbers, which may have any lengths. Only this list is
   * read.
   *
   * @throws CsdpException bad input if the dataset holds something else
   */
  public double[] list(String path, int i) {
    long[] first = {i};
    int[] one = {1};
    return guarded(
        file,
        () -> {
          if (!(dataset(path) instanceof DatasetBase lists)
              || !lists.isVariableLength()
              || lists.getDimensions().length != 1) {
            throw CsdpException.badInput("%s: %s holds no lists of numbers", file, path);
          }
          requireHeap(lists.getSliceDataBuffer(first, one).order(ByteOrder.LITTLE_ENDIAN));
          return numbers(path, ((Object[]) lists.getData(first, one))[0]);
        });
  }

  /** Refuses a list in a heap larger than the file: the library would allocate memory for it. */
  private void requireHeap(ByteBuffer reference) {
    boolean isUsual = reference.remaining() == Integer.BYTES + Long.BYTES + Integer.BYTES;
    if (isUsual && reference.getInt(0) != 0) { // length, address of the heap, index
      long heap = reference.getLong(Integer.BYTES);
      long bytes = hdf.getHdfBackingStorage().readBufferFromAddress(heap, 16).getLong(Long.BYTES);
      if (bytes > size) {
        throw CsdpException.badInput(
            "%s is damaged: a heap of %d bytes in a file of %d", file, bytes, size);
      }
    }
  }

  private double[] numbers(String path, Object array) {
    if (array == null
        || !array.getClass().isArray()
        || !array.getClass().getComponentType().isPrimitive()
        || array instanceof boolean[]) {
      throw CsdpException.badInput("%s: %s holds no numbers", file, path);
    }
    double[] values = new double[Array.getLength(array)];
    Arrays.setAll(values, k -> Array.getDouble(array, k));
    return values;
  }

  private Object flat(String path) {
    Object flat = guarded(file, () -> dataset(path).getDataFlat());
    if (flat == null) {
      throw CsdpException.badInput("%s: %s is empty", file, path);
    }
    return flat;
  }

  @Override
  public void close() {
    try {
      hdf.close();
    } catch (HdfException e) {
      // Read only: no data can be lost.
    }
  }
}
