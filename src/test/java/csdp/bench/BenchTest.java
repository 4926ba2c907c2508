package csdp.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Child;
import csdp.backend.Backend;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.cuda.device.DenseProducts;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.GpuDevice;
import csdp.data.Strokes;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Benchmarks from end to end, on tiny sizes; no time is asserted. */
class BenchTest {
  private static final BenchOptions TINY =
      tiny(30, 12).batch(5).steps(10).repeats(2).trainBatches(2).build();

  @TempDir Path dir;

  private static BenchOptions.Builder tiny(Integer... hidden) {
    return BenchOptions.builder()
        .hidden(List.of(hidden))
        .batch(3)
        .steps(6)
        .repeats(1)
        .trainBatches(1)
        .seed(7)
        .ceilingFloats(3000);
  }

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
  void onlyTheKernelsThatWereAskedFor() {
    BenchOptions some = tiny(13).kernels(Pattern.compile("plasticity (W1|C2)$")).build();
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
      BenchOptions o = tiny(13, 7).steps(10).build();
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
      BenchOptions o = tiny(40, 7).batch(12).kernels(Pattern.compile("currents|learn")).build();
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

  @Test
  void theDenseBaselineIsTimedInTheSameRun() throws Exception {
    BenchOptions o = tiny(13).denseBaseline(true).build();
    BenchReport r = Bench.run(o, Strokes.draw("strokes", 1, 0, 9), new CpuTarget(1), line -> {});
    boolean numpy = Child.noNumpy() == null;
    assertEquals(numpy, r.denseRatio() != null, r.noDense);
    if (numpy) {
      assertTrue(r.denseRatio() > 0);
    } else {
      assertTrue(r.noDense.contains("python3"), r.noDense);
    }
  }
}
