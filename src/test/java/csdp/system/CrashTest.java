package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.OtherJava;
import csdp.checkpoint.RunFolder;
import csdp.cli.CommandTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training in a process of its own, which is killed. Here some moments, for every build; {@code
 * scripts/crash_test.sh} takes thirty, a full disk and a read-only folder.
 */
class CrashTest extends CommandTest {
  private static final int KILLS = 4;
  private static final String FLAGS =
      "--data strokes --hidden 60,20 --batch 40 --steps 5 --valid 60 --train-limit 200 --device cpu";

  @TempDir Path dir;

  private static List<String> train(Path out, String flags) {
    List<String> args = new ArrayList<>(List.of("train", "--out", out.toString()));
    args.addAll(List.of(flags.split(" ")));
    return args;
  }

  /** Starts csdp in another Java process and waits until it has locked its folder. */
  private Process elsewhere(Path out, int epochs) throws IOException, InterruptedException {
    // A short run: no time for the optimising compiler.
    List<String> command =
        OtherJava.command(
            List.of("-XX:TieredStopAtLevel=1"),
            "csdp.cli.Main",
            train(out, FLAGS + " --checkpoint-every 1 --epochs " + epochs));
    Process p =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("log").toFile())
            .start();
    while (!Files.exists(out.resolve("config.json"))) {
      assertTrue(p.isAlive(), () -> "it ended: " + dir.resolve("log"));
      Thread.sleep(2);
    }
    return p;
  }

  /** Everything that decides how a run ended: parameters, moments, thresholds, measurements. */
  private static Map<String, byte[]> end(Path run) throws IOException {
    Map<String, byte[]> files = Folders.results(run);
    files.put(
        "metrics",
        ("lines: " + new RunFolder(run).history().size()).getBytes(StandardCharsets.UTF_8));
    return files;
  }

  private void assertResumes(Path run, Map<String, byte[]> expected) throws IOException {
    assertEquals(0, run(List.of("train", "--resume", "--out", run.toString())), err);
    Folders.assertSame(expected, end(run));
    assertEquals(List.of(), Folders.temporaries(run));
  }

  @Test
  void killedAtAnyMomentItGoesOnToTheSameBits() throws Exception {
    assertEquals(0, run(train(dir.resolve("whole"), FLAGS + " --epochs 3")), err);
    Map<String, byte[]> expected = end(dir.resolve("whole"));
    Random random = new Random(20);
    int within = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Path run = dir.resolve("run" + kill);
      Process p = elsewhere(run, 3);
      // The longer ago, the likelier it is over; all that matters is that the moments differ.
      p.waitFor(random.nextInt(800), TimeUnit.MILLISECONDS);
      p.destroyForcibly().waitFor();
      within += Folders.temporaries(run).isEmpty() ? 0 : 1;
      assertResumes(run, expected);
    }
    System.out.printf(Locale.ROOT, "CrashTest: %d of %d kills fell into a write%n", within, KILLS);
  }

  /** One process trains, and others must neither disturb nor be disturbed. */
  @Test
  void aSecondTrainingIsRefusedAndReadersAreNot() throws Exception {
    Path run = dir.resolve("run");
    Process p = elsewhere(run, 100_000);
    try {
      for (String how : List.of("--resume", FLAGS + " --force")) {
        assertEquals(2, run(train(run, how)), how);
        assertEquals(
            "csdp: "
                + run
                + " is in use: process "
                + p.pid()
                + " trains there; wait until it ends, stop it, or choose another folder\n",
            err.replace("\r\n", "\n"));
      }
      while (!new RunFolder(run).canResume()) {
        Thread.sleep(2);
      }
      List<String> evaluate =
          List.of("evaluate", "--limit", "20", "--device", "cpu", "--model", run.toString());
      assertEquals(0, run(evaluate), err);
    } finally {
      p.destroyForcibly().waitFor();
    }
    new RunFolder(run).lock(line -> {}).close(); // it went with its process
  }
}
