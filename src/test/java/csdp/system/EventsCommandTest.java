package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.cli.CommandTest;
import csdp.io.Json;
import csdp.io.Npy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recorded spikes through every command. */
class EventsCommandTest extends CommandTest {
  private static final String SMALL =
      " --hidden 60,30 --batch 10 --epochs 2 --learning-rate 0.01 --steps 12 --device cpu --valid 20";

  @TempDir Path dir;

  private Path made(String format) {
    Path data = dir.resolve(format);
    assertEquals(
        0,
        runLine("data make-events --train 80 --test 30 --format " + format + " --to " + data),
        err);
    assertTrue(out.contains("made     80 training and 30 test recordings"), out);
    return data;
  }

  @Test
  void fromEventsToReport() throws Exception {
    Path data = made("nmnist");
    assertEquals(2, runLine("data make-events --format nmnist --to " + data));
    assertRefused("holds other files");
    assertEquals(0, runLine("data explain --window 240 " + data), err);
    assertTrue(out.contains("N-MNIST events in " + data + ", the first 240.0 ms"), out);
    assertTrue(out.contains("80 recordings of 34 x 68 units in 50 steps, "), out);
    assertTrue(out.contains("10 classes: 0: 8, 1: 8,"), out);

    Path model = dir.resolve("run");
    String train = "train --window 240 --data " + data + SMALL + " --out ";
    assertEquals(0, runLine(train + model), err);
    assertTrue(out.contains("60 training, 20 validation, 30 test recordings of 34 x 68"), out);
    JsonNode config = Json.tree(model.resolve("config.json"));
    assertEquals(240, config.at("/run/data/window").intValue());
    assertEquals(12, config.at("/seen/recordedSteps").intValue());
    // The same run in two parts has the same bits; another window is other data.
    Path half = dir.resolve("half");
    assertEquals(0, runLine((train + half).replace("--epochs 2", "--epochs 1")), err);
    assertEquals(2, runLine("train --resume --epochs 2 --device cpu --window 200 --out " + half));
    assertRefused("the data differs");
    assertEquals(0, runLine("train --resume --epochs 2 --device cpu --out " + half), err);
    assertArrayEquals(
        Files.readAllBytes(model.resolve("last/W1.npz")),
        Files.readAllBytes(half.resolve("last/W1.npz")));

    Path json = dir.resolve("figures.json");
    String evaluate = "evaluate --device cpu --model " + model;
    assertEquals(0, runLine(evaluate + " --read-out head,probe,goodness --json " + json), err);
    JsonNode figures = Json.tree(json);
    assertEquals(Json.tree(model.resolve("test.json")).get("nll"), figures.get("nll"));
    assertTrue(
        figures.at("/spikes_per_sample_and_step/z2").doubleValue() > 0.01, "z2 is silent: " + out);
    assertEquals(2, runLine(evaluate + " --data digits"));
    assertRefused("images of 8 x 8 pixels, 64 values, but the network has 2312 inputs");

    assertEquals(
        0, runLine("analyze --points 20 --perplexity 3 --device cpu --model " + model), err);
    assertTrue(Files.readAllLines(model.resolve("plots/raster.csv")).size() > 100, "raster");
    Path codes = dir.resolve("codes.npy");
    assertEquals(
        0, runLine("encode --batch 7 --device cpu --model " + model + " --out " + codes), err);
    assertArrayEquals(Npy.read(model.resolve("codes.npy")).floats(), Npy.read(codes).floats());

    // A damaged recording is a row with its error; the others have the codes of before.
    Path other = dir.resolve("other");
    assertEquals(
        0, runLine("data make-events --train 80 --test 30 --format nmnist --to " + other), err);
    try (Stream<Path> all = Files.walk(other.resolve("Test/4"))) {
      Files.write(all.filter(Files::isRegularFile).sorted().findFirst().orElseThrow(), new byte[7]);
    }
    Path table = dir.resolve("codes.csv");
    String encode = "encode --batch 7 --device cpu --model " + model + " --out " + table;
    assertEquals(0, runLine(encode), err);
    List<String> good = Files.readAllLines(table);
    assertEquals(1, runLine(encode + " --window 240 --data " + other), err);
    assertTrue(err.contains("1 of 30"), err);
    List<String> damaged = Files.readAllLines(table);
    int differ = 0;
    for (int i = 1; i < good.size(); i++) {
      boolean same =
          good.get(i)
              .replaceFirst(".*?,.*?,", "")
              .equals(damaged.get(i).replaceFirst(".*?,.*?,", ""));
      differ += same ? 0 : 1;
    }
    assertEquals(1, differ, "rows that differ");

    Path image = dir.resolve("x.png");
    assertEquals(2, runLine("predict --device cpu --model " + model + " " + image));
    assertRefused("was trained with recorded spikes", "evaluate or encode");
    assertEquals(
        2, run("encode", "--model", "" + model, "--out", "" + codes, "--images", "" + image));
    assertRefused("was trained with recorded spikes");
    assertEquals(2, runLine("bench --device cpu --data " + data));
    assertRefused("recorded spikes, but bench");
    assertEquals(2, runLine(train + dir.resolve("o") + " --algo unsupervised --rotate"));
    assertRefused("--rotate needs images");
    assertEquals(0, runLine(train + dir.resolve("u") + " --algo unsupervised"), err);
  }

  /** Trials with different numbers of steps bin the same events. */
  @Test
  void sweepOfSteps() throws Exception {
    Path data = made("shd");
    Path to = dir.resolve("sweep");
    String sweep = "sweep --vary steps=8,12" + SMALL.replace(" --steps 12", "") + " --data ";
    assertEquals(0, runLine(sweep + data + " --out " + to), err);
    Set<String> hashes = new TreeSet<>();
    for (String trial : Folders.names(to)) {
      if (Files.exists(to.resolve(trial + "/config.json"))) {
        JsonNode seen = Json.tree(to.resolve(trial + "/config.json")).get("seen");
        assertEquals(700, seen.get("width").intValue());
        hashes.add(seen.at("/train/sha256").textValue());
      }
    }
    assertEquals(2, hashes.size());

    Path bits = made("npy");
    assertEquals(2, runLine(sweep + bits + " --out " + dir.resolve("b")));
    assertRefused("holds recordings of 50 steps", "--steps 50");
    assertTrue(Files.notExists(dir.resolve("b")), "something was written");
    assertEquals(2, runLine("train --data " + bits + SMALL + " --out " + dir.resolve("b")));
    assertRefused("--steps 50");
    assertEquals(
        0,
        runLine(
            ("train --data " + bits + SMALL + " --out " + dir.resolve("b"))
                .replace("--steps 12", "--steps 50")),
        err);
    assertNotEquals(0, Files.size(dir.resolve("b/test.json")));
  }
}
