package csdp.data;

import io.jhdf.checksum.JenkinsLookup3HashLittle;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Writes an HDF5 file in the layout of SHD: lists of float16 ({@code spikes/times}) and of uint16
 * ({@code spikes/units}), and uint16 {@code labels}. jHDF writes no lists, hence this class.
 *
 * <p>A recording is a collection of the global heap with two objects. Tables of references to them,
 * object headers and superblock (both of version 2) follow at the end.
 *
 * <p>Source: HDF5 File Format Specification, version 3.0.
 */
final class ShdWriter implements Closeable {
  private static final long UNDEFINED = -1;
  private static final int SUPERBLOCK = 48;
  private static final int SMALLEST_HEAP = 4096;
  private static final int HEAP_HEADER = 16; // of a collection, and of each object in it

  private static final byte[] UINT16 = {0x10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0};
  private static final byte[] FLOAT16 = {
    0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0
  };
  private static final byte[] LIST = {0x19, 0, 0, 0, 16, 0, 0, 0}; // the element type follows

  /** A message of an object header. */
  private record Message(int type, byte[] data) {}

  private final FileChannel channel;
  private final List<byte[]> times = new ArrayList<>(); // references
  private final List<byte[]> units = new ArrayList<>();
  private long end = SUPERBLOCK;

  /** Starts a file that does not exist yet. */
  ShdWriter(Path file) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /**
   * Adds a recording.
   *
   * @param seconds times of its spikes, at least 0
   * @param unit of each spike
   */
  void add(double[] seconds, int[] unit) throws IOException {
    int n = seconds.length;
    int object = HEAP_HEADER + (2 * n + 7) / 8 * 8;
    int size = Math.max(SMALLEST_HEAP, HEAP_HEADER + 2 * object + HEAP_HEADER);
    int rest = HEAP_HEADER + 2 * object;
    byte[] heap =
        block(
            size,
            b -> {
              b.put(ascii("GCOL")).putInt(1).putLong(size);
              b.putShort((short) 1).putShort((short) 0).putInt(0).putLong(2L * n);
              for (double s : seconds) {
                b.putShort(half(s));
              }
              b.position(HEAP_HEADER + object).putShort((short) 2).putShort((short) 0).putInt(0);
              b.putLong(2L * n);
              for (int u : unit) {
                b.putShort((short) u);
              }
              b.putLong(rest + 8, size - rest); // object 0: free space
            });
    long address = append(heap);
    times.add(reference(n, address, 1));
    units.add(reference(n, address, 2));
  }

  /** Returns a float16, rounded to nearest, as bits. */
  private static short half(double value) {
    int exponent = Math.max(Math.getExponent(value), -14);
    return (short) (((exponent + 14) << 10) + (int) Math.rint(Math.scalb(value, 10 - exponent)));
  }

  private static byte[] reference(int length, long address, int object) {
    return length == 0
        ? new byte[16]
        : block(16, b -> b.putInt(length).putLong(address).putInt(object));
  }

  /** Writes the labels and completes the file. */
  void finish(int[] labels) throws IOException {
    byte[] classes =
        block(2 * labels.length, b -> IntStream.of(labels).forEach(k -> b.putShort((short) k)));
    long[] lists = {dataset(times, FLOAT16), dataset(units, UINT16)};
    long[] members = {
      group(List.of("times", "units"), lists), dataset(labels.length, UINT16, classes)
    };
    long root = group(List.of("spikes", "labels"), members);
    byte[] start =
        block(
            SUPERBLOCK,
            b -> {
              b.put((byte) 0x89).put(ascii("HDF\r\n\u001a\n")).put(new byte[] {2, 8, 8, 0});
              b.putLong(0).putLong(UNDEFINED).putLong(end).putLong(root);
            });
    channel.write(ByteBuffer.wrap(checked(start)), 0);
    close();
  }

  private long dataset(List<byte[]> references, byte[] element) throws IOException {
    byte[] table = block(16 * references.size(), b -> references.forEach(b::put));
    byte[] type = block(LIST.length + element.length, b -> b.put(LIST).put(element));
    return dataset(references.size(), type, table);
  }

  private long dataset(int n, byte[] type, byte[] content) throws IOException {
    long address = append(content);
    return object(
        new Message(1, block(12, b -> b.put(new byte[] {2, 1, 0, 1}).putLong(n))),
        new Message(3, type),
        new Message(5, new byte[] {3, 0x0a}), // no fill value
        new Message(
            8, block(18, b -> b.put(new byte[] {3, 1}).putLong(address).putLong(content.length))));
  }

  private long group(List<String> names, long[] addresses) throws IOException {
    Message[] messages = new Message[names.size() + 2];
    messages[0] =
        new Message(2, block(18, b -> b.putShort((short) 0).putLong(UNDEFINED).putLong(UNDEFINED)));
    messages[1] = new Message(10, new byte[2]);
    for (int i = 0; i < addresses.length; i++) {
      byte[] name = ascii(names.get(i));
      byte[] before = {1, 0, (byte) name.length};
      long address = addresses[i];
      messages[i + 2] =
          new Message(6, block(11 + name.length, b -> b.put(before).put(name).putLong(address)));
    }
    return object(messages);
  }

  private long object(Message... messages) throws IOException {
    int size = Arrays.stream(messages).mapToInt(m -> 4 + m.data.length).sum();
    return append(
        checked(
            block(
                10 + size + 4,
                b -> {
                  b.put(ascii("OHDR")).put((byte) 2).put((byte) 2).putInt(size);
                  for (Message m : messages) {
                    b.put((byte) m.type).putShort((short) m.data.length).put((byte) 0).put(m.data);
                  }
                })));
  }

  /** Puts a checksum into the last four bytes of a block. */
  private static byte[] checked(byte[] block) {
    byte[] before = Arrays.copyOf(block, block.length - 4);
    ByteBuffer.wrap(block)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(before.length, JenkinsLookup3HashLittle.hash(before));
    return block;
  }

  /** Writes a whole block and returns its address. */
  private long append(byte[] block) throws IOException {
    long address = end;
    ByteBuffer left = ByteBuffer.wrap(block);
    while (left.hasRemaining()) {
      end += channel.write(left, end);
    }
    return address;
  }

  private static byte[] block(int size, Consumer<ByteBuffer> content) {
    byte[] block = new byte[size];
    content.accept(ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN));
    return block;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
