package csdp.io;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** A table as a CSV file (RFC 4180, with line feeds). */
public final class Csv {
  private final StringBuilder text = new StringBuilder();

  /** Starts a table with the names of its columns. */
  public Csv(String... columns) {
    row((Object[]) columns);
  }

  /** As above. */
  public Csv(List<?> columns) {
    row(columns);
  }

  /** Appends a row; null is an empty cell. */
  public Csv row(Object... values) {
    for (int i = 0; i < values.length; i++) {
      String v = values[i] == null ? "" : values[i].toString();
      text.append(i == 0 ? "" : ",");
      text.append(v.matches("(?s).*[\",\r\n].*") ? '"' + v.replace("\"", "\"\"") + '"' : v);
    }
    text.append('\n');
    return this;
  }

  /** As above. */
  public Csv row(List<?> values) {
    return row(values.toArray());
  }

  /** Returns the content since the last call, UTF-8, to write a file piece by piece. */
  public byte[] take() {
    byte[] bytes = bytes();
    text.setLength(0);
    return bytes;
  }

  /** Returns the file's content, UTF-8. */
  public byte[] bytes() {
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
