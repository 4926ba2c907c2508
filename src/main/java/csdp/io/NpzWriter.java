package csdp.io;

import csdp.error.CsdpException;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * Writes NumPy's .npz: stored, not deflated, and dated 1980-01-01, so that equal arrays give equal
 * bytes, identical to those of {@code numpy.savez}. The archive is complete only after {@link
 * #close()}.
 */
public final class NpzWriter implements Closeable {
  private static final int VERSION = 45;
  private static final int DATE = 0x21;
  private static final long MAX_BYTES = 0xFFFF_FFFEL;

  private final OutputStream out;
  private final ByteBuffer scratch = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
  private final java.io.ByteArrayOutputStream directory = new java.io.ByteArrayOutputStream();
  private final Set<String> names = new HashSet<>();
  private long offset;
  private boolean closed;

  /** Creates or replaces a file; not atomically. */
  public NpzWriter(Path file) throws IOException {
    this(Files.newOutputStream(file));
  }

  /** Writes to a stream, which {@link #close()} closes. */
  public NpzWriter(OutputStream out) {
    this.out = new BufferedOutputStream(out, 1 << 16);
  }

  /**
   * Adds an array, little-endian.
   *
   * @param name without .npy
   * @param shape sizes; empty for a scalar
   * @param data float[], double[], byte[] (as u1), int[] or long[], row-major
   */
  public NpzWriter add(String name, int[] shape, Object data) throws IOException {
    return add(name, shape, data, false);
  }

  /** Adds the bits of an int[] as u4. */
  public NpzWriter addUnsigned(String name, int[] shape, int[] data) throws IOException {
    return add(name, shape, data, true);
  }

  private NpzWriter add(String name, int[] shape, Object data, boolean unsigned)
      throws IOException {
    if (!names.add(name)) {
      throw new IllegalArgumentException(name + " was added already");
    }
    long size = Npy.encodedSize(shape, data);
    byte[] entry = (name + ".npy").getBytes(StandardCharsets.UTF_8);
    if (names.size() > 0xFFFE || offset + size + 1024 + directory.size() > MAX_BYTES) {
      throw CsdpException.badInput("array %s would make the .npz larger than 4 GiB", name);
    }
    CRC32 crc = new CRC32();
    Npy.write(new CheckedOutputStream(OutputStream.nullOutputStream(), crc), shape, data, unsigned);
    int flags = entry.length == name.length() + 4 ? 0 : 0x800; // UTF-8 name

    // Local header with 64-bit sizes, as numpy.savez has it.
    scratch.clear();
    scratch
        .putInt(0x04034b50)
        .putShort((short) VERSION)
        .putShort((short) flags)
        .putShort((short) 0);
    scratch.putShort((short) 0).putShort((short) DATE).putInt((int) crc.getValue());
    scratch.putInt(-1).putInt(-1).putShort((short) entry.length).putShort((short) 20);
    int local = scratch.position() + entry.length + 20;
    drain(out);
    out.write(entry);
    scratch.putShort((short) 1).putShort((short) 16).putLong(size).putLong(size);
    drain(out);
    Npy.write(out, shape, data, unsigned);

    scratch.putInt(0x02014b50).putShort((short) (3 << 8 | VERSION)).putShort((short) VERSION);
    scratch.putShort((short) flags).putShort((short) 0).putShort((short) 0).putShort((short) DATE);
    scratch.putInt((int) crc.getValue()).putInt((int) size).putInt((int) size);
    scratch.putShort((short) entry.length).putShort((short) 0).putShort((short) 0);
    scratch.putShort((short) 0).putShort((short) 0).putInt(0600 << 16).putInt((int) offset);
    drain(directory);
    directory.write(entry);
    offset += local + size;
    return this;
  }

  private void drain(OutputStream to) throws IOException {
    to.write(scratch.array(), 0, scratch.position());
    scratch.clear();
  }

  /** Writes the directory and closes the stream. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (out) {
      directory.writeTo(out);
      short count = (short) names.size();
      scratch.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
      scratch.putShort(count).putShort(count).putInt(directory.size()).putInt((int) offset);
      scratch.putShort((short) 0);
      drain(out);
    }
  }
}
