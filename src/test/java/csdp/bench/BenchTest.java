package csdp.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.backend.Backend;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.device.DenseProducts;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.GpuDevice;
import csdp.cli.Main;
import csdp.data.Strokes;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Benchmarks from end to end, on tiny sizes; no time is asserted. */
class BenchTest {
  private static final BenchOptions TINY =
      new BenchOptions(List.of(30, 12), 5, 10, 2, 2, null, 7, 3000, false);

  @TempDir Path dir;

  private static String table(BenchReport report) {
    StringWriter text = new StringWriter();
    report.print(new PrintWriter(text, true));
    return text.toString();
  }

  /** Checks that every number in the file is finite. */
  private static void assertFinite(Path json) throws IOException {
    String text = Files.readString(json);
    assertFalse(Pattern.compile("NaN|Infinity").matcher(text).find(), text);
  }

  @Test
  void cpuFromTheCommandLine() throws IOException {
    Path json = dir.resolve("bench.json");
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] args =
        ("bench --device cpu --threads 2 --hidden 30,12 --batch 80 --steps 10 --repeats 2 --data"
                + " strokes"
                + " --train-batches 2 --ceiling-floats 3000 --json "
                + json)
            .split(" ");
    assertEquals(
        0, Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)), "" + err);
    assertTrue(out.toString().contains("plasticity W1"), out.toString());
    assertFinite(json);
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

  @Test
  void onlyTheKernelsThatWereAskedFor() {
    BenchOptions some =
        new BenchOptions(
            List.of(13), 3, 6, 1, 1, Pattern.compile("plasticity (W1|C2)$"), 7, 3000, false);
    BenchReport r = Bench.run(some, Strokes.draw("strokes", 1, 0, 9), new CpuTarget(1), line -> {});
    assertEquals(
        Set.of("plasticity W1", "plasticity C2"),
        Set.copyOf(r.rows.stream().map(Row::part).toList()));
  }

  /** A backend that forgets more than it should: nothing is timed, and it ends with 1. */
  @Test
  void whatIsWrongIsReportedAndNotTimed() {
    Target wrong =
        new CpuTarget(1) {
          @Override
          public Backend open(NetworkSpec spec) {
            Backend inner = new CpuBackend(spec, 1);
            return (Backend)
                Proxy.newProxyInstance(
                    Backend.class.getClassLoader(),
                    new Class<?>[] {Backend.class},
                    (proxy, method, args) -> {
                      if (method.getName().equals("run") && args[1] instanceof Learning l) {
                        args[1] = new Learning(l.learningRate(), 2 * l.weightDecay());
                      }
                      return method.invoke(inner, args);
                    });
          }
        };
    BenchReport r = Bench.run(TINY, Strokes.draw("strokes", 1, 0, 30), wrong, line -> {});
    assertFalse(r.passed());
    assertEquals(CsdpException.FAILED, r.exitCode());
    assertTrue(r.rows.isEmpty());
    assertEquals(null, r.training);
    assertTrue(
        r.checks.stream().anyMatch(c -> c.name().equals("plasticity W1") && !c.passed()), table(r));
    assertTrue(
        r.checks.stream().filter(c -> c.name().equals("encode")).allMatch(Check::passed), table(r));
    assertTrue(table(r).contains("FAILED  plasticity W1"), table(r));
  }

  @Test
  void kernelsOnTheEmulatedDevice() throws IOException {
    try (Target target = new GpuTarget(Emulated.device(), true)) {
      BenchOptions o = new BenchOptions(List.of(13, 7), 3, 10, 1, 1, null, 7, 3000, false);
      BenchReport r = Bench.run(o, Strokes.draw("strokes", 1, 0, 23), target, line -> {});
      assertTrue(r.passed(), table(r));
      for (String part :
          List.of("forward", "encode_stored", "signals", "transpose", "learn", "currents V2")) {
        Row row = r.rows.stream().filter(x -> x.part().equals(part)).findFirst().orElseThrow();
        assertEquals("ok", row.check(), part);
        assertTrue(row.work().bytes() > 0, part);
      }
      Path json = dir.resolve("gpu.json");
      Files.write(json, Json.bytes(r.toMap()));
      assertFinite(json);
    }
  }

  /**
   * Plain loops on the host; products with the given number of columns have errors of 2^-10, like
   * TF32.
   */
  private record HostProducts(int wrong) implements DenseProducts {
    @Override
    public void multiply(
        Floats c, Floats a, Floats b, float scale, boolean add, int n, int rows, int cols) {
      float[] x = a.download(new float[n * rows]);
      float[] w = b.download(new float[rows * cols]);
      float[] y = c.download(new float[n * cols]);
      for (int k = 0; k < y.length; k++) {
        double sum = 0;
        for (int i = rows - 1; i >= 0; i--) {
          sum += (double) x[k / cols * rows + i] * w[i * cols + k % cols];
        }
        y[k] = (float) (scale * sum * (cols == wrong ? 1 + 0x1p-10 : 1)) + (add ? y[k] : 0);
      }
      c.upload(y);
    }

    @Override
    public void close() {}
  }

  /** The emulated device with a cuBLAS. */
  private static GpuDevice with(DenseProducts cublas) {
    GpuDevice device = Emulated.device();
    return (GpuDevice)
        Proxy.newProxyInstance(
            BenchTest.class.getClassLoader(),
            new Class<?>[] {GpuDevice.class},
            (proxy, method, args) ->
                method.getName().equals("cublas") ? cublas : method.invoke(device, args));
  }

  private static BenchReport benchProducts(GpuDevice device) {
    try (Target target = new GpuTarget(device, true)) {
      BenchOptions o =
          new BenchOptions(
              List.of(40, 7), 12, 6, 1, 1, Pattern.compile("currents|learn"), 7, 3000, false);
      return Bench.run(o, Strokes.draw("strokes", 1, 0, 24), target, line -> {});
    }
  }

  private static JsonNode part(BenchReport r, String name) {
    for (JsonNode part : Json.tree(r.toMap()).get("parts")) {
      if (part.get("part").textValue().equals(name)) {
        return part;
      }
    }
    throw new AssertionError(name);
  }

  @Test
  void productsAreComparedWithCublas() {
    BenchReport r = benchProducts(with(new HostProducts(-1)));
    assertTrue(r.passed(), table(r));
    for (String name : List.of("currents W1", "currents W2", "currents C2")) {
      JsonNode cublas = part(r, name).get("cublas");
      double us = cublas.get("us_per_step").doubleValue();
      assertTrue(us > 0, name);
      assertEquals(
          us / part(r, name).get("us_per_step").doubleValue(),
          cublas.get("ratio_to_ours").doubleValue(),
          1e-9 * us);
      assertTrue(cublas.get("reason").isNull());
      Check check =
          r.checks.stream()
              .filter(c -> c.name().equals("cuBLAS for " + name))
              .findFirst()
              .orElseThrow();
      assertTrue(check.detail().contains("within 1e-05 x"), check.detail());
    }
    assertTrue(part(r, "learn").get("cublas").isNull());
    assertTrue(table(r).contains("cuBLAS us"), table(r));
  }

  @Test
  void aWrongProductOfCublasIsReportedAndNotTimed() {
    BenchReport r =
        benchProducts(with(new HostProducts(64))); // those into z1, whose rows are padded
    assertEquals(CsdpException.FAILED, r.exitCode());
    JsonNode wrong = part(r, "currents W1").get("cublas");
    assertTrue(wrong.get("us_per_step").isNull());
    assertTrue(wrong.get("ratio_to_ours").isNull());
    assertTrue(wrong.get("reason").textValue().startsWith("cuBLAS gives "), "" + wrong);
    assertTrue(part(r, "currents W2").get("cublas").get("us_per_step").doubleValue() > 0);
    String table = table(r);
    assertTrue(table.contains("FAILED  cuBLAS for currents W1: cuBLAS gives "), table);
    assertTrue(table.contains("no cuBLAS time for currents W1: cuBLAS gives "), table);
    assertFalse(table.contains("nothing was timed"), table);
  }

  @Test
  void withoutCublasTheReasonIsGiven() {
    BenchReport r = benchProducts(Emulated.device());
    assertTrue(r.passed(), table(r));
    JsonNode none = part(r, "currents W2").get("cublas");
    assertTrue(none.get("us_per_step").isNull());
    assertEquals("there is no cuBLAS for the device emulated", none.get("reason").textValue());
  }

  @Test
  void tooFewImagesAreRefused() {
    CsdpException e =
        assertThrows(
            CsdpException.class,
            () -> Bench.run(TINY, Strokes.draw("strokes", 1, 0, 4), new CpuTarget(1), line -> {}));
    assertEquals(CsdpException.USAGE, e.exitCode());
    assertTrue(e.getMessage().contains("too few for batches of 5"), e.getMessage());
  }

  private static int run(Path said, String... command) throws Exception {
    Process p =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    assertTrue(p.waitFor(1, TimeUnit.MINUTES));
    return p.exitValue();
  }

  /** The dense baseline is the same model: it replays the recorded runs. */
  @Test
  void theDenseBaselineReplaysTheRecordedRuns() throws Exception {
    Path said = dir.resolve("said");
    try {
      assumeTrue(run(said, "python3", "-c", "import numpy") == 0, "python3 has no numpy here");
    } catch (IOException e) {
      assumeTrue(false, "no python3 here");
    }
    Path json = dir.resolve("dense.json");
    int code =
        run(
            said,
            "python3",
            "scripts/peers/dense_numpy.py",
            "--json",
            json.toString(),
            "--check",
            "src/test/resources/traces/tiny_supervised.npz",
            "src/test/resources/traces/tiny_unsupervised.npz");
    assertEquals(0, code, Files.readString(said));
    for (JsonNode check : Json.tree(json).get("checks")) {
      assertEquals(955_500, check.get("spikes_compared").intValue());
      assertTrue(check.get("spikes_differing").intValue() <= 9);
      assertTrue(check.get("weights").doubleValue() <= 1e-4);
    }
  }

  @Test
  void theDenseBaselineIsTimedInTheSameRun() throws Exception {
    Path said = dir.resolve("said");
    BenchOptions o = new BenchOptions(List.of(13), 3, 6, 1, 1, null, 7, 3000, true);
    BenchReport r = Bench.run(o, Strokes.draw("strokes", 1, 0, 9), new CpuTarget(1), line -> {});
    boolean numpy;
    try {
      numpy = run(said, "python3", "-c", "import numpy") == 0;
    } catch (IOException e) {
      numpy = false;
    }
    assertEquals(numpy, r.denseRatio() != null, r.noDense);
    if (numpy) {
      assertTrue(r.denseRatio() > 0);
    } else {
      assertTrue(r.noDense.contains("python3"), r.noDense);
    }
  }

  /** The script's message without a GPU. */
  @Test
  void gpuCheckWithoutAGpu() throws Exception {
    assumeTrue(Cuda.survey().gpus().isEmpty(), "there is a GPU here");
    assumeTrue(File.separatorChar == '/', "a shell script");
    Path target = Files.createDirectory(dir.resolve("target")); // as a clone that was built
    Files.writeString(target.resolve("classpath.txt"), System.getProperty("java.class.path"));
    Path said = dir.resolve("said");
    Path json = dir.resolve("out.json");
    assertEquals(
        3,
        run(said, "scripts/gpu_check.sh", dir.toString(), json.toString()),
        Files.readString(said));
    assertEquals(1, Files.readAllLines(said).size(), Files.readString(said));
    assertTrue(Files.readString(said).startsWith("gpu_check: no CUDA device 0: "));
    assertFalse(Files.exists(json));
  }
}
