package csdp.cli;

import csdp.checkpoint.NgcLearnModel;
import csdp.checkpoint.SavedModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes a model in the released code's format. */
@Command(
    name = "export",
    description =
        "Write a model in the released code's format (ngc-learn): components.json and a folder of"
            + " NPZ files. csdp.json adds the time steps and the image size, which that format"
            + " cannot hold.")
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
    SavedModel saved = model.open(spec);
    saved.export(to);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(Locale.ROOT, "%s (%s) written to %s%n", saved.folder(), saved.spec(), to);
    out.printf(
        Locale.ROOT,
        "T %d, dt %s ms and images of %d x %d pixels cannot be saved in that format: they are in"
            + " %s, which csdp reads and ngc-learn ignores%n",
        saved.spec().constants().steps(),
        saved.spec().constants().dt(),
        saved.width(),
        saved.height(),
        to.resolve(NgcLearnModel.EXTRA_FILE));
    out.flush();
    return 0;
  }
}
