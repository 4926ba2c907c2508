package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Child;
import csdp.OtherJava;
import csdp.backend.cuda.Cuda;
import csdp.checkpoint.RunFolder;
import csdp.cli.CommandTest;
import csdp.io.FolderLock;
import csdp.io.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps and comparisons as a user runs them, with their exit codes. */
class SweepCommandTest extends CommandTest {
  @TempDir Path dir;

  @BeforeEach
  void writeData() throws IOException {
    SweepData.write(dir);
  }

  private int sweep(String flags) {
    String varied = flags.contains("hidden=") ? "--hidden 12 " : "";
    return run(SweepData.words(dir, "sweep " + SweepData.TRAINING.replace(varied, "") + flags));
  }

  private int command(String words) {
    return run(SweepData.words(dir, words));
  }

  private void assertRefused(int code, int actual, String... words) {
    assertEquals(code, actual, err);
    assertRefused(words);
  }

  private JsonNode trial(String sweep, int i) {
    return Json.tree(dir.resolve(sweep + "/sweep.json")).get("trials").get(i);
  }

  @Test
  void theNumberOfJobsDoesNotChangeABit() throws Exception {
    String vary = "--vary seed=1..3 --vary hidden=12,6/9 ";
    assertEquals(0, sweep(vary + "--jobs 1 --threads 2 --out @/one"), err);
    assertTrue(out.contains("6 trials") && out.contains("jobs     1 at once"), out);
    assertEquals(0, sweep(vary + "--jobs 4 --threads 3 --out @/four"), err);
    assertTrue(out.contains("jobs     4 at once"), out);
    assertEquals(SweepData.table(dir.resolve("one")), SweepData.table(dir.resolve("four")));
    assertEquals(SweepData.json(dir.resolve("one")), SweepData.json(dir.resolve("four")));
    Folders.assertSame(
        SweepData.results(dir.resolve("one")), SweepData.results(dir.resolve("four")));

    // A trial is an ordinary run, with the bits of the train command.
    List<String> train =
        SweepData.words(dir, "train " + SweepData.TRAINING.replace("--hidden 12", "--hidden 9"));
    train.addAll(List.of("--seed", "2", "--out", dir.resolve("plain").toString()));
    assertEquals(0, run(train), err);
    Folders.assertSame(
        Folders.results(dir.resolve("plain")), Folders.results(dir.resolve("one/hidden-9_seed-2")));
    assertEquals(0, command("evaluate --model @/one/hidden-9_seed-2"), err);

    // The table has the values of the run folders.
    JsonNode row = trial("one", 4);
    assertEquals("hidden-9_seed-2", row.get("trial").textValue());
    JsonNode test = Json.tree(dir.resolve("plain/test.json"));
    assertEquals(test.get("accuracy"), row.at("/metrics/test_accuracy"));
    assertEquals(
        test.at("/spikes_per_sample_and_step/z1"), row.at("/metrics/test_spikes"), row.toString());
    assertEquals("done", row.get("status").textValue());
    JsonNode summary = Json.tree(dir.resolve("one/sweep.json")).get("summary").get(1);
    assertEquals("9", summary.at("/settings/hidden").textValue());
    assertEquals(3, summary.at("/metrics/test_accuracy/n").intValue());
    String html = Files.readString(dir.resolve("one/sweep.html"));
    assertTrue(html.contains("data:image/png;base64,") && !html.contains("://"), "self-contained");

    // The same command again repeats nothing; more seeds are added to it.
    byte[] before = Files.readAllBytes(dir.resolve("one/hidden-9_seed-2/metrics.jsonl"));
    assertEquals(0, sweep(vary + "--out @/one"), err);
    assertFalse(out.contains("trial  "), out);
    Path parquet = Files.createDirectory(dir.resolve("one/sweep.parquet")); // of Spark: now old
    Files.createFile(parquet.resolve("_SUCCESS"));
    assertEquals(0, sweep(vary.replace("1..3", "1..4") + "--out @/one"), err);
    assertFalse(Files.exists(parquet));
    assertEquals(2, out.lines().filter(l -> l.startsWith("trial  ")).count(), out);
    assertEquals(
        new String(before, StandardCharsets.UTF_8),
        Files.readString(dir.resolve("one/hidden-9_seed-2/metrics.jsonl")));

    // Another sweep in the same folder is refused, and changes nothing.
    byte[] definition = Files.readAllBytes(dir.resolve("one/definition.json"));
    assertRefused(2, sweep(vary + "--out @/one"), "another sweep", "vary.seed", "1..4", "1..3");
    assertRefused(
        2, sweep(vary.replace("1..3", "1..4") + "--mix 0.3 --algo unsupervised --out @/one"));
    assertTrue(err.contains("base.algo"), err);
    assertEquals(
        new String(definition, StandardCharsets.UTF_8),
        Files.readString(dir.resolve("one/definition.json")));
  }

