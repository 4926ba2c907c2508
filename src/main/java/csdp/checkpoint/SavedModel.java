package csdp.checkpoint;

import csdp.data.Ink;
import csdp.error.CsdpException;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A trained model on disk: a run of csdp4j, or a folder saved by the released code.
 *
 * @param folder of the model
 * @param parameters with their network
 * @param learning rates that it was trained with
 * @param width of its images, pixels
 * @param height of its images, pixels
 * @param seed of its training; the released demo's if unknown
 * @param ink of its training images; null if unknown
 * @param run configuration of its training; null for a folder of the released code
 */
public record SavedModel(
    Path folder,
    Parameters parameters,
    Learning learning,
    int width,
    int height,
    int seed,
    Ink ink,
    RunRecord run) {
  private static final int RELEASED_SEED = 1234;

  /**
   * Reads a model.
   *
   * @param latest true for the last parameters of a run instead of the best
   * @throws CsdpException bad input, if there is no complete model
   */
  public static SavedModel open(Path folder, boolean latest) {
    return open(folder, latest, line -> {});
  }

  /**
   * As above.
   *
   * @param notice receives one line for each assumption about the model or oddity
   */
  public static SavedModel open(Path folder, boolean latest, Consumer<String> notice) {
    if (!Files.isDirectory(folder)) {
      throw CsdpException.badInput("no model folder at %s", folder);
    }
    RunFolder ours = new RunFolder(folder);
    if (ours.isRun()) {
      RunRecord run = ours.record();
      RunRecord.Data data = run.seen();
      NetworkSpec spec = run.run().spec(data.width() * data.height(), data.classes());
      return new SavedModel(
          folder,
          ours.parameters(spec, latest),
          run.run().training().learning(),
          data.width(),
          data.height(),
          run.run().training().seed(),
          data.ink(),
          run);
    }
    for (Path place : new Path[] {folder, folder.resolve("snn_csdp")}) {
      if (NgcLearnModel.isIn(place)) {
        return released(place, NgcLearnModel.read(place), notice);
      }
    }
    throw CsdpException.badInput(
        "%s is not a model: it has neither config.json (a run of csdp) nor components.json (saved"
            + " by the released code)",
        folder);
  }

  /** The network. */
  public NetworkSpec spec() {
    return parameters.spec();
  }

  private static SavedModel released(Path place, NgcLearnModel model, Consumer<String> notice) {
    if (model.isUntrained()) {
      notice.accept(
          String.format(
              Locale.ROOT,
              "%s holds only untrained parameters (%s), no best_params*",
              place,
              model.parameterFolder().getFileName()));
    }
    NgcLearnModel.Extra extra = model.extra();
    int pixels = model.spec().input().units();
    int side = (int) Math.round(Math.sqrt(pixels));
    boolean square = side * side == pixels;
    boolean told = extra != null && extra.width() != null;
    int width = told ? extra.width() : square ? side : pixels;
    int height = pixels / width;
    if (extra == null) {
      notice.accept(
          String.format(
              Locale.ROOT,
              "%s has no %s with time steps and image size: T %d, dt %s ms, %d x %d pixels are"
                  + " assumed",
              place,
              NgcLearnModel.EXTRA_FILE,
              model.spec().constants().steps(),
              model.spec().constants().dt(),
              width,
              height));
    }
    return new SavedModel(
        place,
        model.parameters(),
        model.learning(),
        width,
        height,
        extra == null ? RELEASED_SEED : extra.seed(),
        extra == null ? null : extra.ink(),
        null);
  }

  /**
   * Writes the model in the released code's format, with {@link NgcLearnModel#EXTRA_FILE}.
   *
   * @throws CsdpException as {@link NgcLearnModel#write}
   */
  public void export(Path to) {
    NgcLearnModel.write(to, parameters, learning, width, height, seed, ink);
  }
}
