package csdp.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.cli.DoctorCommand.Line;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
  @TempDir Path root;

  private DoctorCommand doctor(Map<String, String> env) {
    return new DoctorCommand(env, root, false);
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
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(new String[] {"doctor"}, new PrintWriter(out), new PrintWriter(err));
    assertEquals(0, code, err.toString());
    assertEquals("", err.toString());
    String text = out.toString();
    assertTrue(text.contains(System.getProperty("java.version")), text);
    assertTrue(text.matches("(?s).*ok +Vector API +jdk.incubator.vector, \\d+ bits wide.*"), text);
    for (String name : new String[] {"cores", "CUDA driver", "nvcc", "fonts", "data", "free in"}) {
      assertTrue(text.contains(name), name + " in " + text);
    }
    assertTrue(text.contains("csdp4j has no CUDA backend yet; training runs on the CPU"), text);
  }

  @Test
  void aBareMachineLearnsWhatToDo() {
    DoctorCommand bare = doctor(Map.of());
    for (Line line : new Line[] {bare.cudaDriver(), bare.nvcc(), bare.fonts(), bare.dataSets()}) {
      assertFalse(line.ok(), line.toString());
      assertFalse(line.remedy().isBlank());
    }
    assertTrue(bare.fonts().remedy().contains("fontconfig fonts-dejavu-core"));
    assertTrue(bare.cudaDriver().remedy().contains("training runs on the CPU"));
  }

  @Test
  void findsDriverAndDevices() throws IOException {
    file(
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build\nGCC\n");
    file("usr/lib64/libcuda.so.1", "");
    file("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA H200\nIRQ: 1\n");
    Line line = doctor(Map.of()).cudaDriver();
    assertTrue(line.ok());
    assertEquals(
        "550.54.15, " + root.resolve("usr/lib64/libcuda.so.1") + "; NVIDIA H200", line.found());
    assertTrue(line.remedy().contains("no CUDA backend yet"));
  }

  @Test
  void asksProgramsOnThePath() throws IOException {
    program("bin/nvcc", "echo 'Cuda compilation tools, release 12.4, V12.4.131'");
    program("bin/nvidia-smi", "echo 'GPU 0: NVIDIA L4 (UUID: GPU-1)'");
    program("bin/fc-list", "echo a.ttf; echo b.ttf");
    file("lib/libcuda.so.1", "");
    Map<String, String> env =
        Map.of("PATH", root.resolve("bin").toString(), "LD_LIBRARY_PATH", "" + root.resolve("lib"));
    DoctorCommand doctor = doctor(env);
    assertEquals("12.4, " + root.resolve("bin/nvcc"), doctor.nvcc().found());
    assertEquals("2 known to fontconfig", doctor.fonts().found());
    assertTrue(
        doctor.cudaDriver().found().endsWith("GPU 0: NVIDIA L4"), doctor.cudaDriver().found());
    program("bin/nvcc", "exit 1");
    assertTrue(doctor.nvcc().found().startsWith("does not answer"));
  }

  @Test
  void findsFontsDataAndDisk() throws IOException {
    file("usr/share/fonts/truetype/x/DejaVu.TTF", "");
    assertTrue(doctor(Map.of()).fonts().ok());
    Line data = doctor(Map.of("CSDP_DATA", root.toString())).dataSets();
    assertFalse(data.ok());
    assertTrue(data.remedy().contains("mnist, fashion, kmnist; get them with csdp data fetch"));
    file("kmnist/t10k-images-idx3-ubyte", "");
    data = doctor(Map.of("CSDP_DATA", root.toString())).dataSets();
    assertTrue(data.found().contains("kmnist in " + root.resolve("kmnist")), data.found());
    data = doctor(Map.of("CSDP_DATA", root + "/none")).dataSets();
    assertFalse(data.ok());
    assertTrue(data.found().contains("not a folder"));
    assertTrue(DoctorCommand.disk(root).found().contains("free in"));
  }
}
