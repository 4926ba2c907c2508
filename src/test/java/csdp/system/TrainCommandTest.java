package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.backend.Device;
import csdp.backend.cuda.Cuda;
import csdp.cli.CommandTest;
import csdp.data.Dataset;
import csdp.data.Strokes;
import csdp.io.Json;
import csdp.io.Npy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line from training to prediction, with its exit codes. */
class TrainCommandTest extends CommandTest {
  @TempDir Path dir;

  private String folder(String name) {
    return dir.resolve(name).toString();
  }

  @Test
  void trainEvaluatePredictExport() throws Exception {
    assertEquals(0, trainStrokes("--out", folder("run")), err);
    assertTrue(out.contains("test     accuracy"), out);
    assertTrue(out.contains("strokes"), out);
    JsonNode config = Json.tree(dir.resolve("run/config.json"));
    assertEquals(30, config.at("/run/network/hidden/0").intValue());
    assertEquals("strokes", config.at("/seen/name").textValue());
    assertEquals(64, config.at("/seen/train/sha256").textValue().length());

    // The same figures from evaluate as at the end of training.
    String json = folder("test.json");
    assertEquals(0, run("evaluate", "--model", folder("run"), "--json", json), err);
    JsonNode test = Json.tree(Path.of(json));
    JsonNode trained = Json.tree(dir.resolve("run/test.json"));
    for (String key : List.of("accuracy", "nll", "bce", "mse", "n", "confusion")) {
      assertEquals(trained.get(key), test.get(key), key);
    }
    assertEquals(2_000, test.get("n").intValue());
    int confusion = 0;
    for (JsonNode row : test.get("confusion")) {
      for (JsonNode count : row) {
        confusion += count.intValue();
      }
    }
    assertEquals(2_000, confusion);

    // A short last batch, on every device.
    for (Device device : Device.everywhere()) {
      assertEquals(
          0,
          run(
              ("evaluate --split valid --limit 53 --device "
                      + device
                      + " --json "
                      + json
                      + " --model "
                      + folder("run"))
                  .split(" ")),
          err);
      assertEquals(53, Json.tree(Path.of(json)).get("n").intValue());
    }

    // Predictions: the images of a file, by class and probability.
    Dataset images = Strokes.test(Strokes.SEED).limit(7);
    float[] pixels = new float[7 * 784];
    for (int i = 0; i < 7; i++) {
      images.copyImage(i, pixels, i * 784);
    }
    Path npy = dir.resolve("images.npy");
    Npy.write(npy, new int[] {7, 28, 28}, pixels);
    assertEquals(0, run("predict", "--model", folder("run"), "--json", json, npy.toString()), err);
    assertEquals(7, out.lines().filter(l -> l.matches(".*\\[\\d]  class \\d .*")).count(), out);
    assertEquals(7, Json.tree(Path.of(json)).get("predictions").size());

    // Export in the released code's format.
    assertEquals(0, run("export", "--model", folder("run"), "--to", folder("ngc")), err);
    Path best = dir.resolve("run/best/W2.npz");
    assertArrayEquals(
        Files.readAllBytes(best), Files.readAllBytes(dir.resolve("ngc/best_params1234/W2.npz")));
    assertEquals(
        2, run("export", "--model", folder("run"), "--to", folder("ngc")), "not over another");
  }

  @Test
  void anExistingRunIsKeptUnlessForced() throws Exception {
    assertEquals(
        0, trainStrokes("--out", folder("run"), "--force"), err); // nothing there to replace
    byte[] before = Files.readAllBytes(dir.resolve("run/config.json"));
    assertEquals(2, trainStrokes("--out", folder("run")));
    assertRefused("--resume", "--force", "--out");
    // Before the data are opened.
    assertEquals(2, trainStrokes("--out", folder("run"), "--data", folder("no-data")));
    assertRefused("already holds a run");
    assertArrayEquals(before, Files.readAllBytes(dir.resolve("run/config.json")));
    Files.writeString(dir.resolve("run/notes.txt"), "mine");
    assertEquals(0, trainStrokes("--out", folder("run"), "--force", "--seed", "5"), err);
    assertTrue(Files.exists(dir.resolve("run/notes.txt")));
    assertTrue(Files.exists(dir.resolve("run/acc5.npy")));
    assertFalse(Files.exists(dir.resolve("run/acc1234.npy")));
  }

