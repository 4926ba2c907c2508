package csdp.backend.cuda.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.backend.cuda.device.FakeDriver.Result;
import csdp.backend.cuda.driver.DriverLibrary;
import csdp.backend.cuda.driver.JCudaNatives;
import csdp.backend.cuda.ptx.Nvcc;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * csdp on a CUDA device in a separate JVM, with JCuda's real native libraries and a fake driver
 * that executes the kernels on the CPU (src/test/native).
 */
class JCudaDeviceTest {
  private static final String TRACE = "src/test/resources/traces/tiny_supervised.npz";

  @TempDir static Path dir;
  private static FakeDriver fake;
  private static Path images;
  private static Path labels;

  @BeforeAll
  static void build() throws Exception {
    Optional<String> reason = FakeDriver.unavailable();
    assumeTrue(reason.isEmpty(), () -> "no stand-in for the CUDA driver: " + reason.get());
    fake = FakeDriver.build(dir);
    Philox.Stream random = Philox.stream(3, Purpose.STROKES, 0, 0, 0);
    float[] pixels = new float[70 * 64];
    int[] classes = new int[70];
    for (int k = 0; k < pixels.length; k++) {
      pixels[k] = Philox.uniform(random.nextWord());
      classes[k / 64] = k / 64 % 10;
    }
    images = dir.resolve("x.npy");
    labels = dir.resolve("y.npy");
    Npy.write(images, new int[] {70, 64}, pixels);
    Npy.write(labels, new int[] {70}, classes);
  }

  private static Result replay(String steering, String... more) throws Exception {
    return fake.csdp(
        steering,
        Stream.concat(Stream.of("replay", TRACE), Stream.of(more)).toArray(String[]::new));
  }

  private static Result train(String device, Path out, String... more) throws Exception {
    return train("", device, out, more);
  }

  private static Result train(String steering, String device, Path out, String... more)
      throws Exception {
    String[] args = {
      "train",
      "--hidden",
      "40,20",
      "--batch",
      "20",
      "--epochs",
      "2",
      "--steps",
      "4",
      "--valid",
      "10",
      "--device",
      device,
      "--out",
      out.toString(),
      "--train-x",
      images.toString(),
      "--train-y",
      labels.toString(),
      "--test-x",
      images.toString(),
      "--test-y",
      labels.toString()
    };
    return fake.csdp(
        steering, Stream.concat(Stream.of(args), Stream.of(more)).toArray(String[]::new));
  }

  @Test
  void replaysARecordedRun() throws Exception {
    for (String products : List.of("kernels", "cublas")) {
      Result r = replay("devices=2", "--device", "1", "--products", products);
      assertEquals(0, r.code(), r.toString());
      assertTrue(r.out().contains("cuda:1"), r.out());
      assertTrue(r.out().contains("0 of 955,500 differ"), r.out());
      assertTrue(r.err().contains("0 allocations, 0 graphs, 0 events left"), r.err());
    }
  }

  /** The whole window as a graph, without one, and with cuBLAS: the parameters of the CPU. */
  @Test
  void trainsToTheBitsOfTheCpu() throws Exception {
    Path cpu = dir.resolve("cpu");
    assertEquals(0, train("cpu", cpu).code());
    Path graph = dir.resolve("graph");
    Result r = train("auto", graph, "--require-gpu");
    assertEquals(0, r.code(), r.toString());
    assertTrue(r.out().contains("on CUDA device 0: Fake GPU"), r.out());
    assertTrue(r.err().contains("0 allocations, 0 graphs, 0 events left"), r.err());
    assertFalse(r.err().contains(" 0 graph launches"), r.err());
    Path sync = dir.resolve("sync");
    r = train("0", sync, "--sync-launches");
    assertTrue(r.err().contains(" 0 graph launches"), r.toString());
    Path cublas = dir.resolve("cublas");
    r = train("0", cublas, "--products", "cublas");
    assertFalse(r.err().contains(" 0 graph launches"), r.toString());
    for (Path p : List.of(graph, sync, cublas)) {
      for (String file : List.of("last/W1.npz", "last/M1.npz", "last/z1.npz")) {
        assertArrayEquals(
            Files.readAllBytes(cpu.resolve(file)), Files.readAllBytes(p.resolve(file)), file);
      }
    }
  }

