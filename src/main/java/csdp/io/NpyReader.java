package csdp.io;

import csdp.error.CsdpException;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads the elements of a .npy file in blocks, in constant memory. The array may be larger than
 * memory.
 */
public final class NpyReader implements Closeable {
  private final String where;
  private final InputStream in;
  private final Npy.Header header;
  private long left; // elements

  private NpyReader(String where, InputStream in, Npy.Header header, long left) {
    this.where = where;
    this.in = in;
    this.header = header;
    this.left = left;
  }

  /**
   * Opens a file and checks its header and size.
   *
   * @throws CsdpException bad input if it is missing, damaged, longer or shorter than its header
   *     says
   */
  public static NpyReader open(Path file) {
    String where = file.toString();
    InputStream in = null;
    try {
      in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
      Npy.Header header = Npy.anyHeader(in, where, Files.size(file));
      int[] shape = header.shape();
      long count = 1;
      for (int size : shape) {
        count = Math.multiplyExact(count, size);
      }
      long bytes = Files.size(file);
      Npy.requireBytes(where, header, count, bytes);
      if (bytes - header.bytes() > count * header.type().width()) {
        throw CsdpException.badInput(
            "%s holds more bytes than its shape needs; save one array a file", where);
      }
      return new NpyReader(where, in, header, count);
    } catch (IOException | RuntimeException e) {
      closeQuietly(in);
      throw e instanceof CsdpException known ? known : failure(where, e);
    }
  }

  private static void closeQuietly(InputStream in) {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException e) {
      // The error before matters.
    }
  }

  private static CsdpException failure(String where, Exception e) {
    return e instanceof IOException
        ? Disk.unreadable(Path.of(where), e)
        : CsdpException.badInput("cannot read %s: %s", where, Disk.reason(e)).because(e);
  }

  /** Returns the sizes of the dimensions. */
  public int[] shape() {
    return header.shape().clone();
  }

  /** Returns the type of the elements as NumPy names it: kind and bytes, for example b1 or f4. */
  public String type() {
    return "" + header.type().kind() + header.type().width();
  }

  /** Returns true if the elements are whole numbers, not floating-point numbers or truth values. */
  public boolean holdsIntegers() {
    return header.type().kind() == 'i' || header.type().kind() == 'u';
  }

  /** Returns true if the elements are in row-major order, as {@link #next} assumes. */
  public boolean isRowMajor() {
    return !header.fortran() || header.shape().length < 2;
  }

  /** Returns the number of elements that are left. */
  public long left() {
    return left;
  }

  /**
   * Skips elements.
   *
   * @param n number of elements, at most {@link #left}
   */
  public void skip(long n) {
    try {
      in.skipNBytes(n * header.type().width());
      left -= n;
    } catch (IOException e) {
      throw failure(where, e);
    }
  }

  /**
   * Reads the next elements.
   *
   * @param n number of elements, at most {@link #left}
   */
  public NpyArray next(int n) {
    try {
      left -= n;
      return new NpyArray(where, new int[] {n}, Npy.elements(in, header.type(), n, true, where));
    } catch (IOException e) {
      throw failure(where, e);
    }
  }

  @Override
  public void close() {
    closeQuietly(in);
  }
}
