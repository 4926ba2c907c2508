package csdp.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes a .npy file row by row, in constant memory. The number of rows is known at the end only:
 * the header has its final length from the start, and {@link #finish} fills in the number.
 */
public final class NpyWriter implements Closeable {
  private final FileChannel channel;
  private final OutputStream out;
  private final String descr;
  private final int[] shape;

  /**
   * Starts a file.
   *
   * @param file that does not exist yet
   * @param descr element type as NumPy names it, such as {@code <f4}
   * @param rowShape sizes of a row; empty for numbers
   */
  public NpyWriter(Path file, String descr, int... rowShape) throws IOException {
    this(
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        descr,
        rowShape);
  }

  /**
   * Starts a file.
   *
   * @param channel of the file, which is empty; closed with this
   * @param descr element type
   * @param rowShape sizes of a row
   */
  public NpyWriter(FileChannel channel, String descr, int... rowShape) throws IOException {
    this.channel = channel;
    this.out = Channels.newOutputStream(channel);
    this.descr = descr;
    this.shape = new int[rowShape.length + 1];
    System.arraycopy(rowShape, 0, shape, 1, rowShape.length);
    out.write(Npy.header(descr, shape));
  }

  /**
   * Appends rows.
   *
   * @param rows number of rows
   * @param data their elements, row-major, an array of the element type
   */
  public void add(int rows, Object data) throws IOException {
    Npy.writeElements(out, data);
    shape[0] += rows;
  }

  /** Completes the header and closes the file. */
  public void finish() throws IOException {
    ByteBuffer header = ByteBuffer.wrap(Npy.header(descr, shape));
    while (header.hasRemaining()) {
      channel.write(header, header.position());
    }
    close();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
