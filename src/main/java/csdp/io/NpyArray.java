package csdp.io;

import csdp.error.CsdpException;
import java.util.Arrays;

/**
 * An array as NumPy saves it.
 *
 * @param where its origin, for error messages
 * @param shape sizes of its dimensions; empty for a scalar
 * @param data {@code float[]} (f2, f4), {@code double[]} (f8), {@code boolean[]} (bool), {@code
 *     byte[]} (u1; unsigned), {@code int[]} (i1, i2, u2, i4) or {@code long[]} (u4, i8, u8);
 *     row-major, as long as the product of the shape
 */
public record NpyArray(String where, int[] shape, Object data) {
  /** Checks that shape and data agree. */
  public NpyArray {
    long wanted = Npy.count(where, shape);
    if (wanted != Npy.length(data)) {
      throw CsdpException.badInput(
          "%s: shape %s needs %d elements, not %d",
          where, Npy.shapeText(shape), wanted, Npy.length(data));
    }
  }

  /** Creates an array without origin. */
  public NpyArray(int[] shape, Object data) {
    this("array", shape, data);
  }

  /** Number of dimensions; 0 for a scalar. */
  public int rank() {
    return shape.length;
  }

  /** Number of elements; 1 for a scalar. */
  public int size() {
    return Npy.length(data);
  }

  /** Size of dimension i, 0..rank-1. */
  public int dim(int i) {
    return shape[i];
  }

  /**
   * Returns this array after checking its shape.
   *
   * @param expected sizes; -1 stands for any
   * @throws CsdpException bad input, naming file, found and expected shape
   */
  public NpyArray expectShape(int... expected) {
    requireShape(where, shape, expected);
    return this;
  }

  /** Refuses a shape that is not the expected one; -1 there stands for any size. */
  static void requireShape(String where, int[] shape, int... expected) {
    boolean same = expected.length == shape.length;
    for (int i = 0; same && i < expected.length; i++) {
      same = expected[i] == -1 || expected[i] == shape[i];
    }
    if (!same) {
      throw CsdpException.badInput(
          "%s has shape %s; expected %s",
          where, Npy.shapeText(shape), Npy.shapeText(expected).replace("-1", "any"));
    }
  }

  /** Whether its elements are floating-point numbers. */
  public boolean isFloating() {
    return data instanceof float[] || data instanceof double[];
  }

  /**
   * All elements as floats, row-major; doubles and large integers are rounded to the nearest. Not a
   * copy if the elements are f4.
   */
  public float[] floats() {
    if (data instanceof float[] f) {
      return f;
    }
    float[] out = new float[size()];
    for (int i = 0; i < out.length; i++) {
      if (data instanceof double[] d) {
        out[i] = (float) d[i];
      } else {
        out[i] = integer(i);
      }
    }
    return out;
  }

  /**
   * All elements as exact integers, row-major; not a copy if the elements are ints.
   *
   * @throws CsdpException bad input at the first that is not whole or out of range
   */
  public int[] ints() {
    if (data instanceof int[] ints) {
      return ints;
    }
    int[] out = new int[size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = (int) ranged(i, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    return out;
  }

  /**
   * All elements as exact integers, row-major; not a copy if the elements are longs.
   *
   * @throws CsdpException bad input at the first that is not whole or out of range
   */
  public long[] longs() {
    if (data instanceof long[] longs) {
      return longs;
    }
    long[] out = new long[size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = ranged(i, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    return out;
  }

  /**
   * All elements as unsigned bytes, row-major; not a copy if the elements are bytes.
   *
   * @throws CsdpException bad input at the first that is not a whole number in 0..255
   */
  public byte[] bytes() {
    if (data instanceof byte[] bytes) {
      return bytes;
    }
    byte[] out = new byte[size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) ranged(i, 0, 255);
    }
    return out;
  }

  private long integer(int i) {
    if (data instanceof boolean[] b) {
      return b[i] ? 1 : 0;
    }
    return data instanceof byte[] b
        ? b[i] & 0xFF
        : data instanceof int[] n ? n[i] : ((long[]) data)[i];
  }

  private long ranged(int i, long low, long high) {
    long value;
    if (isFloating()) {
      double d = data instanceof float[] f ? f[i] : ((double[]) data)[i];
      value = (long) d;
      // 2^63 saturates to Long.MAX_VALUE, which would look exact.
      if (value != d || Math.abs(d) >= 0x1p63) {
        throw CsdpException.badInput(
            "%s: element %d is %s; expected a whole number in %d..%d", where, i, d, low, high);
      }
    } else {
      value = integer(i);
    }
    if (value < low || value > high) {
      throw CsdpException.badInput(
          "%s: element %d is %d; expected a whole number in %d..%d", where, i, value, low, high);
    }
    return value;
  }

  @Override
  public String toString() {
    return where + " " + data.getClass().getComponentType() + Arrays.toString(shape);
  }
}
