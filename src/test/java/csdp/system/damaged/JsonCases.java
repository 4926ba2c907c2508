package csdp.system.damaged;

import static csdp.system.damaged.Damages.longer;
import static csdp.system.damaged.Damages.set;

import java.io.IOException;

/** Any JSON file. */
final class JsonCases {
  private JsonCases() {}

  /** Damages of any JSON file. */
  static void add(Cases c, String file) throws IOException {
    c.truncated(file, 5);
    c.content(file, "null", "null");
    c.content(file, "a number", "7");
    c.content(file, "a string of control characters", "\"\\u001b[31m\\n\\u0000\"");
    c.content(file, "nested 100,000 deep", "[".repeat(100_000));
    c.content(file, "nested 100,000 deep in a field", "{\"run\":" + "{\"a\":".repeat(100_000));
    c.content(file, "8 MiB of spaces", " ".repeat(8 << 20) + "{}");
    c.content(file, "a number of 100,000 digits", "{\"run\": " + "9".repeat(100_000) + "}");
    c.content(file, "an unknown field with a long name", "{\"" + "a".repeat(40_000) + "\": 1}");
    c.bytes(file, "not UTF-8", b -> set(b, b.length / 2, 0xFF));
    c.bytes(file, "with something behind it", b -> set(longer(b), b.length, '}'));
    c.folder(file);
  }
}
