package csdp.system.damaged;

import static csdp.system.damaged.Damages.set;
import static csdp.system.damaged.GoodInputs.TRAIN_CSV;
import static csdp.system.damaged.GoodInputs.TRAIN_PICTURES;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Folders with CSV files and with image files. */
final class FolderCases {
  private FolderCases() {}

  static void add(Cases c) throws IOException {
    c.command = TRAIN_CSV;
    String train = "csv/train.csv";
    for (String value : List.of("256", "-1", "0.5", "x", "", " ", "1e2", "99999999999")) {
      c.text(train, "with the pixel '" + value + "'", ",\\d+", "," + value);
    }
    c.text(train, "with a pixel more", "\n", ",7\n");
    c.text(train, "with a quote that does not end", ",", ",\"");
    c.content(train, "empty", "");
    c.content(train, "with a header only", "label,pixel0,pixel1,pixel2,pixel3\n");
    c.content(train, "with labels only", "1\n2\n");
    c.truncated("csv/test.csv.gz", 5);
    c.flipped("csv/test.csv.gz", 10, c.size("csv/test.csv.gz"), 10);
    c.bytes(train, "not text", b -> set(b, 40, 0xFF));
    c.bytes("csv/test.csv.gz", "200 MB of one row", b -> bomb("1,2,3,"));
    c.bytes("csv/test.csv.gz", "200 MB of many rows", b -> bomb("1,2,3,4,5,6,7,8,9\n"));
    c.command = TRAIN_PICTURES;
    for (String kind : List.of("png", "jpg", "bmp", "gif")) {
      String file = "pictures/" + kind + "/2." + kind;
      c.truncated(file, 6);
      c.content(file, "a text", "hello");
      c.add(kind + " without images", f -> delete(f.resolve("pictures/" + kind), kind));
    }
  }

  /** A gzip file of 200 MB of a text, over and over. */
  private static byte[] bomb(String text) {
    byte[] block = text.repeat(10_000).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
      for (int n = 0; n < 200_000_000; n += block.length) {
        gz.write(block);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void delete(java.nio.file.Path folder, String kind) throws IOException {
    for (int i = 0; i < 4; i++) {
      Files.delete(folder.resolve(i + "." + kind));
    }
  }
}
