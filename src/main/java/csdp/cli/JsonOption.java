package csdp.cli;

import csdp.io.Json;
import csdp.io.OutputFile;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Where figures are written as JSON: the same option for every command that has some. */
final class JsonOption {
  @Option(
      names = "--json",
      paramLabel = "FILE",
      description =
          "Also write the figures here: a file, a device or a pipe. With - they go to standard"
              + " output, and the text to standard error.")
  private Path file;

  private OutputFile output;

  boolean wanted() {
    return file != null;
  }

  /** Refuses a place that cannot be written, before any work. */
  void check() {
    output = file == null ? null : OutputFile.of(file);
  }

  /** Where the command's text goes. */
  PrintWriter text(CommandSpec spec) {
    return OutputFile.isDash(file) ? spec.commandLine().getErr() : spec.commandLine().getOut();
  }

  /** Writes the figures, if they were asked for. */
  void write(CommandSpec spec, Object figures) {
    if (file != null) {
      PrintWriter out = spec.commandLine().getOut();
      output.write(
          Json.bytes(figures),
          bytes -> {
            out.println(new String(bytes, StandardCharsets.UTF_8).stripTrailing());
            out.flush();
          });
    }
  }
}
