package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.OtherJava;
import csdp.checkpoint.RunFolder;
import csdp.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training in a process of its own, which is killed. Here some moments, for every build; {@code
 * scripts/crash_test.sh} takes thirty, a full disk and a read-only folder.
 */
class CrashTest {
  private static final int KILLS = 4;
  private static final String FLAGS =
      "--data strokes --hidden 60,20 --batch 40 --steps 5 --valid 60 --train-limit 200 --device cpu";

  @TempDir Path dir;
  private String err;

  private static List<String> train(Path out, String flags) {
    List<String> args = new ArrayList<>(List.of("train", "--out", out.toString()));
    args.addAll(List.of(flags.split(" ")));
    return args;
  }

  private int here(List<String> args) {
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    int code =
        Main.run(args.toArray(String[]::new), new PrintWriter(o, true), new PrintWriter(e, true));
    err = e.toString();
    return code;
  }

  /** Starts csdp in a Java of its own and waits until it has taken its folder. */
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
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(run)) {
      for (Path p : all.filter(Files::isRegularFile).toList()) {
        if (p.toString().matches(".*(\\.np[yz]|test\\.json)")) {
          files.put(run.relativize(p).toString(), Files.readAllBytes(p));
        }
      }
    }
    files.put(
        "metrics",
        ("lines: " + new RunFolder(run).history().size()).getBytes(StandardCharsets.UTF_8));
    return files;
  }

  private static List<String> leftOver(Path run) throws IOException {
    try (Stream<Path> all = Files.list(run)) {
      return all.map(p -> p.getFileName().toString())
          .filter(n -> n.endsWith(".tmp") || n.endsWith(".old"))
          .toList();
    }
  }

  private void assertResumes(Path run, Map<String, byte[]> expected) throws IOException {
    assertEquals(0, here(List.of("train", "--resume", "--out", run.toString())), err);
    Map<String, byte[]> actual = end(run);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((file, bytes) -> assertArrayEquals(bytes, actual.get(file), file));
    assertEquals(List.of(), leftOver(run));
  }

  @Test
  void killedAtAnyMomentItGoesOnToTheSameBits() throws Exception {
    assertEquals(0, here(train(dir.resolve("whole"), FLAGS + " --epochs 3")), err);
    Map<String, byte[]> expected = end(dir.resolve("whole"));
    Random random = new Random(20);
    int within = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Path run = dir.resolve("run" + kill);
      Process p = elsewhere(run, 3);
      // The longer ago, the likelier it is over; all that matters is that the moments differ.
      p.waitFor(random.nextInt(800), TimeUnit.MILLISECONDS);
      p.destroyForcibly().waitFor();
      within += leftOver(run).isEmpty() ? 0 : 1;
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
        assertEquals(2, here(train(run, how)), how);
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
      assertEquals(0, here(evaluate), err);
    } finally {
      p.destroyForcibly().waitFor();
    }
    new RunFolder(run).lock(line -> {}).close(); // it went with its process
  }
}
