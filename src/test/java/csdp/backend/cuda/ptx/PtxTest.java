package csdp.backend.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.backend.cuda.Cuda;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    String text = SOURCES.texts().get("forward.cu");
    KernelSources changed = SOURCES.with("forward.cu", text + "// one more comment\n");
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
    assertSameLines(shipped(), Ptx.forDevice(90, refusals).orElseThrow());
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
    assertSameLines(Ptx.compile(nvcc.get(), TARGET), shipped());
  }

  /** Fails with the first line that differs: the whole texts are long. */
  private static void assertSameLines(Ptx expected, Ptx actual) {
    String[] e = expected.text().split("\n", -1);
    String[] a = actual.text().split("\n", -1);
    int line = Arrays.mismatch(e, a);
    assertEquals(-1, line, () -> "line " + (line + 1) + ": " + (line < a.length ? a[line] : ""));
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

  /** A shared array that is only stored to shows a load that nvcc took for unreachable. */
  @Test
  void sharedArraysAreLoadedAndAccessesNameTheirSpace() {
    for (Ptx ptx : Ptx.inClasses(TARGET)) {
      assertEquals(List.of(), addressFaults(ptx.text()));
      assertTrue(ptx.text().contains("ld.shared"));
    }
    String unnamed = shipped().text().replaceFirst("\\bst\\.global\\.", "st.");
    assertEquals(1, addressFaults(unnamed).size(), addressFaults(unnamed).toString());
  }

  private static final Pattern ENTRY =
      Pattern.compile("(?s)\\.entry (\\w+)\\(.*?\\n\\{\\n(.*?)\\n\\}");
  private static final Pattern SHARED = Pattern.compile("\\.shared [^;]*?(\\w+)\\[\\d+\\];");
  private static final Pattern INSTRUCTION =
      Pattern.compile("(?m)^\\s*(?:@!?%\\w+\\s+)?([a-z]\\S*)\\s+([^;]*);");
  private static final Pattern NAME = Pattern.compile("[%$\\w]+");

  /**
   * Accesses to memory of no named space, and shared arrays that a kernel stores to without ever
   * loading from them. An address belongs to the arrays whose names went into its registers.
   */
  static List<String> addressFaults(String ptx) {
    List<String> faults = new ArrayList<>();
    for (Matcher entry = ENTRY.matcher(ptx); entry.find(); ) {
      String kernel = entry.group(1);
      Map<String, Set<String>> arrays = new TreeMap<>(); // of a register or a name
      for (Matcher m = SHARED.matcher(entry.group(2)); m.find(); ) {
        arrays.put(m.group(1), Set.of(m.group(1)));
      }
      Set<String> declared = Set.copyOf(arrays.keySet());
      Set<String> loaded = new TreeSet<>();
      Set<String> stored = new TreeSet<>();
      List<MatchResult> instructions = INSTRUCTION.matcher(entry.group(2)).results().toList();
      int known;
      do { // loops carry addresses backwards
        known = arrays.values().stream().mapToInt(Set::size).sum();
        for (MatchResult i : instructions) {
          List<String> names = NAME.matcher(i.group(2)).results().map(MatchResult::group).toList();
          if (!i.group(1).matches("(ld|st|atom|red|bra)\\..*|bra") && !names.isEmpty()) {
            for (String from : names.subList(1, names.size())) {
              arrays
                  .computeIfAbsent(names.get(0), n -> new TreeSet<>())
                  .addAll(arrays.getOrDefault(from, Set.of()));
            }
          }
        }
      } while (arrays.values().stream().mapToInt(Set::size).sum() > known);
      for (MatchResult i : instructions) {
        Matcher access =
            Pattern.compile("(ld|st|atom|red)\\.(global|shared|local|param)?.*")
                .matcher(i.group(1));
        if (access.matches() && access.group(2) == null) {
          faults.add(kernel + " does not name the memory of " + i.group().strip());
        } else if (access.matches() && access.group(2).equals("shared")) {
          Matcher at = Pattern.compile("\\[([%$\\w]+)").matcher(i.group(2));
          Set<String> of = at.find() ? arrays.getOrDefault(at.group(1), Set.of()) : Set.of();
          if (of.isEmpty()) {
            faults.add(kernel + " has an address of no known array: " + i.group().strip());
          }
          (access.group(1).equals("st") ? stored : loaded).addAll(of);
        }
      }
      stored.removeAll(loaded);
      stored.retainAll(declared);
      stored.forEach(
          a ->
              faults.add(kernel + " stores to the shared array " + a + " and never loads from it"));
    }
    return faults;
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
    String path = "" + File.pathSeparator + " " + File.pathSeparator + bin;
    assertEquals(new Nvcc(fake, "12.4.131"), Nvcc.find(Map.of("PATH", path)).orElseThrow());
    // A blank or relative entry means the current folder, where anyone may have put a program.
    Path relative = Path.of("").toAbsolutePath().relativize(bin.toAbsolutePath());
    for (String unsafe : new String[] {"", ".", "" + relative}) {
      Optional<Nvcc> other = Nvcc.find(Map.of("PATH", unsafe, "CUDA_HOME", " "));
      Optional<Path> program = other.map(n -> n.program().toAbsolutePath().normalize());
      assertNotEquals(Optional.of(fake), program, unsafe);
    }
  }
}
