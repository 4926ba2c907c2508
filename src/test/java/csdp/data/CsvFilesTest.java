package csdp.data;

import static csdp.data.TestData.image;
import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvFilesTest {
  private static final String ROWS = "0,10,20,30,40\n1,50,60,70,80\n";

  @TempDir Path dir;

  /** Reads the training images of a CSV file. */
  private Dataset csv(String text) throws IOException {
    return csv(text, StandardCharsets.UTF_8);
  }

  private Dataset csv(String text, Charset encoding) throws IOException {
    Path f = Files.createDirectories(dir.resolve("csv"));
    Files.write(f.resolve("train.csv"), text.getBytes(encoding));
    return DataSources.open(DataRequest.of(f.toString(), 0, 0), line -> {}).train();
  }

  private void assertRows(String text) throws IOException {
    Dataset train = csv(text);
    assertEquals(2, train.size(), text);
    assertEquals(2, train.classes(), text);
    assertEquals(List.of(), train.classNames(), text);
    assertEquals(1, train.label(1), text);
    assertArrayEquals(new float[] {50 / 255f, 60 / 255f, 70 / 255f, 80 / 255f}, image(train, 1));
  }

  @Test
  void csvOfSpreadsheets() throws IOException {
    assertRows(ROWS);
    assertRows("\uFEFF" + ROWS);
    assertRows("\uFEFFlabel,a,b,c,d\n" + ROWS);
    assertRows("\uFEFF\"Label\",\"a\",\"b\",\"c\",\"d\"\n" + ROWS);
    String words = "train.csv: UTF-16 text; save it as UTF-8";
    assertFails(2, () -> csv("\uFEFF" + ROWS, StandardCharsets.UTF_16LE), words);
    assertFails(2, () -> csv("\uFEFF" + ROWS, StandardCharsets.UTF_16BE), words);
  }

  @Test
  void csvHeaders() throws IOException {
    assertRows("label,0,1,2,3\n" + ROWS);
    assertRows("\"CLASS\",\"0\",\"1\",\"2\",\"3\"\n" + ROWS);
    String unnamed = "no column of train.csv is called label or class; rename the column";
    assertFails(2, () -> csv("target,a,b,c,d\n" + ROWS), unnamed);
    assertFails(2, () -> csv("target,0,1,2,3\n" + ROWS), unnamed);
    String comma = ROWS.replace("\n", ",\n");
    assertFails(2, () -> csv(comma), "train.csv: row 1, column 6 is ''; pixels are whole numbers");
    assertFails(2, () -> csv("label,a,b,c,d,\n" + comma), "column 6 of the header has no name");
    assertFails(
        2,
        () -> csv(",label,0,1,2,3\n0," + ROWS.replace("\n1", "\n1,1")),
        "column 1 of the header has no name",
        "index=False");
  }

  /** A macOS archive has such a file beside each one. */
  @Test
  void hiddenCsvFilesAreIgnored() throws IOException {
    TestData.write(dir.resolve("csv/._train.csv"), new byte[] {0, 5, 22, 7});
    assertRows(ROWS);
  }
}
