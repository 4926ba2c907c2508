package csdp.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bar of a terminal: one line, however narrow, also after a change. */
class ProgressPrinterTest {
  private int columns;

  private static String repeat(String part, int n) {
    return part.repeat(n);
  }

  @Test
  void aDrawingFitsTheTerminalOfThatMoment() {
    StringWriter drawn = new StringWriter();
    ProgressPrinter printer =
        new ProgressPrinter(
            new PrintWriter(new StringWriter()), new PrintWriter(drawn), true, () -> columns);
    for (int width : List.of(200, 80, 81, 60, 34, 33, 12, 2, 1, 120)) {
      columns = width;
      drawn.getBuffer().setLength(0);
      printer.show("epoch 1/1 " + repeat("#", 23), repeat("a", 20), repeat("b", 20), "c");
      String line = drawn.toString();
      assertTrue(line.startsWith("\r") && line.lastIndexOf('\r') == 0, line);
      assertTrue(line.length() - 1 < width, width + ": " + line);
      String kept = line.strip();
      assertEquals(width > 80, kept.endsWith("c"), kept);
      assertEquals(width >= 80, kept.contains("b"), kept);
      assertEquals(width > 56, kept.contains("a"), kept);
      assertTrue(kept.startsWith("epoch 1/1 #############".substring(0, Math.min(23, width - 1))));
    }
    // A shorter line wipes the longer one before it; so does the end.
    drawn.getBuffer().setLength(0);
    printer.show("short");
    assertEquals("\rshort", drawn.toString().stripTrailing());
    assertEquals(1 + 33 + 22 + 22 + 3, drawn.toString().length());
    drawn.getBuffer().setLength(0);
    printer.clear();
    assertEquals("\r     \r", drawn.toString());
  }

  @Test
  void theWidthIsTheTerminalsElseTheShellsElseTheUsual() {
    File noTerminal = new File("/dev/null");
    assertEquals(57, TerminalWidth.columns(noTerminal, "57"));
    for (String nonsense : new String[] {null, "", "0", "wide", "-3", "99999999999"}) {
      assertEquals(80, TerminalWidth.columns(noTerminal, nonsense), nonsense);
    }
  }
}
