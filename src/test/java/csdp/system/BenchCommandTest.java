package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Child;
import csdp.backend.cuda.Cuda;
import csdp.cli.CommandTest;
import csdp.io.Json;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Benchmarks from the command line, on tiny sizes, and {@code scripts/gpu_check.sh}. */
class BenchCommandTest extends CommandTest {
  @TempDir Path dir;

  @Test
  void cpuFromTheCommandLine() throws IOException {
    Path json = dir.resolve("bench.json");
    String words =
        "bench --device cpu --threads 2 --hidden 30,12 --batch 80 --steps 10 --repeats 2"
            + " --data strokes --train-batches 2 --ceiling-floats 3000 --json ";
    assertEquals(0, runLine(words + json), err);
    assertTrue(out.contains("plasticity W1"), out);
    String text = Files.readString(json);
    assertFalse(text.contains("NaN") || text.contains("Infinity"), text);
    JsonNode r = Json.tree(json);
    assertTrue(r.get("passed").booleanValue());
    Set<String> parts = new TreeSet<>();
    for (JsonNode part : r.get("parts")) {
      String name = part.get("part").textValue();
      parts.add(name);
      assertTrue(part.get("us_per_step").doubleValue() > 0, name);
      if (!name.equals("between parts")) {
        assertEquals("ok", part.get("check").textValue(), name);
        assertTrue(part.get("bytes_per_step").isNumber(), name);
        assertTrue(part.get("share_of_bandwidth").isNumber(), name);
      }
    }
    assertEquals(
        Set.of(
            "between parts",
            "encode",
            "errors",
            "lists by unit",
            "samples",
            "currents W1",
            "currents+integrate z1",
            "currents+integrate z2",
            "currents+integrate zR",
            "currents+integrate zy",
            "plasticity C2",
            "plasticity C3",
            "plasticity M1",
            "plasticity M2",
            "plasticity R1",
            "plasticity V2",
            "plasticity V2y",
            "plasticity V3y",
            "plasticity W1",
            "plasticity W2"),
        parts);
    for (String kind : List.of("training", "inference")) {
      JsonNode steps = r.get(kind);
      assertTrue(steps.get("us_per_step").doubleValue() > 0);
      assertEquals(steps.get("repeats").intValue(), steps.get("us_per_step_of_windows").size());
      assertTrue(steps.get("images_per_s").doubleValue() > 0);
      assertTrue(steps.get("spikes_per_sample_and_step").get("z0").doubleValue() > 10);
      assertTrue(steps.get("spikes_per_sample_and_step").get("z1").doubleValue() > 0);
    }
    assertTrue(r.get("machine").get("cores").intValue() > 0);
    assertTrue(r.get("dense_baseline").get("ratio_of_training_steps").isNull());
    assertFalse(r.get("dense_baseline").get("reason").isNull());
  }

  /** The script's message without a GPU. */
  @Test
  void gpuCheckWithoutAGpu() throws Exception {
    assumeTrue(Cuda.survey().gpus().isEmpty(), "there is a GPU here");
    assumeTrue(File.separatorChar == '/', "a shell script");
    Path target = Files.createDirectory(dir.resolve("target")); // as a clone that was built
    Files.createFile(target.resolve("csdp.jar")); // the classes come from the class path here
    Files.writeString(target.resolve("classpath.txt"), System.getProperty("java.class.path"));
    Path json = dir.resolve("out.json");
    Child check =
        Child.run(
            new ProcessBuilder("scripts/gpu_check.sh", dir.toString(), json.toString()),
            Duration.ofMinutes(1));
    assertEquals(3, check.code(), check.said());
    assertEquals(1, check.said().lines().count(), check.said());
    assertTrue(check.said().startsWith("gpu_check: no CUDA device 0: "), check.said());
    assertFalse(Files.exists(json));
  }
}
