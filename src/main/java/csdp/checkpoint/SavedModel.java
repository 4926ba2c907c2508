package csdp.checkpoint;

import csdp.data.ImageSize;
import csdp.data.Ink;
import csdp.error.CsdpException;
import csdp.io.Hdf5;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A trained model on disk: a run of csdp4j, a folder saved by the released code, or a NIR file.
 *
 * @param folder of the model, or its NIR file
 * @param parameters with their network
 * @param learning rates that it was trained with
 * @param extra image size, class names, seed and other values of its training
 * @param run configuration of its training; null unless a run of csdp4j
 */
public record SavedModel(
    Path folder,
    Parameters parameters,
    Learning learning,
    NgcLearnModel.Extra extra,
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
    if (Hdf5.isOne(folder)) {
      return nir(folder, notice);
    }
    if (!Files.isDirectory(folder)) {
      throw CsdpException.badInput(
          Files.exists(folder) ? "%s is neither a model folder nor a NIR file" : "no model at %s",
          folder);
    }
    RunFolder ours = new RunFolder(folder);
    if (ours.isRun()) {
      RunRecord run = ours.record();
      RunRecord.Data data = run.seen();
      NetworkSpec spec = run.run().spec(data.width() * data.height(), data.classes());
      NgcLearnModel.Extra extra =
          new NgcLearnModel.Extra(
              spec.constants().steps(),
              spec.constants().dt(),
              data.width(),
              data.height(),
              run.run().training().seed(),
              data.ink(),
              data.classNames(),
              run.run().data().size() != null,
              data.recordedSteps());
      Learning learning = run.run().training().learning();
      return new SavedModel(folder, ours.parameters(spec, latest), learning, extra, run);
    }
    for (Path place : new Path[] {folder, folder.resolve("snn_csdp")}) {
      NgcLearnModel.requireNotNewer(place);
      if (NgcLearnModel.isIn(place)) {
        return released(place, NgcLearnModel.read(place), notice);
      }
    }
    NgcLearnModel named = NgcLearnModel.ofParameters(folder);
    if (named != null) {
      return released(folder, named, notice);
    }
    throw CsdpException.badInput(
        "%s is not a model: it has neither config.json (a run of csdp) nor components.json (saved"
            + " by the released code)",
        folder);
  }

  /** Returns a copy with another seed of the input spikes. */
  public SavedModel withSeed(int other) {
    return new SavedModel(folder, parameters, learning, extra.withSeed(other), run);
  }

  /** The network. */
  public NetworkSpec spec() {
    return parameters.spec();
  }

  /** Width of its images, pixels. */
  public int width() {
    return extra.width();
  }

  /** Height of its images, pixels. */
  public int height() {
    return extra.height();
  }

  /** Seed of its training; the released demo's if unknown. */
  public int seed() {
    return extra.seed();
  }

  /** Brightness of its training images; null if unknown. */
  public Ink ink() {
    return extra.ink();
  }

  /** Returns the name of a class, its number without names. */
  public String className(int k) {
    return extra.classNames() == null ? Integer.toString(k) : extra.classNames().get(k);
  }

  /** Returns the names of all classes, as {@link #className}. */
  public List<String> classNames() {
    return IntStream.range(0, spec().classes()).mapToObj(this::className).toList();
  }

  /** Returns true if the images of its training were scaled. */
  public boolean scalesImages() {
    return extra.scalesImages();
  }

  /**
   * Refuses a model that was trained with recorded spikes.
   *
   * @param user that shows images, for the message
   * @throws CsdpException bad input
   */
  public void requireImages(String user) {
    if (extra.recordedSteps() != null) {
      throw CsdpException.badInput(
          "%s was trained with recorded spikes, but %s takes images: use evaluate or encode, with"
              + " --data",
          folder, user);
    }
  }

  private static SavedModel nir(Path file, Consumer<String> notice) {
    NirFile.Content found = NirFile.read(file);
    NetworkSpec spec = found.parameters().spec();
    boolean told = found.width() != 0;
    int width = told ? found.width() : ImageSize.ofPixels(spec.input().units()).width();
    int height = spec.input().units() / width;
    notice.accept("NIR has no adaptive threshold: each unit of " + file + " keeps its initial one");
    if (!told || !found.stepsKnown()) {
      notice.accept(
          String.format(
              Locale.ROOT,
              "%s does not tell %s: T %d and %d x %d pixels are assumed",
              file,
              told ? "T" : found.stepsKnown() ? "the image size" : "T and the image size",
              spec.constants().steps(),
              width,
              height));
    }
    NgcLearnModel.Extra extra = NgcLearnModel.Extra.of(spec, width, height, RELEASED_SEED);
    return new SavedModel(file, found.parameters(), Learning.forBatch(500), extra, null);
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
    NetworkSpec spec = model.spec();
    boolean told = extra != null && extra.width() != null;
    int pixels = spec.input().units();
    int width = told ? extra.width() : ImageSize.ofPixels(pixels).width();
    int height = pixels / width;
    if (extra == null) {
      notice.accept(
          String.format(
              Locale.ROOT,
              "%s has no %s with time steps and image size: T %d, dt %s ms, %d x %d pixels are"
                  + " assumed",
              place,
              NgcLearnModel.EXTRA_FILE,
              spec.constants().steps(),
              spec.constants().dt(),
              width,
              height));
      extra = NgcLearnModel.Extra.of(spec, width, height, RELEASED_SEED);
    } else if (!told) {
      extra = extra.withSize(width, height);
    }
    return new SavedModel(place, model.parameters(), model.learning(), extra, null);
  }

  /**
   * Writes the model in the released code's format, with {@link NgcLearnModel#EXTRA_FILE}.
   *
   * @throws CsdpException as {@link NgcLearnModel#write}
   */
  public void export(Path to) {
    NgcLearnModel.write(to, parameters, learning, extra);
  }

  /**
   * Writes the classifier as a NIR graph, with T and image size as metadata. The adaptive threshold
   * cannot be expressed: thresholds stay at their initial values.
   *
   * @param file new
   * @throws CsdpException bad input if it exists, environment if it cannot be written
   */
  public void exportNir(Path file) {
    if (Files.exists(file)) {
      throw CsdpException.badInput("%s exists: name a new file", file);
    }
    NirFile.write(file, parameters, width(), height());
  }
}
