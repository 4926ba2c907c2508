package csdp.cli;

import csdp.checkpoint.NgcLearnModel;
import csdp.checkpoint.SavedModel;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes a model in the form of the released code. */
@Command(
    name = "export",
    description =
        "Write a model in the form that the released code (ngc-learn) saves and loads:"
            + " components.json and a folder of NPZ files.")
final class ExportCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "A new or empty folder.")
  private Path to;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    SavedModel saved = model.open();
    NgcLearnModel.write(to, saved.parameters(), saved.seed());
    spec.commandLine()
        .getOut()
        .printf(Locale.ROOT, "%s (%s) written to %s%n", saved.folder(), saved.spec(), to);
    return 0;
  }
}
