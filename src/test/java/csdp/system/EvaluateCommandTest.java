package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.SharedFiles;
import csdp.cli.CommandTest;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.metrics.RidgeClassifier;
import csdp.train.LinearProbe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Read-outs of evaluate: head, linear probe, goodness. */
class EvaluateCommandTest extends CommandTest {
  @TempDir Path dir;
  private Path model;

  private void train() {
    model = dir.resolve("run");
    assertEquals(
        0, trainStrokes("--hidden", "60,30", "--steps", "20", "--out", model.toString()), err);
  }

  private int analyze(String... flags) {
    assumeFonts();
    List<String> args = new ArrayList<>(List.of("analyze", "--model", model.toString()));
    args.addAll(flags("--perplexity 10 --device cpu", flags));
    return run(args);
  }

  private int evaluate(String... flags) {
    List<String> args = new ArrayList<>(List.of("evaluate", "--model", model.toString()));
    args.addAll(List.of(flags));
    return run(args);
  }

  /** Rate codes of all hidden layers, as the analysis writes them. */
  private static float[][] codes(Path folder, int n, int... units) {
    float[][] codes = new float[n][];
    float[] z1 = Npy.read(folder.resolve("codes_z1.npy")).expectShape(n, units[0]).floats();
    float[] z2 = Npy.read(folder.resolve("codes.npy")).expectShape(n, units[1]).floats();
    for (int i = 0; i < n; i++) {
      codes[i] = Arrays.copyOf(Arrays.copyOfRange(z1, i * units[0], (i + 1) * units[0]), 90);
      System.arraycopy(z2, i * units[1], codes[i], units[0], units[1]);
    }
    return codes;
  }

  @Test
  void probeAndGoodnessAreReadOuts() throws Exception {
    train();
    String json = dir.resolve("figures.json").toString();
    assertEquals(0, evaluate("--read-out", "probe,goodness", "--limit", "90", "--json", json), err);
    assertTrue(out.contains("probe     z1 ") && out.contains("goodness  accuracy "), out);
    assertFalse(out.contains("\naccuracy") || out.contains("confusion"), out);
    JsonNode figures = Json.tree(Path.of(json));

    // The same from the codes that analyze writes, without their labels in the codes' training.
    Path to = dir.resolve("train");
    String all = "--split train --limit 150 --points 100 --layer all --out " + to;
    assertEquals(0, analyze(all.split(" ")), err);
    RidgeClassifier.Sums sums = new RidgeClassifier.Sums(90, 10);
    int[] labels = Npy.read(to.resolve("codes_labels.npy")).ints();
    float[][] train = codes(to, 150, 60, 30);
    for (int i = 0; i < 150; i++) {
      sums.add(train[i], labels[i]);
    }
    Path test = dir.resolve("test");
    assertEquals(0, analyze(("--limit 90 --points 60 --layer all --out " + test).split(" ")));
    labels = Npy.read(test.resolve("codes_labels.npy")).ints();
    float[][] shown = codes(test, 90, 60, 30);
    Map<String, int[]> parts =
        Map.of("z1", new int[] {0, 60}, "z2", new int[] {60, 90}, "z1+z2", new int[] {0, 90});
    for (Map.Entry<String, int[]> part : parts.entrySet()) {
      int from = part.getValue()[0];
      RidgeClassifier ridge = sums.fit(from, part.getValue()[1], LinearProbe.PENALTY);
      int right = 0;
      for (int i = 0; i < 90; i++) {
        right += ridge.predicted(shown[i], from) == labels[i] ? 1 : 0;
      }
      double accuracy = figures.at("/probe/accuracy").get(part.getKey()).doubleValue();
      assertEquals(right / 90.0, accuracy, 1e-9, part.getKey());
    }
    assertEquals(0, evaluate("--split", "train", "--probe", "--limit", "20"), err);
    assertTrue(out.contains("note      the probe is fitted to these images"), out);
  }

  @Test
  void probeWithoutTrainingImagesIsRefusedEarly() throws Exception {
    train();
    Path x = dir.resolve("x.npy");
    Path y = dir.resolve("y.npy");
    Npy.write(x, new int[] {12, 28, 28}, new float[12 * 784]);
    Npy.write(y, new int[] {12}, new int[12]);
    String[] given = {"--test-x", x.toString(), "--test-y", y.toString()};
    assertEquals(
        2, evaluate(Stream.concat(Stream.of("--probe"), Stream.of(given)).toArray(String[]::new)));
    assertRefused("training images", "--train-x and --train-y");
    assertEquals("", out);
    assertEquals(0, evaluate(given), err);
    // analyze goes on and says why there is none.
    assertEquals(
        0,
        analyze(
            Stream.concat(
                    Stream.of(
                        "--points",
                        "12",
                        "--perplexity",
                        "2",
                        "--out",
                        dir.resolve("o").toString()),
                    Stream.of(given))
                .toArray(String[]::new)),
        err);
    assertTrue(out.contains("note      No linear probe: the files given"), out);
    assertTrue(Json.tree(dir.resolve("o/analysis.json")).get("probe").isNull());
    assertEquals(2, evaluate("--read-out", "probe,nose"), err);
    assertTrue(err.contains("nose"), err);
  }

  @Test
  void modelOfTheReleasedCode() {
    String model = SharedFiles.releasedModel().toString();
    String mnist = SharedFiles.mnist().toString();
    String json = dir.resolve("json").toString();
    assertEquals(
        0,
        run("evaluate", "--model", model, "--data", mnist, "--limit", "2000", "--json", json),
        err);
    JsonNode result = Json.tree(Path.of(json));
    assertEquals(0.805, result.get("accuracy").doubleValue(), 0.015);
    // The released code's 1.551 is with a floor of 1e-6; at 1e-7 each floored image adds 2.3 nats.
    assertEquals(1.65, result.get("nll").doubleValue(), 0.1);
  }
}