  private static Result bench(String steering, Path json) throws Exception {
    String args = "bench --device 0 --hidden 20,10 --batch 4 --steps 4 --repeats 2 --data strokes";
    String more = " --train-batches 1 --ceiling-floats 3000 --json " + json;
    return fake.csdp(steering, (args + more).split(" "));
  }

  private static JsonNode bench(Path json) throws Exception {
    Result r = bench("", json);
    assertEquals(0, r.code(), r.toString());
    assertTrue(r.err().contains("0 allocations, 0 graphs, 0 events left"), r.err());
    for (JsonNode part : Json.tree(json).get("parts")) {
      if (part.get("part").textValue().equals("currents W1")) {
        return part.get("cublas");
      }
    }
    throw new AssertionError(r.toString());
  }

  @Test
  void benchComparesProductsWithCublas() throws Exception {
    JsonNode cublas = bench(dir.resolve("bench.json"));
    assertTrue(cublas.get("us_per_step").doubleValue() > 0, cublas.toString());
    assertTrue(cublas.get("ratio_to_ours").doubleValue() > 0, cublas.toString());
    assertEquals(2, cublas.get("repeats").intValue());
  }

  @Test
  void nativesLieInAFolderOfTheUser() throws Exception {
    Result r = fake.csdp("", "doctor");
    assertEquals(0, r.code(), r.toString());
    assertTrue(r.out().contains("0: Fake GPU, compute capability 7.5"), r.out());
    assertTrue(r.out().contains("for CUDA 12.4"), r.out());
    Path natives = fake.cache().resolve("natives-" + JCudaNatives.VERSION);
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(natives)));
    Path library = natives.resolve(JCudaNatives.fileName("JCudaDriver"));
    Files.write(library, new byte[] {1}); // what somebody left there is not loaded
    assertEquals(0, fake.csdp("", "doctor").code());
    assertTrue(Files.size(library) > 1000);
  }

  /** JCuda's library asks for libcuda.so.1 by name; found elsewhere, that very file is loaded. */
  @Test
  void aDriverWhereTheLoaderDoesNotLook() throws Exception {
    Result r = fake.survey(dir.resolve("root"));
    assertEquals(0, r.code(), r.toString());
    assertTrue(r.out().contains("Fake GPU, compute capability 7.5"), r.toString());
  }

  @Test
  void aDriverThatRefusesThePtxGetsWhatNvccMakes() throws Exception {
    boolean nvcc = Nvcc.find().isPresent();
    Result r = replay("load=222", "--device", "0");
    assertEquals(nvcc ? 0 : 3, r.code(), r.toString());
    r = replay("load=222 cubin=209", "--device", "0");
    assertEquals(3, r.code(), r.toString());
    assertTrue(r.message().contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), r.err());
    assertTrue(r.message().contains("update the NVIDIA driver"), r.err());
    assertTrue(r.message().contains("--device cpu"), r.err());
  }

  @Test
  void failuresAreNamed() throws Exception {
    Result r = replay("fail=signals", "--sync-launches", "--device", "0");
    assertEquals(1, r.code(), r.toString());
    assertTrue(r.message().startsWith("csdp: the kernel signals <<<("), r.err());
    assertTrue(r.message().endsWith("failed: CUDA_ERROR_ILLEGAL_ADDRESS"), r.err());
    r = replay("fail=signals", "--device", "0");
    assertEquals(1, r.code(), r.toString());
    assertTrue(r.message().contains("run again with --sync-launches"), r.err());
    r = replay("memory=100000", "--device", "0");
    assertEquals(3, r.code(), r.toString());
    assertTrue(r.message().contains("out of memory on cuda:0: "), r.err());
    r = replay("", "--device", "7");
    assertEquals(3, r.code(), r.toString());
    assertTrue(r.message().contains("there is no CUDA device 7: this machine has 0: Fake GPU"));
  }

  /** Out of memory, in a captured window, in a benchmark: all goes back to the driver. */
  @Test
  void afterAFailureNothingIsLeft() throws Exception {
    Result memory = train("memory=400000", "0", dir.resolve("memory"));
    assertEquals(3, memory.code(), memory.toString());
    assertTrue(
        memory
            .message()
            .matches(
                "csdp: .*: out of memory on cuda:0: .* needs [\\d,]+ bytes, [\\d,]+ of 400,000 are free:"
                    + " use .*\\(--hidden\\)"),
        memory.err());
    Result graph = train("fail=learn", "0", dir.resolve("graph-failed"));
    assertEquals(1, graph.code(), graph.toString());
    assertTrue(graph.message().contains("CUDA_ERROR_ILLEGAL_ADDRESS"), graph.err());
    Result sync = train("fail=learn", "0", dir.resolve("sync-failed"), "--sync-launches");
    assertEquals(1, sync.code(), sync.toString());
    assertTrue(
        sync.message()
            .matches(
                "csdp: .*the kernel learn <<<\\(\\d+, \\d+\\), \\d+, \\d+ bytes>>>"
                    + " failed: CUDA_ERROR_ILLEGAL_ADDRESS;.*"),
        sync.err());
    Result bench = bench("fail=copy_quads", dir.resolve("failed.json"));
    assertEquals(1, bench.code(), bench.toString());
    for (Result r : List.of(memory, graph, sync, bench)) {
      assertTrue(r.err().contains("0 allocations, 0 graphs, 0 events left"), r.err());
    }
  }

  @Test
  void aDriverWithoutDevices() throws Exception {
    Result r = replay("devices=0", "--device", "0");
    assertEquals(0, r.code(), r.toString());
    assertTrue(
        r.err()
            .contains(
                "warning: no CUDA device 0, running on the CPU: the NVIDIA driver sees no GPU"));
    r = replay("devices=0", "--require-gpu");
    assertEquals(3, r.code(), r.toString());
    r = replay("init=803", "--require-gpu");
    assertEquals(3, r.code(), r.toString());
    assertTrue(r.message().contains("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"), r.err());
  }

  @Test
  void cublasIsAskedForOnlyWhereItIsWanted() throws Exception {
    Files.move(fake.cublas(), fake.cublas().resolveSibling("away"));
    try {
      assertEquals(0, replay("", "--device", "0").code());
      Optional<Path> installed = DriverLibrary.cublas(System.getenv(), Path.of("/"), false);
      assumeTrue(installed.isEmpty(), () -> "this machine has cuBLAS: " + installed.get());
      Result r = replay("", "--device", "0", "--products", "cublas");
      assertEquals(3, r.code(), r.toString());
      assertTrue(r.message().contains("libcublas.so.12: cannot open"), r.err());
      assertTrue(r.message().contains("install cuBLAS of CUDA 12"), r.err());
      JsonNode none = bench(dir.resolve("without.json"));
      assertTrue(none.get("us_per_step").isNull(), none.toString());
      assertTrue(none.get("reason").textValue().contains("install cuBLAS of CUDA 12"));
    } finally {
      Files.move(fake.cublas().resolveSibling("away"), fake.cublas());
    }
  }

  /** Without a driver no class of JCuda is loaded or needed. */
  @Test
  void aMachineWithoutADriverNeverTouchesJCuda() throws IOException, InterruptedException {
    Optional<Path> driver = DriverLibrary.cuda(System.getenv(), Path.of("/"), false);
    assumeTrue(driver.isEmpty(), () -> "this machine has a driver: " + driver.get());
    for (String jars : List.of("with", "without")) {
      Result r =
          FakeDriver.java(
              jars.equals("without"),
              List.of("-Xlog:class+load"),
              "replay",
              TRACE,
              "--device",
              "0");
      assertEquals(0, r.code(), r.toString());
      assertTrue(
          r.err()
              .contains(
                  "warning: no CUDA device 0, running on the CPU: no NVIDIA driver is installed"));
      assertTrue(r.out().contains(" csdp.cli.Main "), "classes are listed");
      assertFalse(r.out().contains(" jcuda."), "JCuda was loaded");
    }
  }
}
