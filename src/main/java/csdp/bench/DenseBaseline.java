package csdp.bench;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.data.Dataset;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.model.NetworkSpec;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The dense NumPy step, timed in the same minutes, on the same images and number of threads. */
final class DenseBaseline {
  private static final String SCRIPT = "scripts/peers/dense_numpy.py";
  private static final int IMAGES = 4; // number of batches of images
  private static final int MINUTES = 10;

  private DenseBaseline() {}

  /** Fills the report with the result or the reason for its absence. */
  static void run(BenchReport report, Dataset data, NetworkSpec spec, BenchOptions options) {
    Path script = script();
    if (script == null) {
      report.noDense = SCRIPT + " was found neither here nor next to the classes";
      return;
    }
    Path work = null;
    try {
      work = Files.createTempDirectory("csdp-dense");
      int count = Math.min(data.size(), IMAGES * options.batch());
      float[] images = new float[count * data.pixels()];
      int[] labels = new int[count];
      for (int i = 0; i < count; i++) {
        data.copyImage(i, images, i * data.pixels());
        labels[i] = data.label(i);
      }
      Npy.write(work.resolve("x.npy"), new int[] {count, data.pixels()}, images);
      Npy.write(work.resolve("y.npy"), new int[] {count}, labels);
      Path json = work.resolve("dense.json");
      String hidden =
          options.hidden().stream().map(String::valueOf).collect(Collectors.joining(","));
      ProcessBuilder python =
          new ProcessBuilder(
              List.of(
                  "python3",
                  script.toString(),
                  "--hidden=" + hidden,
                  "--batch=" + options.batch(),
                  "--window=" + options.steps(),
                  "--classes=" + spec.classes(),
                  "--images=" + work.resolve("x.npy"),
                  "--labels=" + work.resolve("y.npy"),
                  "--json=" + json));
      Object threads = report.ceilings.how().get("threads");
      if (threads != null) {
        python.environment().put("OPENBLAS_NUM_THREADS", threads.toString());
        python.environment().put("OMP_NUM_THREADS", threads.toString());
      }
      Path said = work.resolve("said");
      Process p = python.redirectErrorStream(true).redirectOutput(said.toFile()).start();
      if (!p.waitFor(MINUTES, TimeUnit.MINUTES)) {
        p.destroyForcibly();
        report.noDense = "the dense step took more than " + MINUTES + " minutes";
      } else if (p.exitValue() != 0) {
        String last = Files.readString(said).strip();
        report.noDense = "python3 failed: " + last.substring(last.lastIndexOf('\n') + 1);
      } else {
        report.dense = map(Json.tree(json));
      }
    } catch (IOException e) {
      report.noDense = "python3 cannot be run here: " + e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      report.noDense = "interrupted";
    } finally {
      remove(work);
    }
  }

  private static Map<String, Object> map(JsonNode tree) {
    Map<String, Object> map = new LinkedHashMap<>();
    tree.forEachEntry(
        (key, value) ->
            map.put(
                key,
                value.isObject()
                    ? map(value)
                    : value.isNumber()
                        ? value.numberValue()
                        : value.isNull() ? null : value.asText()));
    return map;
  }

  /** Returns the script in the working directory, or above the folder of the classes. */
  private static Path script() {
    Path here = Path.of(SCRIPT);
    if (Files.isRegularFile(here)) {
      return here;
    }
    try {
      Path classes =
          Path.of(DenseBaseline.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      for (Path up = classes.getParent(); up != null; up = up.getParent()) {
        if (Files.isRegularFile(up.resolve(SCRIPT))) {
          return up.resolve(SCRIPT);
        }
      }
    } catch (URISyntaxException | SecurityException e) {
      return null;
    }
    return null;
  }

  private static void remove(Path folder) {
    if (folder == null) {
      return;
    }
    try (var files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
    } catch (IOException e) {
      // left to the system's cleanup
    }
  }
}