  @Test
  void halvingContinuesTheBestExactly() throws Exception {
    String flags = SweepData.TRAINING.replace("--epochs 2", "--epochs 4");
    String vary = " --vary eta=0.0005,0.002,0.02,0.005 --vary seed=1,2 --halving 2 --out @/halved";
    assertEquals(0, command("sweep " + flags + vary), err);
    assertTrue(out.contains("halving: 4 settings to epoch 1, 2 to 2, 1 to 4"), out);
    Map<String, Integer> byStatus = new TreeMap<>();
    String winner = null;
    for (JsonNode row : Json.tree(dir.resolve("halved/sweep.json")).get("trials")) {
      String status = row.get("status").textValue() + " " + row.get("epochs").intValue();
      byStatus.merge(status, 1, Integer::sum);
      assertTrue(row.at("/metrics/test_accuracy").isNumber(), row.toString());
      winner = status.startsWith("done") ? row.get("trial").textValue() : winner;
    }
    assertEquals(Map.of("done 4", 2, "halved 1", 4, "halved 2", 2), byStatus);

    // The winner has the bits of a training that was never interrupted.
    String eta = winner.replaceAll("learning-rate-(.*)_seed.*", "$1");
    String seed = winner.replaceAll(".*_seed-", "");
    assertEquals(
        0,
        command("train " + flags + " --eta " + eta + " --seed " + seed + " --out @/direct"),
        err);
    Folders.assertSame(
        Folders.results(dir.resolve("direct")), Folders.results(dir.resolve("halved/" + winner)));

    // It is the best of each rung by the mean of its seeds.
    double best = -1;
    String bestEta = null;
    for (String one : List.of("0.0005", "0.002", "0.02", "0.005")) {
      double sum = 0;
      for (int s = 1; s <= 2; s++) {
        Path run = dir.resolve("halved/learning-rate-" + one + "_seed-" + s);
        sum +=
            new RunFolder(run)
                .history().stream()
                    .filter(m -> m.epoch() <= 1)
                    .mapToDouble(m -> m.validAccuracy())
                    .max()
                    .orElseThrow();
      }
      if (sum > best) {
        best = sum;
        bestEta = one;
      }
    }
    int epochs =
        trial("halved", 2 * List.of("0.0005", "0.002", "0.02", "0.005").indexOf(bestEta))
            .get("epochs")
            .intValue();
    assertTrue(epochs >= 2, bestEta + " was the best after epoch 1");

    assertEquals(0, command("sweep " + flags + vary), err);
    assertFalse(out.contains("trial  "), out);
    assertRefused(
        2,
        command("sweep " + flags + vary.replace("seed=1,2", "seed=1..3")),
        "another sweep",
        "vary.seed");
    assertRefused(
        2, command("sweep " + flags + " --vary seed=1..4 --halving 2 --out @/none"), "settings");
    assertRefused(
        2,
        command(
            "sweep "
                + flags.replaceAll("--valid-. \\S+", "")
                + " --valid 0 --vary eta=1,2,3,4 --halving 2 --out @/none"),
        "validation images");
    assertFalse(Files.exists(dir.resolve("none")));
  }

