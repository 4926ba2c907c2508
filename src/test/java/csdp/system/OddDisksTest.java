package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.cli.CommandTest;
import csdp.io.FaultyDisk;
import csdp.io.FaultyDisk.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on file systems that refuse an operation, and into folders of others. */
@SuppressWarnings("try") // a fault acts by being open
class OddDisksTest extends CommandTest {
  private static final String FLAGS =
      "--data strokes --hidden 20,8 --batch 40 --steps 4 --valid 60 --train-limit 120 --device cpu";

  @TempDir Path dir;

  private int train(Path out, String flags) {
    return runLine("train " + FLAGS + " --out " + out + " " + flags);
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
        assertEquals(
            0, runLine("train --resume --device cpu --epochs 2 --out " + run), fault + err);
        Folders.assertSame(Folders.results(whole), Folders.results(run));
        String words = said.get(fault);
        assertEquals(
            words.isEmpty() ? 0 : 1, err.lines().filter(l -> l.startsWith("warning: ")).count());
        assertTrue(err.contains(words), err);
        assertEquals(0, train(run, "--force --epochs 2"), fault + err);
        Folders.assertSame(Folders.results(whole), Folders.results(run));
        assertEquals(0, runLine("evaluate --limit 5 --device cpu --model " + run), err);
      }
      assertEquals(List.of(), Folders.temporaries(run));
    }
  }

  /** Where no run can be written, no image is trained and no byte of an earlier run is lost. */
  @Test
  void withoutRenameNothingStartsAndNothingIsLost() throws Exception {
    Path run = dir.resolve("run");
    assertEquals(0, train(run, "--epochs 1"), err);
    Map<String, byte[]> before = Folders.contents(run);
    try (FaultyDisk disk = FaultyDisk.of(run, EnumSet.of(Fault.NO_RENAME))) {
      for (String how : List.of("--force", "--resume --epochs 2")) {
        assertEquals(
            3,
            how.contains("resume") ? runLine("train " + how + " --out " + run) : train(run, how));
        assertEquals(1, err.lines().count(), err);
        assertTrue(err.startsWith("csdp: cannot write ") && err.contains("not supported"), err);
        Folders.assertSame(before, Folders.contents(run));
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
    // Other files are allowed, and kept.
    Path folder = Files.createDirectory(dir.resolve("notes"));
    Files.writeString(folder.resolve("notes.txt"), "mine");
    for (int i = 0; i < 2; i++) {
      assertEquals(0, csdpTrain(folder), err);
      assertEquals("mine", Files.readString(folder.resolve("notes.txt")));
    }
    // A run with a damaged config.json still counts as a run.
    Files.writeString(folder.resolve("config.json"), "{");
    assertEquals(0, csdpTrain(folder), err);
  }

  private int csdpTrain(Path folder) {
    List<String> args = new ArrayList<>(List.of("train", "--force", "--epochs", "1", "--out"));
    args.add(folder.toString());
    args.addAll(List.of(FLAGS.split(" ")));
    return run(args);
  }

  private void assertKept(Path folder, String named) throws IOException {
    Map<String, byte[]> before = Folders.contents(folder);
    assertEquals(2, csdpTrain(folder), err);
    assertEquals(1, err.lines().count(), err);
    assertTrue(err.contains(named) && err.contains("--out"), err);
    Folders.assertSame(before, Folders.contents(folder));
    assertEquals(Set.of(), Set.copyOf(Folders.temporaries(folder)));
  }
}