  @Test
  void resumeTakesMoreEpochsAndNothingElse() throws Exception {
    assertEquals(0, trainStrokes("--out", folder("whole"), "--epochs", "3"), err);
    assertEquals(0, trainStrokes("--out", folder("parts"), "--epochs", "1"), err);
    assertEquals(2, run("train", "--resume", "--out", folder("parts"), "--batch", "25"));
    assertRefused("training.batch", "50", "25");
    assertEquals(2, run("train", "--resume", "--out", folder("parts"), "--learning-rate", "1"));
    assertRefused("training.learningRate");
    assertEquals(2, run("train", "--resume", "--out", folder("parts"), "--train-limit", "100"));
    assertRefused("data.trainLimit");
    assertEquals(2, run("train", "--resume", "--force", "--out", folder("parts")));
    assertEquals(2, run("train", "--resume", "--out", folder("nowhere")));
    assertRefused("nowhere");
    assertEquals(
        0,
        run("train", "--resume", "--out", folder("parts"), "--epochs", "3", "--threads", "1"),
        err);
    assertTrue(out.contains("resumed  after 1 epochs"), out);
    assertEquals(2, run("train", "--resume", "--out", folder("parts"), "--epochs", "2"));
    assertRefused("3 epochs are already completed");
    for (String file : List.of("last/W1.npz", "last/adam/M1.npz", "best/C2.npz", "acc1234.npy")) {
      assertArrayEquals(
          Files.readAllBytes(dir.resolve("whole").resolve(file)),
          Files.readAllBytes(dir.resolve("parts").resolve(file)),
          file);
    }
  }

  @Test
  void aRunThatDivergesKeepsItsCheckpointAndSaysHowToGoOn() {
    String[] flags = {"--device", "reference", "--hidden", "6", "--train-limit", "20"};
    List<String> args = new ArrayList<>(List.of(flags));
    args.addAll(List.of("--resistance", "1e30", "--out", folder("run")));
    assertEquals(1, trainStrokes(args.toArray(String[]::new)), err);
    assertRefused(
        "epoch 1, batch 1 of 1: NaN or infinity in the second moments of W1, step 2 of 8",
        "the checkpoint after epoch 0 is kept",
        "train --resume --out " + folder("run"));
    assertEquals(0, run("evaluate", "--limit", "5", "--model", folder("run")), err);
    assertEquals(1, run("train", "--resume", "--device", "reference", "--out", folder("run")));
    assertRefused("epoch 1, batch 1", "the checkpoint after epoch 0 is kept");
    args.addAll(List.of("--resistance", "3e38", "--out", folder("none"), "--force"));
    args.subList(6, 10).clear();
    assertEquals(1, trainStrokes(args.toArray(String[]::new)), err);
    assertRefused("before training", "images 0 to ", "membrane potentials of z1", "no checkpoint");
    assertFalse(Files.exists(dir.resolve("none/last")));
  }

  @Test
  void devices() {
    if (Cuda.survey().gpus().isEmpty()) { // elsewhere these runs would take the GPU
      assertEquals(0, trainStrokes("--out", folder("a"), "--device", "0"), err);
      assertTrue(err.contains("warning: no CUDA device 0"), err);
      assertEquals(1, err.lines().count(), err);
      assertTrue(out.contains("on cpu:"), out);
      assertEquals(3, trainStrokes("--out", folder("b"), "--device", "0", "--require-gpu"));
      assertRefused("no CUDA device");
    }
    assertEquals(2, trainStrokes("--out", folder("b"), "--device", "gpu"));
    assertRefused("gpu", "auto");
    assertEquals(2, trainStrokes("--out", folder("b"), "--require-gpu"));
    assertEquals(2, trainStrokes("--out", folder("b"), "--device", "reference", "--threads", "2"));
    assertFalse(Files.exists(dir.resolve("b")));
  }

