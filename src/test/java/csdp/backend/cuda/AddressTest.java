package csdp.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.OtherJava;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.EmulatedLibrary;
import csdp.backend.cuda.device.EmulatedLibrary.Check;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.backend.cuda.ptx.KernelSources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The kernels and the emulation under AddressSanitizer, which guards shared memory and the
 * emulation's own memory as well. It ends the process, and must be loaded before Java: a process of
 * its own.
 */
class AddressTest {
  /** Main class of the other process. */
  static final class Kernels {
    private Kernels() {}

    public static void main(String[] mistake) {
      EmulatedLibrary library =
          EmulatedLibrary.ofSources(Emulated.CACHE, KernelSources.host(), Check.ADDRESSES);
      try (EmulatedDevice device = EmulatedDevice.open(library, 1L << 30);
          DeviceMemory memory = new DeviceMemory(device)) {
        if (mistake.length > 0) {
          Ints out = memory.ints("out", 64);
          int n = Integer.parseInt(mistake[1]);
          device.launch(mistake[0], new Geometry(1, 1, 32, 0), out, n);
          return;
        }
        for (int[] size : new int[][] {{1, 1}, {13, 7}, {70, 100}}) {
          for (KernelCheck.Result r : KernelCheck.run(device, size[0], size[1], 11)) {
            assertTrue(r.passed(), r.kernel() + ": " + r.difference());
          }
        }
        for (Windows.Case c : Windows.cases()) {
          assertEquals(null, Windows.difference(c, device));
        }
      }
    }
  }

  /** Returns the output of the other process, followed by its exit status. */
  private static String output(String... mistake) throws IOException, InterruptedException {
    Emulated.requireChecks();
    Process g = new ProcessBuilder("g++", "-print-file-name=libasan.so").start();
    Path runtime = Path.of(new String(g.getInputStream().readAllBytes(), UTF_8).strip());
    assumeTrue(Files.exists(runtime), "g++ is here without AddressSanitizer");
    ProcessBuilder b =
        new ProcessBuilder(
            OtherJava.command(
                List.of("--add-modules=jdk.incubator.vector"),
                Kernels.class.getName(),
                List.of(mistake)));
    b.environment().put("LD_PRELOAD", runtime.toString());
    // Java takes faults of its own, and frees little at its end.
    b.environment().put("ASAN_OPTIONS", "detect_leaks=0:handle_segv=0");
    Process p = b.redirectErrorStream(true).start();
    String said = new String(p.getInputStream().readAllBytes(), UTF_8);
    return said + "exit status " + p.waitFor();
  }

  @Test
  void noFindingInAnyKernel() throws Exception {
    String said = output();
    assertTrue(said.endsWith("exit status 0"), said);
    assertTrue(!said.contains("AddressSanitizer"), said);
  }

  @ParameterizedTest
  @CsvSource({
    "check_overrun_shared, 31, ''",
    "check_overrun_shared, 32, global-buffer-overflow",
    "check_overrun, 63, ''",
    "check_overrun, 64, use-after-poison"
  })
  void writingBesideMemoryIsFound(String kernel, String n, String finding) throws Exception {
    String said = output(kernel, n);
    if (finding.isEmpty()) {
      assertTrue(said.endsWith("exit status 0"), said);
    } else {
      assertTrue(said.contains("ERROR: AddressSanitizer: " + finding), said);
      assertTrue(said.contains(kernel), said);
      assertNotEquals("exit status 0", said.lines().reduce((a, c) -> c).orElseThrow());
    }
  }
}
