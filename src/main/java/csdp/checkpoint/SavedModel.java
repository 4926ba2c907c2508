package csdp.checkpoint;

import csdp.CsdpException;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A trained model on disk: a run of ours, or a folder that the released code saved.
 *
 * @param folder where it was found
 * @param parameters with their network
 * @param width of its images, pixels
 * @param height of its images, pixels
 * @param run how it was trained; null for a folder of the released code
 */
public record SavedModel(Path folder, Parameters parameters, int width, int height, RunRecord run) {

  /**
   * Reads a model.
   *
   * @param latest take the last parameters of a run instead of the best ones
   * @throws CsdpException bad input, when there is no complete model
   */
  public static SavedModel open(Path folder, boolean latest) {
    if (!Files.isDirectory(folder)) {
      throw CsdpException.badInput("no model folder at %s", folder);
    }
    RunFolder ours = new RunFolder(folder);
    if (ours.isRun()) {
      RunRecord run = ours.record();
      RunRecord.Data data = run.seen();
      NetworkSpec spec = run.run().spec(data.width() * data.height(), data.classes());
      return new SavedModel(
          folder, ours.parameters(spec, latest), data.width(), data.height(), run);
    }
    for (Path place : new Path[] {folder, folder.resolve("snn_csdp")}) {
      if (NgcLearnModel.isIn(place)) {
        NgcLearnModel model = NgcLearnModel.read(place);
        int pixels = model.spec().input().units();
        int side = (int) Math.round(Math.sqrt(pixels));
        boolean square = side * side == pixels;
        return new SavedModel(
            place, model.parameters(), square ? side : pixels, square ? side : 1, null);
      }
    }
    throw CsdpException.badInput(
        "%s is no model: it has neither config.json (a run of csdp) nor components.json (saved by"
            + " the released code)",
        folder);
  }

  /** The network. */
  public NetworkSpec spec() {
    return parameters.spec();
  }

  /** The seed it was trained with; the released demo's for its folders. */
  public int seed() {
    return run == null ? 1234 : run.run().training().seed();
  }
}
