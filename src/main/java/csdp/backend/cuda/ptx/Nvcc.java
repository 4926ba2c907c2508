package csdp.backend.cuda.ptx;

import csdp.io.SearchPath;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The CUDA compiler of this machine. The build uses it to compile PTX; a user's machine needs it
 * only if the driver refuses that.
 *
 * @param program path of nvcc
 * @param version such as 13.0.88
 */
public record Nvcc(Path program, String version) {
  /** Why -fmad=false: see kernels/common.cuh. */
  static final List<String> FLAGS = List.of("-fmad=false");

  private static final Pattern VERSION = Pattern.compile("\\bV(\\d+(?:\\.\\d+)+)");

  /** Finds the compiler in this process's environment. */
  public static Optional<Nvcc> find() {
    return find(System.getenv());
  }

  /**
   * Finds a working compiler on the PATH, below CUDA_HOME or CUDA_PATH, or in the default folders
   * of toolkits. Blank and relative entries of the PATH are ignored: they would run a program of
   * the current folder.
   */
  static Optional<Nvcc> find(Map<String, String> env) {
    List<Path> folders = SearchPath.folders(env.get("PATH"));
    for (String variable : new String[] {"CUDA_HOME", "CUDA_PATH"}) {
      if (!env.getOrDefault(variable, "").isBlank()) {
        folders.add(new File(env.get(variable), "bin").toPath());
      }
    }
    folders.add(Path.of("/usr/local/cuda/bin"));
    return folders.stream()
        .flatMap(f -> Stream.of(f.resolve("nvcc"), f.resolve("nvcc.exe")))
        .filter(p -> p.isAbsolute() && Files.isRegularFile(p) && Files.isExecutable(p))
        .flatMap(p -> version(p).map(v -> new Nvcc(p, v)).stream())
        .findFirst();
  }

  private static Optional<String> version(Path program) {
    try {
      Matcher m = VERSION.matcher(run(List.of(program.toString(), "--version"), null));
      return m.find() ? Optional.of(m.group(1)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Compiles the kernels to PTX for a virtual architecture such as compute_75. */
  public String ptx(KernelSources sources, String target) throws IOException {
    return new String(compile(sources, "-ptx", target), java.nio.charset.StandardCharsets.US_ASCII);
  }

  /** Compiles the kernels to machine code for an architecture such as sm_90. */
  byte[] cubin(KernelSources sources, String architecture) throws IOException {
    return compile(sources, "-cubin", architecture);
  }

  private byte[] compile(KernelSources sources, String form, String arch) throws IOException {
    Path work = Files.createTempDirectory("csdp4j-nvcc");
    try {
      sources.writeTo(work);
      StringBuilder all = new StringBuilder();
      KernelSources.FAMILIES.forEach(f -> all.append("#include \"" + f + ".cu\"\n"));
      Files.writeString(work.resolve("all.cu"), all);
      List<String> command = new ArrayList<>(List.of(program.toString(), form, "-arch=" + arch));
      command.addAll(FLAGS);
      command.addAll(List.of("-o", "out", "all.cu"));
      run(command, work);
      return Files.readAllBytes(work.resolve("out"));
    } finally {
      try (Stream<Path> files = Files.walk(work)) {
        files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
      }
    }
  }

  private static String run(List<String> command, Path folder) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Process p = builder.directory(folder == null ? null : folder.toFile()).start();
    try {
      p.getOutputStream().close();
      String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (p.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + " failed: " + said.strip());
      }
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      p.destroy();
    }
  }
}
