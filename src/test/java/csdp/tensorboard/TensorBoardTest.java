package csdp.tensorboard;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Child;
import csdp.cli.CommandTest;
import csdp.error.CsdpException;
import csdp.io.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event files of trainings, as a Python reader of its own sees them. */
final class TensorBoardTest extends CommandTest {
  @TempDir Path dir;

  private int train(String... flags) {
    return run(arguments(flags));
  }

  /** Arguments of a training with three batches an epoch. */
  private List<String> arguments(String... flags) {
    List<String> args = new ArrayList<>(List.of("train"));
    args.addAll(
        flags(
            "--data strokes --hidden 8,6 --batch 50 --epochs 1 --steps 4 --valid 60"
                + " --train-limit 150 --device cpu --out "
                + dir.resolve("run")
                + " --tensorboard "
                + dir.resolve("tb"),
            flags));
    return args;
  }

  private int resume(int epochs) {
    return run(
        ("train --resume --device cpu --epochs " + epochs + " --out @/run --tensorboard @/tb")
            .replace("@", dir.toString())
            .split(" "));
  }

  private JsonNode read(String run) throws Exception {
    Child reader =
        Child.pythonWith(
            "zlib",
            Duration.ofMinutes(1),
            "src/test/resources/python/read_events.py",
            dir.resolve("tb").resolve(run).toString());
    assertEquals(0, reader.code(), reader.said());
    return Json.tree(reader.out().getBytes(StandardCharsets.UTF_8), dir);
  }

  private static List<Integer> steps(JsonNode events) {
    List<Integer> steps = new ArrayList<>();
    events.forEach(e -> steps.add(e.get("step").intValue()));
    return steps;
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }

  private List<JsonNode> recorded() throws IOException {
    List<JsonNode> epochs = new ArrayList<>();
    Path file = dir.resolve("run/metrics.jsonl");
    for (String line : Files.readAllLines(file)) {
      epochs.add(Json.tree(line.getBytes(StandardCharsets.UTF_8), file));
    }
    return epochs;
  }

  private Path only(String run) {
    List<Path> files = EventFiles.in(dir.resolve("tb").resolve(run));
    assertEquals(1, files.size());
    return files.get(0);
  }

  @Test
  void curvesAreTheValuesOfTheRun() throws Exception {
    assertEquals(0, train("--epochs", "2"), err);
    JsonNode epochs = read("epochs");
    assertEquals(range(0, 2), steps(epochs));
    List<JsonNode> recorded = recorded();
    for (int e = 0; e <= 2; e++) {
      JsonNode values = epochs.get(e).get("values");
      for (String name : List.of("accuracy", "nll", "bce", "mse")) {
        assertEquals(
            recorded.get(e).get("valid_" + name).floatValue(),
            values.get("valid/" + name).floatValue());
        assertEquals(e > 0, values.has("train/" + name));
      }
      JsonNode weights = values.get("weights/W1");
      assertEquals(784 * 8, weights.get("num").intValue());
      assertTrue(weights.get("min").doubleValue() >= -1 && weights.get("max").doubleValue() <= 1);
      assertEquals(10 * 28, values.get("reconstruction").get("width").intValue());
      assertEquals(2 * 28, values.get("reconstruction").get("height").intValue());
    }
    assertTrue(
        epochs.get(0).at("/values/weights~1W1/sum").doubleValue()
            != epochs.get(1).at("/values/weights~1W1/sum").doubleValue());

    // Batches have equal sizes: the mean of their means is that of the epoch.
    JsonNode batches = read("batches");
    assertEquals(range(1, 6), steps(batches));
    for (String name : List.of("accuracy", "nll", "bce", "mse")) {
      double sum = 0;
      for (int b = 3; b < 6; b++) {
        sum += batches.get(b).get("values").get("batch/" + name).doubleValue();
      }
      double epoch = recorded.get(2).get("train_" + name).doubleValue();
      assertEquals(epoch, sum / 3, 1e-5 * epoch, name);
    }
    assertTrue(batches.get(0).get("values").get("batch/images_per_second").doubleValue() > 0);
  }

