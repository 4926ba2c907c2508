package csdp.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.Csdp;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.driver.CudaSurvey;
import csdp.cli.DoctorCommand.Line;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DoctorCommandTest extends CommandTest {
  private static final CudaSurvey H200 =
      CudaSurvey.of("12.4", List.of(new CudaSurvey.Gpu(0, "NVIDIA H200", 90, 141_000_000_000L)));

  @TempDir Path root;

  private DoctorCommand doctor(Map<String, String> env) {
    return doctor(env, CudaSurvey.none("no driver"));
  }

  private DoctorCommand doctor(Map<String, String> env, CudaSurvey survey) {
    return new DoctorCommand(env, root, false, () -> survey);
  }

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void program(String path, String script) throws IOException {
    assumeTrue(File.separatorChar == '/', "programs are shell scripts here");
    file(path, "#!/bin/sh\n" + script);
    assertTrue(root.resolve(path).toFile().setExecutable(true));
  }

  @Test
  void cpuTrainingWorksHere() {
    assertEquals(0, run("doctor"), err);
    assertEquals("", err);
    String text = out;
    assertTrue(text.contains(System.getProperty("java.version")), text);
    assertTrue(text.matches("(?s).*ok +Vector API +jdk.incubator.vector, \\d+ bits wide.*"), text);
    for (String name :
        List.of(
            "cores",
            "CUDA driver",
            "CUDA devices",
            "PTX fits the sources",
            "cuBLAS 12",
            "nvcc",
            "fonts",
            "data",
            "free in")) {
      assertTrue(text.contains(name), name + " in " + text);
    }
    assertTrue(text.contains("Training on the CPU works here."), text);
  }

  @Test
  void runsTheKernels() {
    Optional<String> reason = EmulatedDevice.unavailable();
    assertEquals(0, run("doctor", "--kernels"), err);
    String expected =
        reason
            .map(r -> "The kernels cannot be run here without a GPU: " + r)
            .orElse("All kernels match their plain twins");
    assertTrue(out.contains(expected), out);
  }

  @Test
  void aBareMachineLearnsWhatToDo() {
    DoctorCommand bare = doctor(Map.of());
    for (Line line :
        new Line[] {
          bare.gpu().driver(),
          bare.gpu().devices(),
          bare.gpu().cublas(),
          bare.gpu().nvcc(),
          bare.fonts(),
          bare.dataSets()
        }) {
      assertFalse(line.ok(), line.toString());
      assertFalse(line.remedy().isBlank());
    }
    assertFalse(bare.gpu().ready());
    assertTrue(bare.fonts().remedy().contains("fontconfig fonts-dejavu-core"));
    assertTrue(bare.gpu().driver().remedy().contains("training runs on the CPU"));
  }

  @Test
  void findsDriverAndDevices() throws IOException {
    file(
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build\nGCC\n");
    file("usr/lib64/libcuda.so.1", "");
    DoctorCommand doctor = doctor(Map.of(), H200);
    Line line = doctor.gpu().driver();
    assertTrue(line.ok());
    assertEquals(
        "550.54.15, for CUDA 12.4, " + root.resolve("usr/lib64/libcuda.so.1"), line.found());
    line = doctor.gpu().devices();
    assertTrue(line.ok());
    assertEquals("0: NVIDIA H200, compute capability 9.0, 141.0 GB", line.found());
    assertTrue(doctor.gpu().ready());
  }

  @Test
  void saysWhyADeviceCannotBeUsed() throws IOException {
    file("usr/lib64/libcuda.so.1", "");
    Line line = doctor(Map.of(), CudaSurvey.broken("12.4", "no GPU is seen")).gpu().devices();
    assertFalse(line.ok());
    assertEquals("no GPU is seen", line.found());
    CudaSurvey old =
        CudaSurvey.of("12.4", List.of(new CudaSurvey.Gpu(0, "GTX 1080", 61, 8L << 30)));
    line = doctor(Map.of(), old).gpu().devices();
    assertFalse(line.ok());
    assertTrue(line.remedy().contains("7.5"), line.remedy());
    assertFalse(doctor(Map.of(), old).gpu().ready());
  }

  @Test
  void findsALibraryThatOnlyTheLoaderKnows() throws IOException {
    file("opt/odd/libcuda.so.1", "");
    file("etc/ld.so.cache", "x\0libcuda.so.1\0/opt/odd/libcuda.so.1\0libz.so\0");
    Line line = doctor(Map.of()).gpu().driver();
    assertTrue(line.found().endsWith("opt/odd/libcuda.so.1"), line.found());
  }

  @Test
  void asksProgramsOnThePath() throws IOException {
    program("bin/nvcc", "echo 'Cuda compilation tools, release 12.4, V12.4.131'");
    program("bin/fc-list", "echo a.ttf; echo b.ttf");
    file("lib/libcuda.so.1", "");
    file("lib/libcublas.so.12", "");
    Map<String, String> env =
        Map.of("PATH", root.resolve("bin").toString(), "LD_LIBRARY_PATH", "" + root.resolve("lib"));
    DoctorCommand doctor = doctor(env);
    assertEquals("12.4, " + root.resolve("bin/nvcc"), doctor.gpu().nvcc().found());
    assertEquals("2 known to fontconfig", doctor.fonts().found());
    assertEquals("" + root.resolve("lib/libcuda.so.1"), doctor.gpu().driver().found());
    assertTrue(doctor.gpu().cublas().ok());
    program("bin/nvcc", "exit 1");
    assertTrue(doctor.gpu().nvcc().found().startsWith("does not respond"));
  }

  @Test
  void findsFontsDataAndDisk() throws IOException {
    file("usr/share/fonts/truetype/x/DejaVu.TTF", "");
    assertTrue(doctor(Map.of()).fonts().ok());
    Line data = doctor(Map.of("CSDP_DATA", root.toString())).dataSets();
    assertFalse(data.ok());
    assertTrue(data.remedy().contains("mnist, fashion, kmnist; download with csdp data fetch"));
    file("kmnist/t10k-images-idx3-ubyte", "");
    data = doctor(Map.of("CSDP_DATA", root.toString())).dataSets();
    assertTrue(data.found().contains("kmnist in " + root.resolve("kmnist")), data.found());
    data = doctor(Map.of("CSDP_DATA", root + "/none")).dataSets();
    assertFalse(data.ok());
    assertTrue(data.found().contains("not a folder"));
    // The home folder, as in all other commands.
    data = doctor(Map.of("CSDP_DATA", "~")).dataSets();
    assertFalse(data.found().contains("not a folder"), data.found());
    data = doctor(Map.of("CSDP_DATA", "~bob/x")).dataSets();
    assertTrue(data.found().contains("home of another user"), data.found());
    assertTrue(doctor(Map.of()).disk(root).found().contains("free in"));
  }

  /** Paths of every kind, with spaces and with characters that mean something to a pattern. */
  @Test
  void aReportNamesNobody() throws IOException {
    String home = root + "/home/Jane D\u00f6e $1 [x";
    program("home/Jane D\u00f6e $1 [x/bin/nvcc", "echo 'release 12.4, V12.4.131'");
    file("home/Jane D\u00f6e $1 [x/sets/kmnist/t10k-images-idx3-ubyte", "");
    file("home/Jane D\u00f6e $1 [x/.fonts/a.ttf", "");
    file("opt/Jane's lib/libcuda.so.1", "");
    file("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX  550.54.15  Release Build\n");
    Map<String, String> env =
        Map.of(
            "HOME",
            home,
            "PATH",
            home + "/bin",
            "CSDP_DATA",
            home + "/sets",
            "CSDP_CACHE",
            "D:\\Jane\\cache files",
            "LD_LIBRARY_PATH",
            root + "/opt/Jane's lib",
            "HOSTNAME",
            "janes-laptop",
            "USER",
            "jane");
    String problem =
        "the driver at "
            + root
            + "/opt/Jane's lib/libcuda.so.1 cannot be used (no code is loaded from D:\\Jane\\cache"
            + " files\\n: delete it; /srv/jane/x: no such file): reinstall it; CPU/GPU";
    DoctorCommand doctor = doctor(env, CudaSurvey.broken("12.4", problem));
    StringWriter out = new StringWriter();
    String before = System.setProperty("user.home", home);
    try {
      CommandLine cli = new CommandLine(doctor).setOut(new PrintWriter(out));
      assertEquals(0, cli.execute("--report"));
    } finally {
      System.setProperty("user.home", before);
    }
    String text = out.toString();
    assertFalse(text.toLowerCase(Locale.ROOT).contains("jane"), text);
    assertFalse(text.contains(root.toString()), text);
    assertFalse(text.contains(Path.of("").toAbsolutePath().toString()), text);
    for (String needed :
        List.of(
            "csdp4j       " + Csdp.version(),
            System.getProperty("java.version"),
            System.getProperty("os.version"),
            "--add-modules=jdk.incubator.vector",
            "CSDP_CACHE CSDP_DATA LD_LIBRARY_PATH",
            "550.54.15, for CUDA 12.4, (path hidden)",
            "the driver at (path hidden) cannot be used (no code is loaded from (path hidden):"
                + " delete it; (path hidden): no such file): reinstall it; CPU/GPU",
            "12.4, (path hidden)",
            "kmnist in (path hidden) (",
            "free in (path hidden)")) {
      assertTrue(text.contains(needed), needed + " in " + text);
    }
  }
}
