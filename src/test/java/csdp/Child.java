package csdp;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that has ended. */
public record Child(int code, String out, String err) {
  private static final Duration LONG = Duration.ofHours(1);

  /** All that it printed. */
  public String said() {
    return out + err;
  }

  /**
   * Starts a shell command with its own environment; {@code $CSDP} in it starts csdp by its main
   * method, like {@code mvn exec:java}.
   *
   * @param streams the folder of the files {@code out} and {@code err}, to {@link #read}
   */
  public static Process start(
      Path streams, Path folder, Map<String, String> environment, String command)
      throws IOException {
    return start(streams, shell(folder, environment, command));
  }

  private static Process start(Path streams, ProcessBuilder builder) throws IOException {
    return builder
        .redirectOutput(streams.resolve("out").toFile())
        .redirectError(streams.resolve("err").toFile())
        .start();
  }

  private static ProcessBuilder shell(
      Path folder, Map<String, String> environment, String command) {
    ProcessBuilder builder = new ProcessBuilder("bash", "-c", command).directory(folder.toFile());
    Map<String, String> env = builder.environment();
    env.keySet().removeIf(name -> name.matches("LC_.*|LANG|DISPLAY|CSDP_DATA|.*_proxy|.*_PROXY"));
    env.put("LC_ALL", "C.UTF-8");
    env.putAll(environment);
    // Short runs: no time for the optimising compiler.
    String java =
        String.join(
            " ", OtherJava.command(List.of("-XX:TieredStopAtLevel=1"), "csdp.cli.Main", List.of()));
    env.put("CSDP", java);
    return builder;
  }

  /** Runs a shell command to its end, see {@link #start}. */
  public static Child run(Path folder, Map<String, String> environment, String command)
      throws IOException, InterruptedException {
    return run(shell(folder, environment, command), LONG);
  }

  /** Runs a program to its end. */
  public static Child run(ProcessBuilder builder) throws IOException, InterruptedException {
    return run(builder, LONG);
  }

  /** Runs a program, which must end within a time. */
  public static Child run(ProcessBuilder builder, Duration limit)
      throws IOException, InterruptedException {
    Path streams = Files.createTempDirectory("csdp-child");
    try {
      Process process = start(streams, builder);
      try {
        if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
          throw new AssertionError("no end within " + limit + ": " + builder.command());
        }
        return new Child(process.exitValue(), read(streams, "out"), read(streams, "err"));
      } finally {
        process.destroyForcibly();
      }
    } finally {
      Files.deleteIfExists(streams.resolve("out"));
      Files.deleteIfExists(streams.resolve("err"));
      Files.deleteIfExists(streams);
    }
  }

  public static String read(Path streams, String name) throws IOException {
    return new String(Files.readAllBytes(streams.resolve(name)), StandardCharsets.UTF_8);
  }

  /** Returns why there is no Python with NumPy; null if there is one. */
  public static String noNumpy() throws InterruptedException {
    return missing("numpy");
  }

  /** Returns why there is no Python with a module; null if there is one. */
  private static String missing(String module) throws InterruptedException {
    try {
      ProcessBuilder python = new ProcessBuilder("python3", "-c", "import " + module);
      return run(python).code() == 0 ? null : "python3 has no " + module + " here";
    } catch (IOException e) {
      return "no python3 here";
    }
  }

  /** Runs a Python script of the repository to its end; skips the test without NumPy. */
  public static Child python(Duration limit, String... command)
      throws IOException, InterruptedException {
    return pythonWith("numpy", limit, command);
  }

  /** Runs a Python script to its end; skips the test without a module that it needs. */
  public static Child pythonWith(String module, Duration limit, String... command)
      throws IOException, InterruptedException {
    String missing = missing(module);
    assumeTrue(missing == null, missing);
    List<String> all = new ArrayList<>(List.of("python3"));
    all.addAll(List.of(command));
    return run(new ProcessBuilder(all), limit);
  }
}