  @Test
  void nonsenseIsRefusedInOneLineAndWritesNothing() {
    String[][] bad = {
      {"--rotate"},
      {"--mix", "0.3"},
      {"--algo", "unsupervised", "--hard-negatives"},
      {"--algo", "unsupervised", "--unlabelled-head"},
      {"--context-resistance", "-1"},
      {"--algo", "unsupervised", "--context-resistance", "0.4"},
      {"--algo", "unsupervised", "--mix", "1.5"},
      {"--epochs", "0"},
      {"--batch", "0"},
      {"--steps", "0"},
      {"--hidden", "0"},
      {"--hidden", "10,x"},
      {"--hidden", "50000"},
      {"--dt", "-1"},
      {"--tau-m", "NaN"},
      {"--dt", "20"},
      {"--learning-rate", "-1"},
      {"--anneal", "-1"},
      {"--shift", "-1"},
      {"--shift", "28"},
      {"--valid", "12000"},
      {"--valid", "-3"},
      {"--threads", "0"},
      {"--data", "nothing-like-that"},
      {"--algo", "both"},
      {"--train-x", "x.npy"},
      {"--no-such-flag"},
      {"--tensorboard", ""},
    };
    for (String[] flags : bad) {
      List<String> args = new ArrayList<>(List.of("--out", folder("bad")));
      args.addAll(Arrays.asList(flags));
      assertEquals(
          2, trainStrokes(args.toArray(String[]::new)), String.join(" ", flags) + ": " + err);
      assertRefused();
      assertFalse(Files.exists(dir.resolve("bad")), String.join(" ", flags));
    }
  }

  @Test
  void anEmptyPathIsNotTheCurrentFolder() {
    String[][] commands = {
      {"train", "--data", "strokes", "--out", ""},
      {"train", "--resume", "--out", ""},
      {"compare", folder("run"), "--out="},
      {"evaluate", "--model", ""},
    };
    for (String[] command : commands) {
      assertEquals(2, run(command), String.join(" ", command));
      assertRefused(command[0].equals("evaluate") ? "'--model'" : "'--out'", "the path is empty");
    }
  }

  @Test
  void anyDepthAndWithoutReconstruction() {
    assertEquals(0, trainStrokes("--out", folder("one"), "--hidden", "25"), err);
    assertEquals(0, run("evaluate", "--limit", "50", "--model", folder("one")), err);
    assertEquals(
        0,
        trainStrokes(
            ("--hidden 25,15,10 --no-reconstruction --algo unsupervised --rotate --mix 0.4 --out "
                    + folder("three"))
                .split(" ")),
        err);
    assertEquals(0, run("evaluate", "--limit", "50", "--model", folder("three")), err);
    assertFalse(out.contains("BCE"), out);
  }

  @Test
  void ownArrays() throws Exception {
    Dataset all = Strokes.train(3).limit(90);
    float[] pixels = new float[90 * 784];
    int[] labels = new int[90];
    for (int i = 0; i < 90; i++) {
      all.copyImage(i, pixels, i * 784);
      labels[i] = all.label(i);
    }
    Npy.write(dir.resolve("x.npy"), new int[] {90, 784}, pixels);
    Npy.write(dir.resolve("y.npy"), new int[] {90}, labels);
    String x = dir.resolve("x.npy").toString();
    String y = dir.resolve("y.npy").toString();
    String flags =
        "train --hidden 20 --batch 30 --epochs 1 --steps 5 --device cpu --train-x X --train-y Y"
            + " --valid-x X --valid-y Y --test-x X --test-y Y --out "
            + folder("own");
    String[] args =
        Arrays.stream(flags.split(" "))
            .map(a -> a.equals("X") ? x : a.equals("Y") ? y : a)
            .toArray(String[]::new);
    assertEquals(0, run(args), err);
    assertTrue(out.contains("90 training, 90 validation, 90 test"), out);
    assertEquals(0, run("evaluate", "--model", folder("own")), err);
  }

