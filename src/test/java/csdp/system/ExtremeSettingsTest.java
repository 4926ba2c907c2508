package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.Device;
import csdp.cli.CommandTest;
import csdp.data.TestData;
import csdp.io.Npz;
import java.io.IOException;
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
import org.junit.jupiter.params.provider.MethodSource;

/** Extreme settings work or are refused in one line. */
class ExtremeSettingsTest extends CommandTest {
  private static final int TRAIN = 14;

  @TempDir static Path dir;
  @TempDir Path runs;

  @BeforeAll
  static void data() throws Exception {
    Random random = new Random(1);
    writeImages("train", TRAIN, random);
    writeImages("t10k", 6, random);
  }

  private static void writeImages(String name, int n, Random random) throws IOException {
    byte[] pixels = new byte[n * 4 * 4];
    random.nextBytes(pixels);
    Files.write(dir.resolve(name + "-images-idx3-ubyte"), TestData.idx(pixels, n, 4, 4));
    Files.write(dir.resolve(name + "-labels-idx1-ubyte"), TestData.idxLabels(n, 3));
  }

  /** A training run of an instant; flags replace its own. */
  private int train(Path to, Device device, String... flags) {
    List<String> args = new ArrayList<>(List.of("train", "--data", dir.toString()));
    args.addAll(List.of("--device", device.name(), "--out", to.toString()));
    args.addAll(flags("--hidden 6,5 --batch 4 --epochs 2 --steps 4 --valid 3", flags));
    return run(args);
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Device#everywhere")
  void work(Device device) throws Exception {
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
      "--context-resistance 0",
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
      "--anneal 1 --shift 3 --hard-negatives",
      "--unlabelled-head",
      "--unlabelled-head --hard-negatives --context-resistance 1000",
      "--anneal 1000000",
      "--seed -2147483648",
      "--seed 2147483647",
    };
    for (String s : settings) {
      Path to = runs.resolve("run" + Arrays.asList(settings).indexOf(s));
      assertEquals(0, train(to, device, s.split(" ")), s + ": " + err);
      assertEquals("", err, s);
      String metrics = Files.readString(to.resolve("metrics.jsonl"));
      assertEquals(3, metrics.lines().count(), s);
      assertFalse(metrics.contains("NaN") || metrics.contains("Inf"), s + ": " + metrics);
      List<String> evaluate =
          List.of("evaluate", "--model", to.toString(), "--device", device.name());
      assertEquals(0, run(evaluate), s + ": " + err);
    }
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Device#everywhere")
  void areRefused(Device device) {
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
      "--context-resistance NaN",
      "--context-resistance Infinity",
      "--dt 0",
      "--dt 13.5",
      "--mix 0.5",
      "--seed 2147483648",
    };
    for (String s : settings) {
      assertEquals(2, train(runs.resolve("no"), device, s.split(" ")), s + ": " + err);
      assertEquals(1, err.lines().filter(l -> l.startsWith("csdp: ")).count(), err);
      assertFalse(Files.exists(runs.resolve("no")), s);
    }
  }

  /** With zero learning rate and decay, weights stay at their initial values. */
  @Test
  void withoutRateAndDecayWeightsStay() {
    for (String epochs : List.of("1", "3")) {
      int code =
          train(
              runs.resolve(epochs),
              Device.CPU,
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
    try (Npz npz = Npz.open(runs.resolve(run).resolve("last/W1.npz"))) {
      return npz.array("weights").floats();
    }
  }
}
