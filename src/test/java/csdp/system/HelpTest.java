package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.cli.CommandTest;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Help of all commands, and usage errors. */
class HelpTest extends CommandTest {
  @Test
  void everyCommandHasHelp() {
    assertEquals(0, run("--help"));
    List<String> commands =
        out.lines()
            .dropWhile(l -> !l.equals("Commands:"))
            .skip(1)
            .takeWhile(l -> !l.isEmpty())
            .filter(l -> l.matches("  \\w.*"))
            .map(l -> l.strip().split(" ")[0])
            .toList();
    assertTrue(commands.size() >= 12 && commands.contains("train"), "" + commands);
    PrintStream console = System.err;
    for (String command : commands) {
      ByteArrayOutputStream warnings = new ByteArrayOutputStream();
      System.setErr(new PrintStream(warnings, true, StandardCharsets.UTF_8)); // picocli's
      try {
        assertEquals(0, run(command, "--help"), command);
      } finally {
        System.setErr(console);
      }
      assertTrue(out.startsWith("Usage: csdp " + command), out);
      assertFalse(out.contains("%%"), out);
      assertEquals("", warnings.toString(StandardCharsets.UTF_8), command);
    }
  }

  @Test
  void usage(@TempDir Path dir) {
    assertEquals(2, run());
    assertEquals(2, run("trian"));
    assertTrue(err.contains("csdp train"), err);
    assertEquals(2, run("evaluate"));
    assertEquals(2, run("evaluate", "--model", dir.resolve("nothing").toString()));
    assertEquals(2, run("predict", "--model", dir.toString(), "x.png"));
  }
}
