package csdp.cli;

import csdp.checkpoint.SavedModel;
import csdp.error.CsdpException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Which trained model: the same options for every command that reads one. */
final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Folder of a run, or a model folder that the released code saved.")
  private Path folder;

  @Option(
      names = "--last",
      description = "Take the last parameters of a run instead of the best ones.")
  private boolean last;

  SavedModel open(CommandSpec spec) {
    SavedModel model =
        SavedModel.open(
            folder, last, line -> spec.commandLine().getErr().println("notice: " + line));
    if (last && model.run() == null) {
      throw CsdpException.badInput(
          "--last has no meaning for %s, which the released code saved", folder);
    }
    return model;
  }
}
