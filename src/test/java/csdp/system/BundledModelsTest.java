package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.SharedFiles;
import csdp.checkpoint.SavedModel;
import csdp.cli.CommandTest;
import csdp.io.Checksums;
import csdp.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The models in data/models and the samples in data/samples are as their README says. */
class BundledModelsTest extends CommandTest {
  private static final Path MODELS = Path.of("data/models");
  private static final Path SAMPLES = Path.of("data/samples");
  private static final long MOST_BYTES = 2_000_000;

  @TempDir Path dir;

  private static String readMe() throws IOException {
    return Files.readString(MODELS.resolve("README.md"));
  }

  @Test
  void theyAreSmallAndHaveTheirHashes() throws IOException {
    long bytes = 0;
    for (String name : List.of("digits-small", "mnist-small")) {
      Path model = MODELS.resolve(name);
      SavedModel.open(model, false); // complete
      MessageDigest digest = Checksums.sha256();
      digest.update(Files.readAllBytes(model.resolve("best/manifest.json")));
      assertTrue(readMe().contains(Checksums.hex(digest)), name);
      try (Stream<Path> files = Files.walk(model)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          bytes += Files.size(file);
        }
      }
      String config = Files.readString(model.resolve("config.json"));
      assertTrue(!config.contains("\"/"), "a path of a machine in " + config);
    }
    assertTrue(bytes < MOST_BYTES, bytes + " bytes");
  }

  private void evaluate(String name, String data) throws IOException {
    Path json = dir.resolve("figures.json");
    assertEquals(
        0,
        runLine("evaluate --device cpu --model " + MODELS.resolve(name) + data + " --json " + json),
        err);
    double accuracy = Json.tree(json).get("accuracy").doubleValue();
    String said = String.format(Locale.ROOT, "%s) | %.2f %%", name, 100 * accuracy);
    assertTrue(readMe().contains(said), said);
  }

  @Test
  void digitsHaveTheirAccuracy() throws IOException {
    evaluate("digits-small", "");
  }

  @Test
  void mnistHasItsAccuracy() throws IOException {
    evaluate("mnist-small", " --data " + SharedFiles.mnist());
  }

  @ParameterizedTest
  @ValueSource(strings = {"digits-small", "mnist-small"})
  void samplesAreClassified(String name) throws IOException {
    Path samples = name.equals("digits-small") ? SAMPLES.resolve("digits") : SAMPLES;
    StringBuilder command = new StringBuilder("predict --device cpu --model ");
    command.append(MODELS.resolve(name));
    IntStream.range(0, 10)
        .forEach(k -> command.append(' ').append(samples).append("/" + k + ".png"));
    assertEquals(0, runLine(command.toString()), err);
    long right =
        IntStream.range(0, 10).filter(k -> out.contains(k + ".png  class " + k + " ")).count();
    String said = String.format(Locale.ROOT, "%d of 10 samples", right);
    String row =
        readMe().lines().filter(l -> l.contains("[" + name + "]")).findFirst().orElseThrow();
    assertTrue(row.contains(said), said + ": " + row);
  }

  @Test
  void analysisWorksOffline() throws IOException {
    Path to = dir.resolve("report");
    assertEquals(
        0,
        runLine(
            "analyze --points 60 --perplexity 5 --limit 60 --device cpu --model "
                + MODELS.resolve("digits-small")
                + " --out "
                + to),
        err);
    assertTrue(Files.exists(to.resolve("report.html")));
  }
}