  @Test
  void resumedTrainingRepeatsNoStep() throws Exception {
    assertEquals(0, train(), err);
    JsonNode before = read("epochs");
    // As if killed after steps that no checkpoint holds, while a record was written.
    try (EventFiles lost = EventFiles.open(dir.resolve("tb/batches"), 4)) {
      lost.add(4, new Summary().scalar("batch/nll", 99.0));
      lost.add(5, new Summary().scalar("batch/nll", 99.0));
    }
    List<Path> files = EventFiles.in(dir.resolve("tb/batches"));
    assertEquals(2, files.size());
    Files.write(files.get(1), new byte[] {77, 0, 0}, StandardOpenOption.APPEND);
    Files.write(only("epochs"), new byte[] {77, 0, 0}, StandardOpenOption.APPEND);

    assertEquals(0, resume(3), err);
    assertEquals(range(1, 9), steps(read("batches")));
    read("batches")
        .forEach(b -> assertTrue(b.at("/values/batch~1nll").doubleValue() < 99, b.toString()));
    JsonNode after = read("epochs");
    assertEquals(range(0, 3), steps(after));
    assertEquals(before.get(1), after.get(1));
    List<JsonNode> recorded = recorded();
    for (int e = 0; e <= 3; e++) {
      assertEquals(
          recorded.get(e).get("valid_nll").floatValue(),
          after.get(e).at("/values/valid~1nll").floatValue());
    }
  }

  @Test
  void earlierEpochsComeFromTheCheckpoint() throws Exception {
    assertEquals(
        0,
        run(
            ("train --data strokes --hidden 8 --batch 50 --epochs 2 --steps 4 --valid 60"
                    + " --train-limit 150 --device cpu --out "
                    + dir.resolve("run"))
                .split(" ")),
        err);
    assertEquals(0, resume(3), err);
    assertEquals(range(0, 3), steps(read("epochs")));
    assertEquals(range(7, 9), steps(read("batches")));
  }

  @Test
  void foldersOfOtherTrainingsAreKept() throws Exception {
    assertEquals(0, train(), err);
    assertEquals(2, train("--out", dir.resolve("other").toString()));
    assertTrue(err.contains("holds the curves of another training"), err);
    assertEquals(range(1, 3), steps(read("batches")));
    List<String> again = new ArrayList<>(arguments("--epochs", "2"));
    again.add("--force");
    assertEquals(0, run(again), err);
    assertEquals(range(1, 6), steps(read("batches")));
    assertEquals(range(0, 2), steps(read("epochs")));
  }

  @Test
  void aReplacedRunIsKeptIfTheCurvesCannotBeReplaced() throws Exception {
    assertEquals(0, train(), err);
    byte[] metrics = Files.readAllBytes(dir.resolve("run/metrics.jsonl"));
    List<String> force = new ArrayList<>(arguments());
    force.add("--force");
    Path file = only("batches");
    byte[] bytes = Files.readAllBytes(file);
    Files.writeString(file, "no event file of TensorBoard");
    assertEquals(2, run(force));
    assertTrue(err.contains(file + " is damaged (byte 0)"), err);
    Files.write(file, bytes);
    // A file has the name of a sub-folder.
    Path epochs = dir.resolve("tb/epochs");
    Files.move(epochs, dir.resolve("epochs"));
    Files.createFile(epochs);
    assertEquals(3, run(force));
    assertTrue(err.contains("csdp: cannot write " + epochs), err);
    Files.delete(epochs);
    // A checkpoint replaces its folder, and the curves in it.
    String within = dir.resolve("run/best/tb").toString();
    assertEquals(2, train("--tensorboard", within, "--resume"));
    assertTrue(err.contains(within + " is in a part of the run"), err);
    assertArrayEquals(metrics, Files.readAllBytes(dir.resolve("run/metrics.jsonl")));
    assertTrue(Files.exists(dir.resolve("run/best")) && Files.exists(dir.resolve("run/test.json")));
    assertEquals(0, run(force), err);
  }

  @Test
  void damagedFilesAreRefused() throws Exception {
    assertEquals(0, train(), err);
    Path file = only("batches");
    byte[] bytes = Files.readAllBytes(file);
    for (int at : new int[] {3, 9, 40, 200}) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= 4;
      Files.write(file, flipped);
      assertEquals(2, resume(2));
      assertTrue(err.contains("csdp: ") && err.contains(file + " is damaged (byte "), err);
      assertEquals(1, err.lines().filter(l -> l.startsWith("csdp: ")).count(), err);
    }
    Files.write(file, bytes);
    assertFails(
        CsdpException.ENVIRONMENT, () -> EventFiles.open(file.resolve("x"), 0), "cannot write");
    assertEquals(0, resume(2), err);
  }
}