  @Test
  void aTrialThatDivergesIsRecordedAndTheOthersGoOn() throws Exception {
    String vary = "--vary resistance=0.1,1e30 --vary seed=1,2 --out @/s";
    assertRefused(1, sweep(vary), "2 of 4 trials failed", "resistance-1e30_seed-1", "NaN or inf");
    assertEquals("done", trial("s", 1).get("status").textValue());
    JsonNode row = trial("s", 2);
    assertEquals("failed", row.get("status").textValue());
    assertTrue(row.get("error").textValue().contains("epoch 1, batch 1 of 6"), row.toString());
    assertTrue(Files.readString(dir.resolve("s/sweep.csv")).contains("NaN or infinity"));
    // It would diverge again: it is not repeated, and the exit code says it again.
    assertRefused(1, sweep(vary), "2 of 4 trials failed");
    assertFalse(out.contains("trial  "), out);

    // A failure of the machine is tried again.
    Path error = dir.resolve("s/resistance-0.1_seed-1/error.json");
    Files.writeString(error, "{\"error\": \"no space left\", \"retry\": true}");
    Files.delete(dir.resolve("s/resistance-0.1_seed-1/test.json"));
    assertRefused(1, sweep(vary), "2 of 4");
    assertFalse(Files.exists(error));
    assertTrue(Files.exists(dir.resolve("s/resistance-0.1_seed-1/test.json")));
  }

  @Test
  void nonsenseIsRefusedBeforeAnyTrial() throws Exception {
    String[][] bad = {
      {"", "--vary"},
      {"--vary seed", "NAME=VALUES"},
      {"--vary sead=1", "sead"},
      {"--vary seed=1 --vary seed=2", "twice"},
      {"--vary seed=1 --vary batch=10", "batch is varied and has the value 10"},
      {"--vary hidden=12/0", "hidden=0"},
      {"--vary hidden=12/50000", "hidden=50000"},
      {"--vary rotate=true,x", "rotate"},
      {"--vary mix=x", "mix=x"},
      {"--vary eta=0.1..0.2", "--samples"},
      {"--vary eta=0.1 --samples 0", "samples"},
      {"--vary eta=0.1 --sample-seed 3", "samples"},
      {"--vary seed=1..2 --halving 1", "halving"},
      {"--vary epochs=1..2", "epochs"},
      {"--vary mix=0.1,0.2", "unsupervised"},
      {"--vary seed=1 --jobs 0", "--jobs"},
      {"--vary seed=1 --devices 0", "--device"},
      {"--vary seed=1 --checkpoint-every -1", "--checkpoint-every"},
      {"--vary seed=1 --train-x nowhere.npy", "only once"},
      {"--vary seed=1 --file @/s.json", "--file"},
    };
    for (String[] flags : bad) {
      assertRefused(2, sweep(flags[0] + " --out @/bad"), flags[1]);
      assertFalse(Files.exists(dir.resolve("bad")), flags[0]);
    }
    assertEquals(2, sweep("--vary seed=1"));
    assertTrue(err.contains("--out"), err);
    if (Cuda.survey().gpus().isEmpty()) {
      String noDevice = SweepData.TRAINING.replace("--device cpu", "");
      assertRefused(
          3,
          command("sweep " + noDevice + "--vary seed=1 --devices 0,1 --out @/bad"),
          "no CUDA device");
    }
    Files.createDirectories(dir.resolve("other"));
    Files.writeString(dir.resolve("other/notes.txt"), "mine");
    assertRefused(2, sweep("--vary seed=1 --out @/other"), "other files");
    assertRefused(2, sweep("--vary seed=1 --out @/other/notes.txt"), "is a file");
    for (String damage :
        List.of("", "{", "[]", "{\"vary\": {}}", "{\"vary\": {\"seed\": 1}, \"x\": 1}")) {
      Files.createDirectories(dir.resolve("damaged"));
      Files.writeString(dir.resolve("damaged/definition.json"), damage);
      assertRefused(2, sweep("--vary seed=1 --out @/damaged"), "definition.json");
      assertRefused(
          2, command("sweep --file @/damaged/definition.json --out @/bad"), "definition.json");
      assertEquals(damage, Files.readString(dir.resolve("damaged/definition.json")));
      assertFalse(Files.exists(dir.resolve("bad")));
    }
  }

