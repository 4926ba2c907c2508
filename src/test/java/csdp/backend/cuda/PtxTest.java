package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The PTX that is shipped: current, whole, and fit for drivers older than the toolkit. */
class PtxTest {
  private static final int TARGET = 75;
  private static final KernelSources SOURCES = KernelSources.device();

  @TempDir Path dir;

  private static Ptx shipped() {
    return Ptx.shipped(TARGET).orElseThrow();
  }

  @Test
  void theShippedOneFitsTheKernels() {
    assertEquals(
        Optional.empty(),
        shipped().refusal(SOURCES, TARGET),
        "the kernels have changed: run scripts/ship_ptx.sh and commit what it writes");
    for (String kernel : SOURCES.kernels()) {
      assertTrue(shipped().text().contains(".entry " + kernel + "("), kernel);
    }
    assertTrue(Cuda.ptxState().startsWith("ok: "), Cuda.ptxState());
  }

  @Test
  void aStaleOneIsRefused() {
    String text = SOURCES.texts().get("neuron.cu");
    KernelSources changed = SOURCES.with("neuron.cu", text + "// one more comment\n");
    assertTrue(shipped().refusal(changed, TARGET).orElseThrow().contains("not made from"));
    assertTrue(shipped().refusal(SOURCES, 90).orElseThrow().contains("compute_90"));
    List<String> refusals = new ArrayList<>();
    assertEquals(Optional.empty(), Ptx.forDevice(90, changed, refusals));
    assertFalse(refusals.isEmpty());
  }

  @Test
  void aDamagedOneIsRefused() {
    String text = shipped().text();
    String shorter = text.substring(0, text.length() - 10);
    assertTrue(Ptx.parse(shorter).refusal(SOURCES, TARGET).orElseThrow().contains("damaged"));
    String bare = text.substring(text.indexOf("// end of header"));
    assertTrue(Ptx.parse(bare).refusal(SOURCES, TARGET).orElseThrow().contains("no header"));
    assertTrue(Ptx.parse("").refusal(SOURCES, TARGET).isPresent());
    assertEquals(
        Optional.empty(),
        Ptx.parse(text.replace("\n", "\r\n")).refusal(SOURCES, TARGET),
        "line ends of Windows are no damage");
  }

  @Test
  void theNewestTargetThatTheGpuTakes() {
    List<String> refusals = new ArrayList<>();
    assertEquals(shipped().text(), Ptx.forDevice(90, refusals).orElseThrow().text());
    assertEquals(List.of(), refusals);
    assertEquals(Optional.empty(), Ptx.forDevice(70, refusals));
    assertTrue(refusals.get(0).contains("7.5"));
  }

  @Test
  void theShippedOneIsWhatNvccMakes() throws IOException {
    Optional<Nvcc> nvcc = Nvcc.find();
    assumeTrue(nvcc.isPresent(), "no nvcc on the PATH to compile the kernels again");
    String made = shipped().compiler();
    assumeTrue(
        made.equals(nvcc.get().version()),
        () -> "the shipped PTX was made by nvcc " + made + ", here is " + nvcc.get().version());
    assertEquals(Ptx.compile(nvcc.get(), TARGET).text(), shipped().text());
  }

  /** The machine code is the same whether the PTX says the version of nvcc or the lowered one. */
  @Test
  void loweringTheVersionChangesNothing() throws Exception {
    Optional<Nvcc> nvcc = Nvcc.find();
    assumeTrue(nvcc.isPresent(), "no nvcc on the PATH to compile the kernels again");
    String original = nvcc.get().ptx(SOURCES, "compute_" + TARGET);
    String lowered = Ptx.lower(original);
    assertTrue(lowered.contains("\n.version " + Ptx.ISA + "\n"));
    assertEquals(lowered, Ptx.lower(lowered));
    for (String architecture : List.of("sm_75", "sm_80", "sm_90", "sm_90a")) {
      assertArrayEquals(
          assemble(nvcc.get(), original, architecture),
          assemble(nvcc.get(), lowered, architecture),
          architecture);
    }
  }

  private byte[] assemble(Nvcc nvcc, String ptx, String architecture) throws Exception {
    Path text = Files.writeString(dir.resolve("k.ptx"), ptx);
    Path ptxas = nvcc.program().resolveSibling("ptxas");
    Process p =
        new ProcessBuilder(
                ptxas.toString(), "-arch=" + architecture, "-o", dir + "/k.cubin", text.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, p.waitFor(), said);
    return Files.readAllBytes(dir.resolve("k.cubin"));
  }

  @Test
  void nvccIsFoundWhereToolkitsAre() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "programs are shell scripts here");
    Path bin = Files.createDirectories(dir.resolve("cuda/bin"));
    Path fake = bin.resolve("nvcc");
    Files.writeString(fake, "#!/bin/sh\necho 'Cuda compilation tools, release 12.4, V12.4.131'\n");
    assertTrue(fake.toFile().setExecutable(true));
    Map<String, String> env = Map.of("PATH", "/none", "CUDA_HOME", "" + dir.resolve("cuda"));
    assertEquals(new Nvcc(fake, "12.4.131"), Nvcc.find(env).orElseThrow());
  }
}
