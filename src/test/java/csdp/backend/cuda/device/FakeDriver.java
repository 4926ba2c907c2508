package csdp.backend.cuda.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import csdp.OtherJava;
import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.ptx.KernelSources;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Compiles the fake libraries of src/test/native and runs csdp with them in a separate JVM. */
final class FakeDriver {
  private final Path libraries;
  private final Path cache;

  /** How a run of csdp ended. */
  record Result(int code, String out, String err) {
    @Override
    public String toString() {
      return "exit code " + code + "\n" + out.substring(0, Math.min(4000, out.length())) + err;
    }

    /** csdp's last word. */
    String message() {
      return err.lines().filter(l -> l.startsWith("csdp: ")).reduce("", (a, b) -> b);
    }
  }

  private FakeDriver(Path libraries, Path cache) {
    this.libraries = libraries;
    this.cache = cache;
  }

  static Optional<String> unavailable() {
    String os = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
    return os.equals("Linux on amd64")
        ? EmulatedDevice.unavailable()
        : Optional.of("it is made for Linux on amd64, not for " + os);
  }

  static FakeDriver build(Path dir) throws IOException, InterruptedException {
    Path libraries = Files.createDirectories(dir.resolve("driver"));
    Path kernels = dir.resolve("kernels");
    EmulatedLibrary.withBuild(KernelSources.host()).writeTo(kernels);
    gcc(
        List.of(
            "-I" + kernels,
            "-Wl,-soname,libcuda.so.1",
            "-o",
            libraries + "/libcuda.so.1",
            "src/test/native/driver.cpp"));
    Path versions = dir.resolve("versions");
    Files.writeString(versions, "libcublas.so.12 { global: cublas*; local: *; };\n");
    gcc(
        List.of(
            "-Wl,-soname,libcublas.so.12",
            "-Wl,--version-script=" + versions,
            "-o",
            libraries + "/libcublas.so.12",
            "src/test/native/cublas.cpp",
            "-L" + libraries,
            "-l:libcuda.so.1"));
    return new FakeDriver(libraries, dir.resolve("cache"));
  }

  private static void gcc(List<String> arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "g++",
                "-std=c++17",
                "-O2",
                "-fPIC",
                "-shared",
                "-ffp-contract=off",
                "-fno-math-errno"));
    command.addAll(arguments);
    Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, p.waitFor(), said);
  }

  Path cache() {
    return cache;
  }

  Path cublas() {
    return libraries.resolve("libcublas.so.12");
  }

  /** Runs csdp with the fake libraries. */
  Result csdp(String steering, String... args) throws IOException, InterruptedException {
    Map<String, String> env = new HashMap<>();
    env.put("LD_LIBRARY_PATH", libraries.toString());
    env.put("CSDP_CACHE", cache.toString());
    env.put("CSDP_FAKE_CUDA", steering);
    return run(env, false, List.of("csdp.cli.Main"), args);
  }

  /** Prints the devices of the driver below a root folder. */
  static final class Survey {
    private Survey() {}

    public static void main(String[] args) {
      System.out.println(Cuda.ask(Map.of(), Path.of(args[0])));
    }
  }

  /** Queries a fake driver in a folder outside the loader's path. */
  Result survey(Path root) throws IOException, InterruptedException {
    Path folder = Files.createDirectories(root.resolve("run/opengl-driver/lib"));
    Files.copy(libraries.resolve("libcuda.so.1"), folder.resolve("libcuda.so.1"));
    Map<String, String> env = Map.of("CSDP_CACHE", cache.toString(), "CSDP_FAKE_CUDA", "");
    return run(env, false, List.of(Survey.class.getName()), root.toString());
  }

  /** Runs csdp as it is on this machine, with or without JCuda's jars. */
  static Result java(boolean withoutJCuda, List<String> options, String... args)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(options);
    all.add("csdp.cli.Main");
    return run(Map.of(), withoutJCuda, all, args);
  }

  private static Result run(
      Map<String, String> env, boolean withoutJCuda, List<String> optionsAndMain, String... args)
      throws IOException, InterruptedException {
    String classPath =
        Arrays.stream(OtherJava.CLASS_PATH.split(File.pathSeparator))
            .filter(
                p ->
                    !withoutJCuda
                        || !Path.of(p).getFileName().toString().matches("j(cuda|cublas)-.*"))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command = new ArrayList<>();
    command.add(OtherJava.PROGRAM);
    // Short runs: no time for the optimising compiler.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", classPath));
    command.addAll(optionsAndMain);
    command.addAll(List.of(args));
    Path out = Files.createTempFile("csdp-out", null);
    Path err = Files.createTempFile("csdp-err", null);
    try {
      ProcessBuilder b = new ProcessBuilder(command);
      b.environment().putAll(env);
      Process p = b.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      int code = p.waitFor();
      return new Result(code, Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }
}
