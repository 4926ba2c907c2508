package csdp.io;

import csdp.error.CsdpException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An element type of a .npy file.
 *
 * @param kind as NumPy names it: b (bool), i, u or f
 * @param width bytes of an element
 */
record NpyType(char kind, int width, ByteOrder order) {
  /** An element type as NumPy names it: byte order, kind or name, bytes. */
  private static final Pattern DESCR = Pattern.compile("([<>=|]?)([A-Za-z?]+_?)(\\d*)(\\[.*\\])?");

  /**
   * Returns the type that a header names.
   *
   * @throws CsdpException bad input if its elements are no numbers
   */
  static NpyType of(Object descr, String where) {
    Matcher m = descr instanceof String s ? DESCR.matcher(s) : null;
    if (m == null || !m.matches()) {
      throw refused(
          where, "records", "a structured type", "save each field as an array of its own");
    }
    String name = m.group(2) + m.group(3);
    ByteOrder order =
        switch (m.group(1)) {
          case ">" -> ByteOrder.BIG_ENDIAN;
          case "<" -> ByteOrder.LITTLE_ENDIAN;
          default -> ByteOrder.nativeOrder();
        };
    NpyType known =
        switch (m.group(4) == null ? name : "") {
          case "b1", "?", "bool", "bool_" -> new NpyType('b', 1, order);
          case "i1", "b", "int8" -> new NpyType('i', 1, order);
          case "i2", "h", "int16" -> new NpyType('i', 2, order);
          case "i4", "i", "int32" -> new NpyType('i', 4, order);
          case "i8", "q", "int64" -> new NpyType('i', 8, order);
          case "u1", "B", "uint8" -> new NpyType('u', 1, order);
          case "u2", "H", "uint16" -> new NpyType('u', 2, order);
          case "u4", "I", "uint32" -> new NpyType('u', 4, order);
          case "u8", "Q", "uint64" -> new NpyType('u', 8, order);
          case "f2", "e", "float16" -> new NpyType('f', 2, order);
          case "f4", "f", "float32" -> new NpyType('f', 4, order);
          case "f8", "d", "float64" -> new NpyType('f', 8, order);
          default -> null;
        };
    if (known != null) {
      return known;
    }
    String written = (String) descr;
    String plain = "save numbers of one type, for instance a.astype('float32')";
    throw switch (m.group(2).charAt(0)) {
      case 'O', 'o' -> refused(where, "Python objects", written, plain);
      case 'c', 'F', 'D', 'G' ->
          refused(where, "complex numbers", written, "save a.real or abs(a)");
      case 'S', 'U', 'a' -> refused(where, "text", written, plain);
      case 'M', 'm' -> refused(where, "dates or times", written, plain);
      case 'V', 'v' -> refused(where, "raw bytes or records", written, plain);
      case 'f', 'g' -> refused(where, "floating-point numbers of unusual size", written, plain);
      default -> refused(where, "of an unknown type", written, plain);
    };
  }

  private static CsdpException refused(String where, String what, String descr, String advice) {
    return CsdpException.badInput("%s: its elements are %s (%s); %s", where, what, descr, advice);
  }

  /** A Java array for n elements. */
  Object allocate(int n) {
    if (kind == 'f') {
      return width <= 4 ? new float[n] : new double[n];
    }
    if (kind == 'b') {
      return new boolean[n];
    }
    if (kind == 'u' && width == 1) {
      return new byte[n];
    }
    return width < 4 || (kind == 'i' && width == 4) ? new int[n] : new long[n];
  }

  /** Decodes n elements into a Java array from {@link #allocate}, from its element at. */
  void decode(ByteBuffer chunk, Object data, int at, int n, String where) {
    if (data instanceof float[] a) {
      if (width == 2) {
        for (int i = 0; i < n; i++) {
          a[at + i] = half(chunk.getShort(2 * i));
        }
      } else {
        chunk.asFloatBuffer().get(a, at, n);
      }
    } else if (data instanceof double[] a) {
      chunk.asDoubleBuffer().get(a, at, n);
    } else if (data instanceof boolean[] a) {
      for (int i = 0; i < n; i++) {
        a[at + i] = chunk.get(i) != 0;
      }
    } else if (data instanceof byte[] a) {
      chunk.get(0, a, at, n);
    } else if (data instanceof int[] a) {
      switch (width) {
        case 1 -> {
          for (int i = 0; i < n; i++) {
            a[at + i] = chunk.get(i);
          }
        }
        case 2 -> {
          for (int i = 0; i < n; i++) {
            short s = chunk.getShort(2 * i);
            a[at + i] = kind == 'u' ? s & 0xFFFF : s;
          }
        }
        default -> chunk.asIntBuffer().get(a, at, n);
      }
    } else if (width == 4) {
      long[] a = (long[]) data;
      for (int i = 0; i < n; i++) {
        a[at + i] = chunk.getInt(4 * i) & 0xFFFFFFFFL;
      }
    } else {
      long[] a = (long[]) data;
      chunk.asLongBuffer().get(a, at, n);
      for (int i = at; kind == 'u' && i < at + n; i++) {
        if (a[i] < 0) {
          throw CsdpException.badInput(
              "%s: element %d, %s, is beyond 2^63 - 1", where, i, Long.toUnsignedString(a[i]));
        }
      }
    }
  }

  /** The value of a float16: sign, 5 bits of exponent, 10 of fraction. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    float magnitude =
        exponent == 0
            ? fraction * 0x1p-24f // subnormal
            : exponent == 0x1F
                ? (fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN)
                : Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
    return bits < 0 ? -magnitude : magnitude;
  }
}
