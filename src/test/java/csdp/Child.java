package csdp;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A shell command in a separate process with its own environment; {@code $CSDP} in it starts csdp
 * by its main method, like {@code mvn exec:java}.
 */
public record Child(int code, String out, String err) {

  /** Starts a command, whose streams are the files {@code out} and {@code err} in a folder. */
  public static Process start(
      Path streams, Path folder, Map<String, String> environment, String command)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", command)
            .directory(folder.toFile())
            .redirectOutput(streams.resolve("out").toFile())
            .redirectError(streams.resolve("err").toFile());
    Map<String, String> env = builder.environment();
    env.keySet().removeIf(name -> name.matches("LC_.*|LANG|DISPLAY|CSDP_DATA|.*_proxy|.*_PROXY"));
    env.put("LC_ALL", "C.UTF-8");
    env.putAll(environment);
    // Short runs: no time for the optimising compiler.
    String java =
        String.join(
            " ", OtherJava.command(List.of("-XX:TieredStopAtLevel=1"), "csdp.cli.Main", List.of()));
    env.put("CSDP", java);
    return builder.start();
  }

  /** Runs a command to its end. */
  public static Child run(Path folder, Map<String, String> environment, String command)
      throws IOException, InterruptedException {
    Path streams = Files.createTempDirectory("csdp-child");
    try {
      int code = start(streams, folder, environment, command).waitFor();
      return new Child(code, read(streams, "out"), read(streams, "err"));
    } finally {
      Files.deleteIfExists(streams.resolve("out"));
      Files.deleteIfExists(streams.resolve("err"));
      Files.deleteIfExists(streams);
    }
  }

  public static String read(Path streams, String name) throws IOException {
    return new String(Files.readAllBytes(streams.resolve(name)), StandardCharsets.UTF_8);
  }
}
