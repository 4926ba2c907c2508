package csdp.system.damaged;

import static csdp.data.TestData.gzip;
import static csdp.data.TestData.idx;
import static csdp.system.damaged.Damages.TEXT;
import static csdp.system.damaged.Damages.longer;
import static csdp.system.damaged.Damages.unchecked;
import static csdp.system.damaged.Damages.zeros;
import static csdp.system.damaged.GoodInputs.TRAIN_GZIP;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.zip.GZIPOutputStream;

/** Packed IDX files. */
final class GzipCases {
  private GzipCases() {}

  static void add(Cases c) throws IOException {
    c.command = TRAIN_GZIP;
    String file = "gz/train-images-idx3-ubyte.gz";
    int length = c.size(file);
    c.truncated(file, 10);
    c.truncated("gz/t10k-labels-idx1-ubyte.gz", 4);
    c.flipped(file, 0, 3, 3); // magic and method
    c.flipped(file, 10, length - 8, 8); // compressed data: the checksum fails
    c.flipped(file, length - 8, length, 4); // the checksum and the size
    c.bytes(file, "packed twice", b -> unchecked(() -> gzip(b)));
    c.bytes(file, "a text", b -> unchecked(() -> gzip(TEXT)));
    c.bytes(file, "with a byte too many", b -> unchecked(() -> gzip(longer(trainImages(c)))));
    c.bytes(
        file,
        "200 MB out of 200 KB, as the header says",
        b -> unchecked(() -> gzipWithZeros(idx(new byte[0], 250_000, 28, 28), 196_000_000)));
    c.bytes(
        file,
        "200 MB out of 200 KB behind the images",
        b -> unchecked(() -> gzipWithZeros(trainImages(c), 196_000_000)));
    c.bytes(
        file,
        "2 GB declared, little there",
        b -> unchecked(() -> gzip(idx(new byte[9], 2_700_000, 28, 28))));
    c.bytes(
        "gz/train-labels-idx1-ubyte.gz",
        "200 MB out of 200 KB",
        b -> unchecked(() -> gzipWithZeros(idx(new byte[0], 196_000_000), 196_000_000)));
  }

  private static byte[] trainImages(Cases c) throws IOException {
    return Files.readAllBytes(c.good.resolve("data/train-images-idx3-ubyte"));
  }

  /** Bytes and then zeros, packed. */
  private static byte[] gzipWithZeros(byte[] start, int zeros) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
      gz.write(start);
      zeros(gz, zeros);
    }
    return out.toByteArray();
  }
}
