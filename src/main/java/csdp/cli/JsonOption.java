package csdp.cli;

import csdp.io.Json;
import csdp.io.OutputFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The option --json, shared by all commands with figures. */
final class JsonOption {
  @Option(
      names = "--json",
      paramLabel = "FILE",
      description =
          "Also write the figures as JSON to a file, device or pipe. With -, JSON goes to"
              + " standard output and text to standard error.")
  private Path file;

  private OutputFile output;

  boolean wanted() {
    return file != null;
  }

  /** Refuses a path that cannot be written, before any work. */
  void check() {
    output = file == null ? null : OutputFile.of(file);
  }

  /** Returns the stream of the command's text. */
  PrintWriter text(CommandSpec spec) {
    return OutputFile.isDash(file) ? spec.commandLine().getErr() : spec.commandLine().getOut();
  }

  /** Writes the figures if requested. */
  void write(CommandSpec spec, Object figures) {
    if (file != null) {
      output.write(Json.bytes(figures), bytes -> Main.print(spec.commandLine().getOut(), bytes));
    }
  }
}
