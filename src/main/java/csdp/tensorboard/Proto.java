package csdp.tensorboard;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A protocol buffer message under construction: each field is its number and wire type, then its
 * value.
 */
final class Proto {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Adds an int32, int64 or enum; it is not negative. */
  Proto integer(int field, long value) {
    key(field, VARINT);
    varint(value);
    return this;
  }

  Proto real(int field, double value) {
    key(field, FIXED64);
    out.writeBytes(little(value));
    return this;
  }

  Proto real(int field, float value) {
    key(field, FIXED32);
    byte[] bytes = new byte[Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(value);
    out.writeBytes(bytes);
    return this;
  }

  /** Adds a packed repeated field. */
  Proto reals(int field, double[] values) {
    return bytes(field, little(values));
  }

  Proto text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  Proto message(int field, Proto value) {
    return bytes(field, value.toBytes());
  }

  Proto bytes(int field, byte[] value) {
    key(field, BYTES);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }

  private void key(int field, int wireType) {
    varint(((long) field << 3) | wireType);
  }

  /** Writes seven bits a byte, the lowest first; the highest bit says that more follow. */
  private void varint(long value) {
    long rest = value;
    for (; rest > 0x7F; rest >>>= 7) {
      out.write(((int) rest & 0x7F) | 0x80);
    }
    out.write((int) rest);
  }

  private static byte[] little(double... values) {
    byte[] bytes = new byte[Double.BYTES * values.length];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().put(values);
    return bytes;
  }
}
