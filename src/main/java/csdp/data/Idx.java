package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Checksums;
import csdp.io.Disk;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reader of IDX files, the format of MNIST: big-endian magic 0x00000801 (labels) or 0x00000803
 * (images), one int a dimension, then unsigned bytes. Plain or gzip, detected by the content.
 *
 * <p>Headers are not trusted: memory is allocated for bytes that were read.
 */
public final class Idx {
  private static final int LABELS = 0x00000801;
  private static final int IMAGES = 0x00000803;
  private static final int CHUNK = 1 << 20;

  private Idx() {}

  /**
   * Reads a file of labels.
   *
   * @return the labels [n], each 0..255
   * @throws CsdpException bad input, one line that names the file: no such file, not IDX1,
   *     truncated, trailing bytes, impossible sizes
   */
  public static int[] readLabels(Path file) {
    return load(file, 1).labels();
  }

  /**
   * Reads a pair of files.
   *
   * @param classes number of classes, or 0 for one more than the highest label
   * @throws CsdpException bad input: as for the files themselves, or counts that differ
   */
  public static Dataset read(Path images, Path labels, String name, int classes) {
    int[] classOf = load(labels, 1).labels();
    Content pixels = load(images, 3);
    return dataset(pixels, classOf, labels, name, classes == 0 ? classesOf(classOf) : classes);
  }

  /** One more than the highest label. */
  static int classesOf(int[] labels) {
    return Arrays.stream(labels).max().orElse(0) + 1;
  }

  static Dataset dataset(Content images, int[] labels, Path labelsFile, String name, int classes) {
    if (images.dims()[0] != labels.length) {
      throw CsdpException.badInput(
          "%s has %d images but %s has %d labels; give files that belong together",
          images.file(), images.dims()[0], labelsFile, labels.length);
    }
    return Dataset.adoptBytes(
        name, images.dims()[2], images.dims()[1], classes, images.bytes(), images.offset(), labels);
  }

  /**
   * Returns images with rows and columns exchanged.
   *
   * @param bytes images, row by row, after the offset; not changed
   */
  static byte[] transposed(byte[] bytes, int offset, int width, int height) {
    byte[] out = Arrays.copyOf(bytes, bytes.length);
    for (int image = offset; image < bytes.length; image += width * height) {
      for (int p = 0; p < width * height; p++) {
        out[image + p % width * height + p / width] = bytes[image + p];
      }
    }
    return out;
  }

  /**
   * An IDX file in memory.
   *
   * @param file its path
   * @param dims verified sizes of the header
   * @param bytes header and values, uncompressed
   * @param gzipMd5 MD5 of the file, null unless gzip
   */
  record Content(Path file, int[] dims, byte[] bytes, String gzipMd5) {
    int offset() {
      return 4 + 4 * dims.length;
    }

    /** Returns a file of images with rows and columns exchanged. */
    Content transposed() {
      int[] exchanged = {dims[0], dims[2], dims[1]};
      return new Content(
          file, exchanged, Idx.transposed(bytes, offset(), dims[2], dims[1]), gzipMd5);
    }

    /** SHA-256 of the uncompressed content. */
    String sha256() {
      var digest = Checksums.sha256();
      digest.update(bytes);
      return Checksums.hex(digest);
    }

    int[] labels() {
      int[] labels = new int[dims[0]];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = bytes[offset() + i] & 0xFF;
      }
      return labels;
    }
  }

  /**
   * Reads a file of the given number of dimensions.
   *
   * @param rank 1 for labels, 3 for images
   */
  static Content load(Path file, int rank) {
    if (!Files.isRegularFile(file)) {
      throw CsdpException.badInput(
          "%s: %s; give an IDX file", file, Files.exists(file) ? "not a file" : "no such file");
    }
    try {
      if (!Checksums.isGzip(file)) {
        try (InputStream in = Files.newInputStream(file)) {
          return read(file, rank, in, Files.size(file), false, null);
        }
      }
      try (InputStream raw = Files.newInputStream(file);
          InputStream in = new GZIPInputStream(raw, 1 << 16)) {
        return read(file, rank, in, Files.size(file), true, Checksums.md5(file));
      }
    } catch (EOFException e) {
      throw CsdpException.badInput("%s: truncated gzip file; get it again", file).because(e);
    } catch (ZipException e) {
      throw CsdpException.badInput("%s: damaged gzip file (%s); get it again", file, e.getMessage())
          .because(e);
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
  }

  /**
   * @param length of the file in bytes
   * @param gzip whether the stream unpacks them
   */
  private static Content read(
      Path file, int rank, InputStream in, long length, boolean gzip, String gzipMd5)
      throws IOException {
    int magic = rank == 1 ? LABELS : IMAGES;
    byte[] header = in.readNBytes(4 + 4 * rank);
    if (header.length < 4 || ByteBuffer.wrap(header).getInt(0) != magic) {
      throw CsdpException.badInput(
          "%s: not an IDX file of %s (it should begin with %08x, not %s)",
          file,
          rank == 1 ? "labels" : "images",
          magic,
          header.length < 4
              ? "end"
              : String.format(Locale.ROOT, "%08x", ByteBuffer.wrap(header).getInt(0)));
    }
    if (header.length < 4 + 4 * rank) {
      throw CsdpException.badInput("%s: truncated in its header; get it again", file);
    }
    int[] dims = new int[rank];
    long values = 1;
    for (int d = 0; d < rank; d++) {
      dims[d] = ByteBuffer.wrap(header).getInt(4 + 4 * d);
      if (dims[d] <= 0) {
        throw CsdpException.badInput(
            "%s: size %d of dimension %d in the header; sizes are at least 1", file, dims[d], d);
      }
      if (dims[d] > (Integer.MAX_VALUE - 64) / values) {
        throw CsdpException.badInput(
            "%s: the header declares %s values, more than the 2 GiB that can be read",
            file, Arrays.toString(dims));
      }
      values *= dims[d];
    }
    int expected = (int) values + header.length;
    if (!gzip && length != expected) {
      throw wrongLength(file, dims, expected, length);
    }
    if (gzip && Checksums.isBomb(expected, length)) {
      throw CsdpException.badInput(
          "%s: the header %s asks for %d bytes out of %d of gzip; refused",
          file, Arrays.toString(dims), expected, length);
    }
    byte[] bytes = Arrays.copyOf(header, Math.min(expected, CHUNK));
    int have = header.length;
    while (have < expected) {
      if (have == bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(expected, 2L * have));
      }
      int n = in.read(bytes, have, bytes.length - have);
      if (n < 0) {
        throw wrongLength(file, dims, expected, have);
      }
      have += n;
    }
    if (in.read() >= 0) {
      throw wrongLength(file, dims, expected, Long.MAX_VALUE);
    }
    return new Content(file, dims, bytes, gzipMd5);
  }

  private static CsdpException wrongLength(Path file, int[] dims, int expected, long length) {
    return CsdpException.badInput(
        "%s: %s: the header %s asks for %d bytes, there are %s; get it again",
        file,
        length < expected ? "truncated" : "trailing bytes",
        Arrays.toString(dims),
        expected,
        length == Long.MAX_VALUE ? "more" : length);
  }
}
