package csdp.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.analysis.Analysis;
import csdp.error.CsdpException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs commands as the command line does, and keeps the output of the last one. */
public abstract class CommandTest {
  /** Standard output of the last command. */
  protected String out;

  /** Standard error of the last command. */
  protected String err;

  /** Runs a command; returns its exit code. */
  protected int run(String... args) {
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    int code = Main.run(args, new PrintWriter(o, true), new PrintWriter(e, true));
    out = o.toString();
    err = e.toString();
    return code;
  }

  /** Runs a command; returns its exit code. */
  protected int run(List<String> args) {
    return run(args.toArray(String[]::new));
  }

  /** Runs a command whose words have no spaces; returns its exit code. */
  protected int runLine(String words) {
    return run(words.split(" "));
  }

  /** Trains a network of strokes in {@code --out} in a second; flags replace its own. */
  protected int trainStrokes(String... flags) {
    String defaults =
        "--data strokes --hidden 30,12 --batch 50 --epochs 1 --steps 8 --valid 60"
            + " --train-limit 150 --device cpu";
    List<String> args = new ArrayList<>(List.of("train"));
    args.addAll(flags(defaults, flags));
    return run(args);
  }

  /** Asserts that the last command gave one clear line of error, with these words. */
  protected void assertRefused(String... words) {
    assertEquals(1, err.lines().filter(l -> l.startsWith("csdp: ")).count(), err);
    for (String word : words) {
      assertTrue(err.contains(word), "'" + word + "' in: " + err);
    }
    assertFalse(err.contains("\tat "), err);
    assertFalse(err.contains("%"), err);
  }

  /** Skips a test where plots with text cannot be drawn. */
  protected static void assumeFonts() {
    try {
      Analysis.requireFonts();
    } catch (CsdpException e) {
      assumeTrue(false, e.getMessage());
    }
  }

  /** Returns flags, after those defaults that they do not replace: names and values in turn. */
  protected static List<String> flags(String defaults, String... flags) {
    List<String> all = new ArrayList<>();
    String[] words = defaults.split(" ");
    for (int i = 0; i < words.length; i += 2) {
      if (!Arrays.asList(flags).contains(words[i])) {
        all.addAll(List.of(words[i], words[i + 1]));
      }
    }
    all.addAll(Arrays.asList(flags));
    return all;
  }
}
