package csdp.system.damaged;

import static csdp.data.TestData.idx;
import static csdp.system.damaged.Damages.filled;
import static csdp.system.damaged.Damages.put;
import static csdp.system.damaged.Damages.set;
import static csdp.system.damaged.GoodInputs.PIXELS;
import static csdp.system.damaged.GoodInputs.PREDICT;
import static csdp.system.damaged.GoodInputs.SIDE;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** Images to classify: PNG, IDX and NPY files. */
final class ImageCases {
  private ImageCases() {}

  static void add(Cases c) throws IOException {
    c.command = PREDICT + "x.png";
    int length = c.size("x.png");
    c.truncated("x.png", 8);
    c.flipped("x.png", 0, 8, 3); // signature
    c.flipped("x.png", 12, length, 10); // chunks: their checksums tell
    for (int size : new int[] {0, -1, 5, Integer.MAX_VALUE}) {
      c.bytes("x.png", "of width " + size, b -> mended(put(b, 16, size)));
      c.bytes("x.png", "of height " + size, b -> mended(put(b, 20, size)));
    }
    c.bytes("x.png", "of 3 bits", b -> mended(set(b, 24, 3)));
    c.bytes("x.png", "of colour type 5", b -> mended(set(b, 25, 5)));
    c.bytes("x.png", "of compression 1", b -> mended(set(b, 26, 1)));
    c.bytes("x.png", "of interlace 7", b -> mended(set(b, 28, 7)));
    c.bytes("x.png", "of palette colours without a palette", b -> mended(set(b, 25, 3)));
    c.bytes("x.png", "without pixels", b -> png(new byte[0]));
    c.bytes("x.png", "with half of the rows", b -> png(new byte[2 * (SIDE + 1)]));
    c.bytes("x.png", "with filters that there are not", b -> png(new byte[] {9, 0, 0, 0, 0, 9}));
    c.content("x.png", "a text", "hello");
    c.bytes("x.png", "a JPEG by its first bytes", b -> put(b, 0, 0xFFD8FFE0));
    c.command = PREDICT + "x.idx";
    c.truncated("x.idx", 3);
    c.bytes("x.idx", "without images", b -> idx(new byte[0], 0, SIDE, SIDE));
    c.bytes("x.idx", "labels", b -> idx(new byte[6], 6));
    c.bytes("x.idx", "of another size", b -> idx(new byte[6 * 15], 6, 3, 5));
    c.command = PREDICT + "x.npy";
    c.truncated("x.npy", 3);
    c.npy("x.npy", "without images", new int[] {0, PIXELS}, new float[0]);
    c.npy("x.npy", "of another size", new int[] {6, 15}, new float[90]);
    c.npy("x.npy", "with NaN", new int[] {1, PIXELS}, filled(PIXELS, Float.NaN));
    c.npy("x.npy", "with 255", new int[] {1, PIXELS}, filled(PIXELS, 255));
  }

  /** A PNG with the checksum of its IHDR made right. */
  private static byte[] mended(byte[] png) {
    CRC32 crc = new CRC32();
    crc.update(png, 12, 17);
    return put(png, 29, (int) crc.getValue());
  }

  /** A grey PNG of the usual size whose rows, filter bytes included, are these bytes. */
  private static byte[] png(byte[] rows) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    ByteBuffer out = ByteBuffer.allocate(4096);
    try (DeflaterOutputStream z = new DeflaterOutputStream(packed)) {
      z.write(rows);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    out.putLong(0x89504E470D0A1A0AL);
    byte[] size = new byte[13];
    ByteBuffer.wrap(size).putInt(SIDE).putInt(SIDE).put((byte) 8);
    chunk(out, "IHDR", size);
    chunk(out, "IDAT", packed.toByteArray());
    chunk(out, "IEND", new byte[0]);
    return Arrays.copyOf(out.array(), out.position());
  }

  private static void chunk(ByteBuffer out, String type, byte[] data) {
    out.putInt(data.length);
    int from = out.position();
    out.put(type.getBytes(StandardCharsets.ISO_8859_1)).put(data);
    CRC32 crc = new CRC32();
    crc.update(out.duplicate().flip().position(from));
    out.putInt((int) crc.getValue());
  }
}
