package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.cli.Main;
import csdp.io.FaultyDisk;
import csdp.io.FaultyDisk.Fault;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on file systems that refuse an operation, and into folders of others. */
@SuppressWarnings("try") // a fault acts by being open
class OddDisksTest {
  private static final String FLAGS =
      "--data strokes --hidden 20,8 --batch 40 --steps 4 --valid 60 --train-limit 120 --device cpu";

  @TempDir Path dir;
  private String err;

  private int csdp(String line) {
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    int code = Main.run(line.split(" "), new PrintWriter(o), new PrintWriter(e));
    err = e.toString();
    return code;
  }

  private int train(Path out, String flags) {
    return csdp("train " + FLAGS + " --out " + out + " " + flags);
  }

  private static Map<String, byte[]> content(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.filter(Files::isRegularFile).toList()) {
        files.put(folder.relativize(p).toString(), Files.readAllBytes(p));
      }
    }
    return files;
  }

  private static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((file, bytes) -> assertArrayEquals(bytes, actual.get(file), file));
  }

  /** Parameters and moments; records have the time of day in them. */
  private static Map<String, byte[]> arrays(Path run) throws IOException {
    Map<String, byte[]> all = content(run);
    all.keySet().removeIf(file -> !file.matches(".*\\.np[yz]|test\\.json"));
    return all;
  }

  @Test
  void oneMissingGuaranteeIsAWarningAndNothingElse() throws Exception {
    Path whole = dir.resolve("whole");
    assertEquals(0, train(whole, "--epochs 2"), err);
    Map<Fault, String> said =
        Map.of(
            Fault.LOWER_FOLDERS, "",
            Fault.MOUNTED_FILES, "",
            Fault.NO_FOLDER_SYNC, "cannot sync folders (Invalid argument)",
            Fault.NO_LOCKS, "has no locks (No locks available)");
    for (Fault fault : said.keySet()) {
      Path run = dir.resolve(fault.name());
      assertEquals(0, train(run, "--epochs 1"), err);
      try (FaultyDisk disk = FaultyDisk.of(run, EnumSet.of(fault))) {
        assertEquals(0, csdp("train --resume --device cpu --epochs 2 --out " + run), fault + err);
        assertSame(arrays(whole), arrays(run));
        String words = said.get(fault);
        assertEquals(
            words.isEmpty() ? 0 : 1, err.lines().filter(l -> l.startsWith("warning: ")).count());
        assertTrue(err.contains(words), err);
        assertEquals(0, train(run, "--force --epochs 2"), fault + err);
        assertSame(arrays(whole), arrays(run));
        assertEquals(0, csdp("evaluate --limit 5 --device cpu --model " + run), err);
      }
      assertEquals(List.of(), leftOver(run));
    }
  }

  private static List<String> leftOver(Path run) throws IOException {
    try (Stream<Path> all = Files.list(run)) {
      return all.map(p -> p.getFileName().toString())
          .filter(n -> n.endsWith(".tmp") || n.endsWith(".old"))
          .toList();
    }
  }

  /** Where no run can be written, no image is trained and no byte of an earlier run is lost. */
  @Test
  void withoutRenameNothingStartsAndNothingIsLost() throws Exception {
    Path run = dir.resolve("run");
    assertEquals(0, train(run, "--epochs 1"), err);
    Map<String, byte[]> before = content(run);
    try (FaultyDisk disk = FaultyDisk.of(run, EnumSet.of(Fault.NO_RENAME))) {
      for (String how : List.of("--force", "--resume --epochs 2")) {
        assertEquals(
            3, how.contains("resume") ? csdp("train " + how + " --out " + run) : train(run, how));
        assertEquals(1, err.lines().count(), err);
        assertTrue(err.startsWith("csdp: cannot write ") && err.contains("not supported"), err);
        assertSame(before, content(run));
      }
      assertEquals(3, train(dir.resolve("new"), ""));
      assertFalse(Files.exists(dir.resolve("new")));
    }
  }

  @Test
  void forceReplacesRunsOfCsdpOnly() throws Exception {
    for (String file :
        List.of("best/weights.pt", "last/x", "metrics.jsonl", "test.json", "acc1234.npy")) {
      Path folder = dir.resolve("of others " + file.replace('/', ' '));
      Files.createDirectories(folder.resolve(file).getParent());
      Files.writeString(folder.resolve(file), "precious");
      assertKept(folder, file.split("/")[0]);
    }
    for (String config : List.of("{\"model_type\": \"bert\"}", "[]", "no JSON")) {
      Path folder = Files.createDirectory(dir.resolve("config" + config.length()));
      Files.writeString(folder.resolve("config.json"), config);
      Files.writeString(folder.resolve("metrics.jsonl"), "precious");
      assertKept(folder, "config.json");
    }
    // Anything else may lie there, and stays.
    Path folder = Files.createDirectory(dir.resolve("notes"));
    Files.writeString(folder.resolve("notes.txt"), "mine");
    for (int i = 0; i < 2; i++) {
      assertEquals(0, csdpTrain(folder), err);
      assertEquals("mine", Files.readString(folder.resolve("notes.txt")));
    }
    // A run of ours whose config.json is damaged is one nevertheless.
    Files.writeString(folder.resolve("config.json"), "{");
    assertEquals(0, csdpTrain(folder), err);
  }

  private int csdpTrain(Path folder) {
    List<String> args = new ArrayList<>(List.of("train", "--force", "--epochs", "1", "--out"));
    args.add(folder.toString());
    args.addAll(List.of(FLAGS.split(" ")));
    StringWriter e = new StringWriter();
    int code =
        Main.run(
            args.toArray(String[]::new), new PrintWriter(new StringWriter()), new PrintWriter(e));
    err = e.toString();
    return code;
  }

  private void assertKept(Path folder, String named) throws IOException {
    Map<String, byte[]> before = content(folder);
    assertEquals(2, csdpTrain(folder), err);
    assertEquals(1, err.lines().count(), err);
    assertTrue(err.contains(named) && err.contains("--out"), err);
    assertSame(before, content(folder));
    assertEquals(Set.of(), Set.copyOf(leftOver(folder)));
  }
}