  /** Arrays of a few images of 16 rows and 4 columns; labels from first on. */
  private void arrays(String name, int n, int first, float scale, int rows, int columns)
      throws Exception {
    float[] pixels = new float[n * rows * columns];
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = (long) first + i % 3;
      for (int k = 0; k < 12; k++) { // a bar of its class in some noise
        pixels[i * 64 + i % 3 * 20 + k] = scale;
      }
      pixels[i * 64 + 17 * i % 64] = scale / 2;
    }
    Npy.write(dir.resolve(name + "X.npy"), new int[] {n, rows, columns}, pixels);
    Npy.write(dir.resolve(name + "Y.npy"), new int[] {n, 1}, labels);
  }

  private int trainArrays(String flags) {
    String all =
        "train --hidden 12 --batch 10 --epochs 1 --steps 7 --device cpu --train-x @/trainX.npy"
            + " --train-y @/trainY.npy --valid-x @/validX.npy --valid-y @/validY.npy "
            + flags;
    return run(all.replace("@", dir.toString()).split(" "));
  }

  @Test
  void withoutTestImages() throws Exception {
    arrays("train", 60, 0, 1, 16, 4);
    arrays("valid", 30, 0, 1, 16, 4);
    assertEquals(0, trainArrays("--out @/run"), err);
    assertTrue(out.contains("60 training, 30 validation, 0 test images"), out);
    assertTrue(out.contains("test     not measured: there are no test images"), out);
    assertFalse(out.contains("test     accuracy"), out);
    assertFalse(Files.exists(dir.resolve("run/test.json")));
    assertTrue(Json.tree(dir.resolve("run/config.json")).at("/seen/test").isNull());
    assertEquals(0, run("train", "--resume", "--epochs", "2", "--out", folder("run")), err);
    assertTrue(out.contains("not measured"), out);
    assertEquals(2, run("evaluate", "--model", folder("run")));
    assertRefused("without test images", "--split valid", "--test-x");
    assertEquals(2, run("analyze", "--perplexity", "5", "--model", folder("run")));
    assertRefused("without test images");
    for (String labels : List.of("--train-y", "--valid-y", "--test-y")) {
      String y = folder("validY.npy");
      assertEquals(2, run("evaluate", "--split", "valid", labels, y, "--model", folder("run")));
      assertRefused("validY.npy", "images and labels go together");
    }
    assertEquals(0, run("evaluate", "--split", "valid", "--model", folder("run")), err);
    assertEquals(
        0,
        run(
            "evaluate --test-x @/validX.npy --test-y @/validY.npy --model @/run"
                .replace("@", dir.toString())
                .split(" ")),
        err);
  }

  @Test
  void exportKeepsShapeAndSteps() throws Exception {
    arrays("train", 60, 0, 1, 16, 4);
    arrays("valid", 30, 0, 1, 16, 4);
    assertEquals(0, trainArrays("--seed 9 --out @/run"), err);
    assertEquals(0, run("export", "--model", folder("run"), "--to", folder("ngc")), err);
    assertTrue(out.contains("T 7, dt 3.0 ms and images of 4 x 16 pixels"), out);
    List<JsonNode> results = new ArrayList<>();
    for (String model : List.of("run", "ngc")) {
      assertEquals(
          0,
          run(
              ("evaluate --test-x @/validX.npy --test-y @/validY.npy --json @/j.json --model @/"
                      + model)
                  .replace("@", dir.toString())
                  .split(" ")),
          err);
      assertEquals("", err);
      results.add(Json.tree(dir.resolve("j.json")));
      assertEquals(0, run("predict", "--model", folder(model), folder("validX.npy")), err);
    }
    for (String figure : List.of("accuracy", "nll", "bce", "spikes_per_sample_and_step")) {
      assertEquals(results.get(0).get(figure), results.get(1).get(figure), figure);
    }
  }

  @Test
  void labelsWithGapsAreSaid() throws Exception {
    arrays("train", 60, 5, 1, 16, 4);
    arrays("valid", 30, 5, 1, 16, 4);
    assertEquals(0, trainArrays("--out @/run"), err);
    assertTrue(out.contains("note     labels up to 7 make 8 outputs, of which 5 classes"), out);
    arrays("train", 60, 0, 1, 16, 4);
    arrays("valid", 30, 0, 1, 16, 4);
    assertEquals(0, trainArrays("--out @/plain"), err);
    assertFalse(out.contains("labels up to"), out);
  }

  @Test
  void silentNetworksAndEqualAnswersAreSaid() throws Exception {
    arrays("train", 60, 0, 0, 16, 4);
    arrays("valid", 30, 0, 0, 16, 4);
    assertEquals(0, trainArrays("--out @/run"), err);
    assertTrue(out.contains("note     no unit of z0, "), out);
    assertTrue(out.contains("note     all 30 answers are class 0"), out);
    assertEquals(0, run("evaluate", "--split", "valid", "--model", folder("run")), err);
    assertTrue(out.contains("note      no unit of z0, "), out);
    assertTrue(out.contains("note      all 30 answers are class 0"), out);
    assertEquals(0, run("predict", "--model", folder("run"), folder("validX.npy")), err);
    assertEquals(
        30, out.lines().filter(l -> l.endsWith("(undecided: all classes are equal)")).count());
    assertTrue(err.contains("warning: 30 of 30 images are blank"), err);
    assertTrue(err.contains("warning: 30 of 30 answers are undecided"), err);
  }

  @Test
  void theContextHasTheResistanceOfTheInputsUnlessGiven() throws Exception {
    String[][] flags = {{}, {"--resistance", "0.2"}, {"--context-resistance", "0.4"}};
    double[] expected = {0.1, 0.2, 0.4};
    for (int k = 0; k < flags.length; k++) {
      List<String> all = new ArrayList<>(List.of("--out", folder("run" + k), "--epochs", "1"));
      all.addAll(List.of(flags[k]));
      assertEquals(0, trainStrokes(all.toArray(String[]::new)), err);
      JsonNode config = Json.tree(dir.resolve("run" + k).resolve("config.json"));
      assertEquals(expected[k], config.at("/run/constants/contextResistance").asDouble());
      assertEquals(k == 2, out.contains("R_c 0.4"), out);
    }
  }

  /** The preset with a small network. Unsupervised training refuses some of its options. */
  @Test
  void thePresetTuned() throws Exception {
    String[] small = {"--preset", "tuned", "--batch", "50", "--epochs", "3"};
    String[][] flags = {{}, {"--anneal", "0"}, {"--anneal", "2"}};
    int[] anneal = {3, 0, 2};
    for (int k = 0; k < flags.length; k++) {
      List<String> all = new ArrayList<>(List.of(small));
      all.addAll(List.of("--out", folder("tuned" + k)));
      all.addAll(List.of(flags[k]));
      assertEquals(0, trainStrokes(all.toArray(String[]::new)), err);
      JsonNode run = Json.tree(dir.resolve("tuned" + k).resolve("config.json")).get("run");
      assertEquals(anneal[k], run.at("/training/anneal").asInt());
      assertTrue(run.at("/training/unlabelledHead").asBoolean());
      assertEquals(0.4, run.at("/constants/contextResistance").asDouble());
    }
    List<String> all = new ArrayList<>(List.of(small));
    all.addAll(List.of("--out", folder("none"), "--algo", "unsupervised"));
    assertEquals(2, trainStrokes(all.toArray(String[]::new)));
    assertRefused("--no-hard-negatives --no-unlabelled-head");
    all.addAll(List.of("--no-hard-negatives", "--no-unlabelled-head"));
    assertEquals(0, trainStrokes(all.toArray(String[]::new)), err);
    JsonNode constants = Json.tree(dir.resolve("none/config.json")).at("/run/constants");
    assertEquals(0.1, constants.get("contextResistance").asDouble());
  }

  /** Older versions stored the rates with the constants; missing fields have their defaults. */
  @Test
  void runsOfEarlierVersionsAreReadAndResumed() throws Exception {
    assertEquals(0, trainStrokes("--out", folder("whole"), "--epochs", "2"), err);
    assertEquals(0, trainStrokes("--out", folder("run"), "--epochs", "1"), err);
    Path file = dir.resolve("run/config.json");
    ObjectNode config = (ObjectNode) Json.tree(file);
    ObjectNode training = (ObjectNode) config.at("/run/training");
    ObjectNode constants = (ObjectNode) config.at("/run/constants");
    constants.set("learningRate", training.remove("learningRate"));
    constants.set("weightDecay", training.remove("weightDecay"));
    constants.remove(List.of("goodnessThreshold", "dt", "contextResistance"));
    training.remove(List.of("mix", "rotate", "seed"));
    ((ObjectNode) config.at("/run/network")).remove("reconstruction");
    ((ObjectNode) config.at("/seen")).remove("ink");
    Files.write(file, Json.bytes(config));
    assertEquals(0, run("evaluate", "--model", folder("run")), err);
    assertEquals(0, run("train", "--resume", "--epochs", "2", "--out", folder("run")), err);
    for (String array : List.of("last/W1.npz", "last/adam/M1.npz", "acc1234.npy")) {
      assertArrayEquals(
          Files.readAllBytes(dir.resolve("whole").resolve(array)),
          Files.readAllBytes(dir.resolve("run").resolve(array)),
          array);
    }
    assertEquals(
        Json.tree(dir.resolve("whole/config.json")).get("run"), Json.tree(file).get("run"));
  }

  @Test
  void aFieldThatIsNotKnownIsNamed() throws Exception {
    assertEquals(0, trainStrokes("--out", folder("run"), "--epochs", "1"), err);
    Path file = dir.resolve("run/config.json");
    ObjectNode config = (ObjectNode) Json.tree(file);
    ((ObjectNode) config.at("/run/training")).put("momentum", 0.9);
    Files.write(file, Json.bytes(config));
    assertEquals(2, run("evaluate", "--model", folder("run")));
    assertRefused("config.json", "unknown field run.training.momentum");
    ((ObjectNode) config.at("/run/training")).remove("momentum");
    ((ObjectNode) config.at("/run/network")).remove("hidden");
    Files.write(file, Json.bytes(config));
    assertEquals(2, run("evaluate", "--model", folder("run")));
    assertRefused("config.json", "hidden");
  }

  @Test
  void noForceReplacesWhatIsNoRun() throws Exception {
    // Results of another program, its model, a foreign config.json, a part of a run.
    Files.createDirectories(dir.resolve("other/best"));
    Files.writeString(dir.resolve("other/best/mine.txt"), "mine");
    Files.createDirectories(dir.resolve("arrays"));
    Files.writeString(dir.resolve("arrays/acc1234.npy"), "theirs");
    Files.createDirectories(dir.resolve("foreign/last"));
    Files.writeString(dir.resolve("foreign/config.json"), "{\"model_type\": \"bert\"}");
    Files.writeString(dir.resolve("foreign/last/weights"), "theirs");
    Files.createDirectories(dir.resolve("broken"));
    Files.writeString(dir.resolve("broken/config.json"), "no JSON");
    assertEquals(0, trainStrokes("--out", folder("runs/1")), err);
    assertEquals(0, run("export", "--model", folder("runs/1"), "--to", folder("ngc")), err);
    for (String folder :
        List.of("other", "arrays", "foreign", "broken", "runs/1/best", "runs/1/plots", "ngc")) {
      for (String force : List.of("--force", "--no-reconstruction")) {
        assertEquals(2, trainStrokes("--out", folder(folder), force), folder);
        assertRefused(folder, "--out");
      }
    }
    assertEquals("mine", Files.readString(dir.resolve("other/best/mine.txt")));
    assertEquals("theirs", Files.readString(dir.resolve("arrays/acc1234.npy")));
    assertEquals("theirs", Files.readString(dir.resolve("foreign/last/weights")));
    String evaluate = "evaluate --data strokes --limit 5 --model ";
    assertEquals(0, runLine(evaluate + folder("ngc")), err);
    // A folder of runs keeps them, and a damaged run of csdp can be replaced.
    byte[] one = Files.readAllBytes(dir.resolve("runs/1/best/W1.npz"));
    assertEquals(0, trainStrokes("--out", folder("runs"), "--force"), err);
    assertArrayEquals(one, Files.readAllBytes(dir.resolve("runs/1/best/W1.npz")));
    Files.writeString(dir.resolve("runs/1/config.json"), "{");
    assertEquals(0, trainStrokes("--out", folder("runs/1"), "--force", "--seed", "2"), err);
    assertTrue(err.contains("replaces the damaged run in " + folder("runs/1")), err);
    assertEquals(0, trainStrokes("--out", folder("runs/1"), "--force", "--seed", "3"), err);
    assertTrue(err.contains("replaces the run in " + folder("runs/1") + " (seed 2, "), err);
  }
}
