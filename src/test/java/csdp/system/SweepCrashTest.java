package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.OtherJava;
import csdp.checkpoint.RunFolder;
import csdp.cli.CommandTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sweep of eight trials in a process of its own, which is killed at random moments. */
class SweepCrashTest extends CommandTest {
  private static final int KILLS = 4;

  @TempDir Path dir;

  private List<String> sweep(String out) {
    return SweepData.words(
        dir,
        "sweep --vary seed=1..4 --vary eta=0.001,0.002 --jobs 2 --checkpoint-every 3 "
            + SweepData.TRAINING.replace("--epochs 2", "--epochs 4")
            + " --out @/"
            + out);
  }

  private Process start(String out) throws IOException {
    List<String> command =
        OtherJava.command(List.of("-XX:TieredStopAtLevel=1"), "csdp.cli.Main", sweep(out));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(dir.resolve("log").toFile())
        .start();
  }

  private List<RunFolder> runs() throws IOException {
    Path folder = dir.resolve("killed");
    return Files.isDirectory(folder)
        ? Folders.names(folder).stream().map(n -> new RunFolder(folder.resolve(n))).toList()
        : List.of();
  }

  /** Returns the number of epochs that all trials have recorded, those before training included. */
  private int epochs() throws IOException {
    return runs().stream().mapToInt(run -> run.history().size()).sum();
  }

  @Test
  void killedAtAnyMomentItGoesOnToTheSameTable() throws Exception {
    SweepData.write(dir);
    assertEquals(0, run(sweep("whole")), err);
    assertTrue(Files.readString(dir.resolve("whole/sweep.csv")).contains(",done,"), out);

    Random random = new Random(17);
    int alive = 0;
    Map<Path, String> started = new HashMap<>(); // of runs that can be resumed
    for (int kill = 0; kill < KILLS; kill++) {
      Process p = start("killed");
      int epochs = 8 * kill + 1 + random.nextInt(8); // of 40
      while (p.isAlive() && epochs() < epochs) {
        Thread.sleep(2);
      }
      p.waitFor(random.nextInt(50), TimeUnit.MILLISECONDS);
      alive += p.isAlive() ? 1 : 0;
      p.destroyForcibly().waitFor();
      for (RunFolder run : runs()) {
        if (run.canResume()) {
          started.putIfAbsent(run.path(), run.record().started());
        }
      }
    }
    assertTrue(alive > KILLS / 2, "most ended before the kill");
    System.out.printf(Locale.ROOT, "SweepCrashTest: %d of %d kills in time%n", alive, KILLS);
    assertEquals(0, run(sweep("killed")), err);

    assertEquals(SweepData.table(dir.resolve("whole")), SweepData.table(dir.resolve("killed")));
    assertEquals(SweepData.json(dir.resolve("whole")), SweepData.json(dir.resolve("killed")));
    Map<String, byte[]> expected = SweepData.results(dir.resolve("whole"));
    Folders.assertSame(expected, SweepData.results(dir.resolve("killed")));
    assertFalse(started.isEmpty());
    started.forEach(
        (run, time) -> assertEquals(time, new RunFolder(run).record().started(), "resumed " + run));
    assertEquals(8, expected.keySet().stream().filter(f -> f.endsWith("test.json")).count());
  }
}