  @Test
  void aTrialThatDoesNotFitIntoMemoryIsRefused() throws Exception {
    String training = SweepData.TRAINING.replace("--hidden 12", "--hidden 2000");
    List<String> sweep = SweepData.words(dir, "sweep " + training + "--vary seed=1 --out @/big");
    List<String> java = OtherJava.command(List.of("-Xmx64m"), "csdp.cli.Main", sweep);
    Child child = Child.run(new ProcessBuilder(java));
    assertEquals(3, child.code(), child.said());
    assertTrue(
        child.err().matches("(?s).*csdp: a trial needs about 1?\\d\\d MB of memory.*-Xmx.*"),
        child.err());
    assertFalse(Files.exists(dir.resolve("big")));
  }

  @Test
  void aFileIsTheSameSweepAndALockedFolderIsRefused() throws Exception {
    assertEquals(0, sweep("--vary eta=log:0.001..0.1 --samples 2 --out @/flags"), err);
    assertEquals(0, command("sweep --device cpu --file @/flags/definition.json --out @/file"), err);
    assertEquals(SweepData.table(dir.resolve("flags")), SweepData.table(dir.resolve("file")));
    try (FolderLock lock = FolderLock.take(dir.resolve("file"), line -> {})) {
      assertTrue(lock != null);
      assertRefused(
          2, command("sweep --device cpu --file @/flags/definition.json --out @/file"), "in use");
    }
  }

  @Test
  void compareMakesTheSameTableFromRuns() throws Exception {
    assertEquals(0, sweep("--vary seed=1..3 --vary eta=0.001,0.002 --out @/s"), err);
    assertEquals(0, command("compare @/s --out @/c"), err);
    assertTrue(out.contains("learning-rate=0.002"), out);
    JsonNode sweep = Json.tree(dir.resolve("s/sweep.json"));
    JsonNode compared = Json.tree(dir.resolve("c/compare.json"));
    assertEquals(sweep.get("summary"), compared.get("summary"));
    assertTrue(Files.exists(dir.resolve("c/compare.html")));
    assertEquals(
        Files.readString(dir.resolve("s/summary.csv")),
        Files.readString(dir.resolve("c/summary.csv")));

    List<String> single = new ArrayList<>(SweepData.words(dir, "compare --out @/d"));
    single.add(dir.resolve("s/learning-rate-0.001_seed-1").toString());
    single.add(dir.resolve("s/learning-rate-0.002_seed-1").toString());
    assertEquals(0, run(single), err);
    JsonNode rows = Json.tree(dir.resolve("d/compare.json")).get("trials");
    assertEquals(2, rows.size());
    assertEquals("{\"learning-rate\":\"0.001\"}", rows.get(0).get("settings").toString());
    assertRefused(2, command("compare @/nowhere --out @/e"), "nowhere");
    assertRefused(2, command("compare @/c --out @/e"), "neither a run nor a folder of runs");
    assertFalse(Files.exists(dir.resolve("e")));
    assertEquals(2, command("compare"));
    // Neither the tables of a sweep nor other files are replaced; those of a comparison are.
    assertRefused(2, command("compare @/s --out @/s"), "holds definition.json", "--out");
    Files.createDirectories(dir.resolve("f"));
    Files.writeString(dir.resolve("f/summary.csv"), "mine");
    assertRefused(2, command("compare @/s --out @/f"), "holds summary.csv", "--out");
    assertEquals(0, command("compare @/s --out @/c"), err);
  }

  @Test
  void aRunIsComparedOnce() throws Exception {
    List<String> train = SweepData.words(dir, "train " + SweepData.TRAINING + "--out @/runs/b");
    assertEquals(0, run(train), err);
    Files.createSymbolicLink(dir.resolve("runs/a"), Path.of("b"));
    // Confusion matrices of many classes are large.
    Path test = dir.resolve("runs/b/test.json");
    String json = Files.readString(test).stripTrailing();
    Files.writeString(test, json + " ".repeat(5 << 20));
    assertEquals(0, command("compare @/runs @/runs/b @/runs/../runs --out @/c"), err);
    JsonNode rows = Json.tree(dir.resolve("c/compare.json")).get("trials");
    assertEquals(1, rows.size(), out);
    assertEquals(dir.resolve("runs/b").toString(), rows.get(0).get("trial").textValue());
  }
}
