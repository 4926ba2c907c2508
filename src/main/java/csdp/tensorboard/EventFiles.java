package csdp.tensorboard;

import csdp.error.CsdpException;
import csdp.io.Disk;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A folder of TensorBoard event files, in which steps ascend. Each training process adds a file,
 * after it has removed the steps that it will write again.
 *
 * <p>A file is a sequence of TFRecords: length of the data (8 bytes), checksum of the length (4),
 * data, checksum of the data (4); little-endian, checksums are masked CRC-32C. The data is an
 * {@code Event} message; csdp4j writes its time and step first.
 */
final class EventFiles implements Closeable {
  private static final Pattern OURS =
      Pattern.compile("events\\.out\\.tfevents\\.(\\d{1,18})\\.csdp4j");
  private static final int HEADER = Long.BYTES + Integer.BYTES;
  private static final int STEP = 10; // its place: after time (1 + 8 bytes) and key
  private static final long MOST = 256L << 20;

  private final Path file;
  private final FileChannel out;
  private final boolean first;

  private EventFiles(Path file, FileChannel out, boolean first) {
    this.file = file;
    this.out = out;
    this.first = first;
  }

  /** Returns the files of csdp4j in a folder, the oldest first. */
  static List<Path> in(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(f -> OURS.matcher(f.getFileName().toString()).matches()).sorted().toList();
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /**
   * Refuses files that {@link #open} could not cut; changes nothing.
   *
   * @param from as there
   * @throws CsdpException bad input if a file is damaged, environment if it cannot be written
   */
  static void requireUsable(Path folder, long from) {
    for (Path file : in(folder)) {
      try (RandomAccessFile records = new RandomAccessFile(file.toFile(), "rw")) {
        kept(records, file, from);
      } catch (IOException e) {
        throw Disk.failure(file, e);
      }
    }
  }

  /**
   * Opens a folder to write the steps from a number on; creates it if needed.
   *
   * @param from steps from here on are removed from earlier files
   * @throws CsdpException bad input if an earlier file is damaged, environment if it cannot be
   *     written
   */
  static EventFiles open(Path folder, long from) {
    try {
      Disk.makeFolder(folder);
      long second = System.currentTimeMillis() / 1000;
      boolean first = true;
      for (Path earlier : in(folder)) { // files are read in the order of their names
        Matcher name = OURS.matcher(earlier.getFileName().toString());
        second = name.matches() ? Math.max(second, Long.parseLong(name.group(1)) + 1) : second;
        first &= !cut(earlier, from);
      }
      Path file = folder.resolve("events.out.tfevents." + second + ".csdp4j");
      FileChannel out =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      EventFiles opened = new EventFiles(file, out, first);
      opened.write(event(from).text(3, "brain.Event:2"));
      // A TensorBoard that is open now forgets the steps that were removed.
      opened.write(event(from).message(7, new Proto().integer(1, 1))); // SessionLog.START
      return opened;
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /** Returns true if no earlier step is kept. */
  boolean isFirst() {
    return first;
  }

  /** Appends the values of a step, at once. */
  void add(long step, Summary values) {
    try {
      write(event(step).message(5, values.message()));
    } catch (IOException e) {
      throw Disk.failure(file, e);
    }
  }

  private static Proto event(long step) {
    return new Proto().real(1, System.currentTimeMillis() / 1000.0).integer(2, step);
  }

  private void write(Proto event) throws IOException {
    byte[] data = event.toBytes();
    ByteBuffer record =
        ByteBuffer.allocate(HEADER + data.length + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(checksum(record.array(), 0, Long.BYTES));
    record.put(data);
    record.putInt(checksum(data, 0, data.length)).flip();
    while (record.hasRemaining()) {
      out.write(record);
    }
  }

  private static int checksum(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  /**
   * Removes the steps from a number on, and a last record that a killed process left incomplete.
   * Returns false if nothing remains; the file is then deleted.
   */
  private static boolean cut(Path file, long from) throws IOException {
    long kept;
    try (RandomAccessFile records = new RandomAccessFile(file.toFile(), "rw")) {
      kept = kept(records, file, from);
      if (kept < records.length()) {
        records.setLength(kept);
      }
    }
    if (kept == 0) {
      Files.delete(file);
    }
    return kept > 0;
  }

  /** Returns the length in bytes of the complete records before the steps from a number on. */
  private static long kept(RandomAccessFile records, Path file, long from) throws IOException {
    long kept = 0;
    while (kept < records.length()) {
      byte[] data = read(records, file);
      if (data == null || step(data, file) >= from) {
        break;
      }
      kept = records.getFilePointer();
    }
    return kept;
  }

  /** Returns the data of the next record; null if the file ends before the record does. */
  private static byte[] read(RandomAccessFile records, Path file) throws IOException {
    try {
      long at = records.getFilePointer();
      byte[] header = new byte[HEADER];
      records.readFully(header);
      ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
      long length = fields.getLong();
      if (fields.getInt() != checksum(header, 0, Long.BYTES) || length < 0 || length > MOST) {
        throw damaged(file, at);
      }
      if (length > records.length() - records.getFilePointer() - Integer.BYTES) {
        return null;
      }
      byte[] data = new byte[(int) length];
      records.readFully(data);
      if (Integer.reverseBytes(records.readInt()) != checksum(data, 0, data.length)) {
        throw damaged(file, at);
      }
      return data;
    } catch (EOFException e) {
      return null;
    }
  }

  private static long step(byte[] event, Path file) {
    long step = 0;
    for (int i = STEP; i < event.length && i < STEP + Long.BYTES; i++) {
      step |= (event[i] & 0x7FL) << (7 * (i - STEP));
      if (event[i] >= 0) {
        return step;
      }
    }
    throw damaged(file, 0);
  }

  private static CsdpException damaged(Path file, long at) {
    return CsdpException.badInput(
        "%s is damaged (byte %d): remove it, or name another folder with --tensorboard", file, at);
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw Disk.failure(file, e);
    }
  }
}
