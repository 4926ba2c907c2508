package csdp.cli;

import csdp.checkpoint.SavedModel;
import csdp.error.CsdpException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Model options, shared by all commands that read a trained model. */
final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description =
          "Folder of a run, a model folder that the released code saved or one of its best_params*"
              + " folders, or a NIR file (see export --format nir).")
  private Path folder;

  @Option(names = "--last", description = "Use the last parameters of a run instead of the best.")
  private boolean last;

  boolean isLast() {
    return last;
  }

  SavedModel open(CommandSpec spec) {
    SavedModel model =
        SavedModel.open(
            folder, last, line -> spec.commandLine().getErr().println("notice: " + line));
    if (last && model.run() == null) {
      throw CsdpException.badInput(
          "--last cannot be used with %s: it is not a run of csdp", folder);
    }
    return model;
  }
}
