package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.cli.Main;
import csdp.io.Npz;
import csdp.system.damaged.DamagedInputTest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Extreme settings work or are refused in one line. */
class ExtremeSettingsTest {
  private static final int TRAIN = 14;

  @TempDir static Path dir;
  @TempDir Path out;
  private String err;

  @BeforeAll
  static void data() throws Exception {
    Random random = new Random(1);
    byte[] train = DamagedInputTest.idx(DamagedInputTest.pixels(TRAIN, random), TRAIN, 4, 4);
    byte[] test = DamagedInputTest.idx(DamagedInputTest.pixels(6, random), 6, 4, 4);
    Files.write(dir.resolve("train-images-idx3-ubyte"), train);
    Files.write(dir.resolve("t10k-images-idx3-ubyte"), test);
    byte[] labels = DamagedInputTest.classes(TRAIN);
    Files.write(dir.resolve("train-labels-idx1-ubyte"), DamagedInputTest.idx(labels, TRAIN));
    Files.write(
        dir.resolve("t10k-labels-idx1-ubyte"),
        DamagedInputTest.idx(DamagedInputTest.classes(6), 6));
  }

  private int run(List<String> args) {
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    int code =
        Main.run(args.toArray(String[]::new), new PrintWriter(o, true), new PrintWriter(e, true));
    err = e.toString();
    return code;
  }

  /** A training run of an instant; flags replace its own. */
  private int train(Path to, String device, String... flags) {
    List<String> args = new ArrayList<>(List.of("train", "--data", dir.toString()));
    args.addAll(List.of("--device", device, "--out", to.toString()));
    String[] defaults = "--hidden 6,5 --batch 4 --epochs 2 --steps 4 --valid 3".split(" ");
    for (int i = 0; i < defaults.length; i += 2) {
      if (!Arrays.asList(flags).contains(defaults[i])) {
        args.addAll(List.of(defaults[i], defaults[i + 1]));
      }
    }
    args.addAll(Arrays.asList(flags));
    return run(args);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void work(String device) throws Exception {
    String[] settings = {
      "--steps 1",
      "--steps 600",
      "--batch 1",
      "--batch 1000",
      "--batch 100000",
      "--hidden 1",
      "--hidden 1,1,1",
      "--hidden 300",
      "--hidden 3,3,3,3,3,3,3,3,3,3",
      "--steps 1 --batch 1 --hidden 1 --no-reconstruction",
      "--learning-rate 0",
      "--weight-decay 0",
      "--weight-decay 1000",
      "--learning-rate 1000",
      "--threshold-rate 0",
      "--threshold-rate 1000",
      "--goodness-threshold 0",
      "--goodness-threshold 3e38",
      "--resistance 0",
      "--inhibitory-resistance 0",
      "--dt 13",
      "--dt 1e-30",
      "--tau-m 1e30 --tau-trace 1e30",
      "--valid 0",
      "--valid 12",
      "--train-limit 2",
      "--algo unsupervised --batch 1",
      "--algo unsupervised --batch 10 --rotate --mix 0",
      "--algo unsupervised --mix 1 --train-limit 2",
      "--seed -2147483648",
      "--seed 2147483647",
    };
    for (String s : settings) {
      Path to = out.resolve("run" + Arrays.asList(settings).indexOf(s));
      assertEquals(0, train(to, device, s.split(" ")), s + ": " + err);
      assertEquals("", err, s);
      String metrics = Files.readString(to.resolve("metrics.jsonl"));
      assertEquals(3, metrics.lines().count(), s);
      assertFalse(metrics.contains("NaN") || metrics.contains("Inf"), s + ": " + metrics);
      List<String> evaluate = List.of("evaluate", "--model", to.toString(), "--device", device);
      assertEquals(0, run(evaluate), s + ": " + err);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void areRefused(String device) {
    String[] settings = {
      "--steps 0",
      "--steps 10001",
      "--batch 0",
      "--batch 100001",
      "--hidden 0",
      "--hidden 40001",
      "--hidden ,",
      "--epochs 0",
      "--epochs 1000001",
      "--valid 14",
      "--train-limit 1",
      "--algo unsupervised --train-limit 1",
      "--learning-rate -0.1",
      "--learning-rate 1e39",
      "--threshold-rate NaN",
      "--dt 0",
      "--dt 13.5",
      "--mix 0.5",
      "--seed 2147483648",
    };
    for (String s : settings) {
      assertEquals(2, train(out.resolve("no"), device, s.split(" ")), s + ": " + err);
      assertEquals(1, err.lines().filter(l -> l.startsWith("csdp: ")).count(), err);
      assertFalse(Files.exists(out.resolve("no")), s);
    }
  }

  /** With zero learning rate and decay, weights stay at their initial values. */
  @Test
  void withoutRateAndDecayWeightsStay() {
    for (String epochs : List.of("1", "3")) {
      int code =
          train(
              out.resolve(epochs),
              "cpu",
              "--learning-rate",
              "0",
              "--weight-decay",
              "0",
              "--epochs",
              epochs);
      assertEquals(0, code, err);
    }
    assertArrayEquals(weights("1"), weights("3"));
    assertTrue(weights("1").length > 0);
  }

  private float[] weights(String run) {
    try (Npz npz = Npz.open(out.resolve(run).resolve("last/W1.npz"))) {
      return npz.array("weights").floats();
    }
  }
}
