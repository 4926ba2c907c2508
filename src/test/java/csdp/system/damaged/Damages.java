package csdp.system.damaged;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32;

/** Small damages, and values to damage with. */
final class Damages {
  static final byte[] TEXT = "hello".getBytes(StandardCharsets.US_ASCII);

  private Damages() {}

  /** Bytes whose making may fail. */
  interface Packing {
    byte[] get() throws IOException;
  }

  static byte[] unchecked(Packing bytes) {
    try {
      return bytes.get();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] flip(byte[] bytes, int at, int bit) {
    byte[] flipped = bytes.clone();
    flipped[at] ^= (byte) (1 << bit);
    return flipped;
  }

  static byte[] put(byte[] bytes, int at, int value) {
    ByteBuffer.wrap(bytes).putInt(at, value);
    return bytes;
  }

  static byte[] set(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
    return bytes;
  }

  static byte[] longer(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  static float[] filled(int n, float value) {
    float[] a = new float[n];
    Arrays.fill(a, value);
    return a;
  }

  static void zeros(OutputStream out, int n) throws IOException {
    byte[] block = new byte[1 << 16];
    for (int left = n; left > 0; left -= block.length) {
      out.write(block, 0, Math.min(left, block.length));
    }
  }

  static String crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }
}
