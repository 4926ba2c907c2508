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

/** Writes a model in the released code's format or as a NIR graph. */
@Command(
    name = "export",
    description = {
      "Write a model for other tools.",
      "ngc-learn: the released code's format, components.json and a folder of NPZ files. csdp.json"
          + " adds the time steps and the image size, which that format cannot hold.",
      "nir: the classifier as a graph of LIF, Linear and Delay nodes in an HDF5 file, times in ms."
          + " NIR cannot express the adaptive threshold; measure the file with csdp evaluate"
          + " --model FILE.nir."
    })
final class ExportCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "PATH",
      description = "A new or empty folder; for nir, a new file.")
  private Path to;

  private enum Format {
    NGC_LEARN,
    NIR;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Option(
      names = "--format",
      defaultValue = "ngc-learn",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Format format;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    SavedModel saved = model.open(spec);
    switch (format) {
      case NGC_LEARN -> saved.export(to);
      case NIR -> saved.exportNir(to);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.printf(Locale.ROOT, "%s (%s) written to %s%n", saved.folder(), saved.spec(), to);
    switch (format) {
      case NGC_LEARN -> noteForNgcLearn(out, saved);
      case NIR -> noteForNir(out, saved);
    }
    out.flush();
    return 0;
  }

  private void noteForNir(PrintWriter out, SavedModel saved) {
    out.printf(
        Locale.ROOT,
        "T %d and images of %d x %d pixels are in the graph's metadata; labels, reconstruction and"
            + " plasticity are left out%n"
            + "NIR cannot express the adaptive threshold: thresholds stay at their initial values,"
            + " which changes the accuracy; measure it with csdp evaluate --model %s%n",
        saved.spec().constants().steps(),
        saved.width(),
        saved.height(),
        to);
  }

  private void noteForNgcLearn(PrintWriter out, SavedModel saved) {
    out.printf(
        Locale.ROOT,
        "T %d, dt %s ms and images of %d x %d pixels cannot be saved in that format: they are in"
            + " %s, which csdp reads and ngc-learn ignores%n",
        saved.spec().constants().steps(),
        saved.spec().constants().dt(),
        saved.width(),
        saved.height(),
        to.resolve(NgcLearnModel.EXTRA_FILE));
  }
}
