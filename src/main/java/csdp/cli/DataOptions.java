package csdp.cli;

import csdp.checkpoint.RunRecord;
import csdp.checkpoint.SavedModel;
import csdp.config.RunConfig;
import csdp.data.BuiltIn;
import csdp.data.DataCatalog;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.error.CsdpException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Data options, shared by all commands that read a data set. */
final class DataOptions {
  @Option(
      names = "--data",
      paramLabel = "SET",
      description =
          "mnist, fashion, kmnist, digits, strokes, or a folder: with IDX, .npy, .npz or CSV files,"
              + " with a folder of image files per class, or with recorded spikes. Default:"
              + " $CSDP_DATA, else mnist, else (without data and network) digits.")
  private String data;

  @Option(
      names = "--train-x",
      paramLabel = "NPY",
      description =
          "Training images, n x pixels or n x height x width: floats in [0,1], grey levels 0..255"
              + " or bool. Only a file named trainSpikes.npy or trainBits.npy is read as"
              + " recorded spikes.")
  private Path trainX;

  @Option(
      names = "--train-y",
      paramLabel = "NPY",
      description = "Training labels, one-hot or integers from 0.")
  private Path trainY;

  @Option(names = "--valid-x", paramLabel = "NPY", description = "Validation images.")
  private Path validX;

  @Option(names = "--valid-y", paramLabel = "NPY", description = "Validation labels.")
  private Path validY;

  @Option(
      names = "--test-x",
      paramLabel = "NPY",
      description = "Test images; optional for training.")
  private Path testX;

  @Option(names = "--test-y", paramLabel = "NPY", description = "Test labels.")
  private Path testY;

  @Option(
      names = "--valid",
      paramLabel = "N",
      description =
          "Use the last N training images for validation if the data has no validation images."
              + " Default: 10000; 2000 with the quick preset. Data with fewer training images than"
              + " five times this default: a tenth of them.")
  private Integer valid;

  @Option(
      names = "--train-limit",
      paramLabel = "N",
      description = "Use only N training images. Default: all; 24000 with the quick preset.")
  private Integer trainLimit;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      description =
          "Scale the images of a folder of image files, for example to 28x28. Needed if their sizes"
              + " differ.")
  private String size;

  @Option(
      names = "--split-seed",
      paramLabel = "N",
      description =
          "Seed of the split of one tree of image files into training, validation and test images."
              + " Default: 1234.")
  private Integer splitSeed;

  @Option(
      names = "--window",
      paramLabel = "MS",
      description =
          "For events with times: the first MS of each recording are divided into the T steps."
              + " Default: 300 for N-MNIST, 1400 for SHD and SSC.")
  private Float window;

  /** Returns the data of a run, overridden by the given options. */
  RunConfig.Data over(RunConfig.Data base) {
    boolean other = data != null || arrays();
    return new RunConfig.Data(
        other ? name() : base.name(),
        other ? text(trainX) : base.trainX(),
        other ? text(trainY) : base.trainY(),
        other ? text(validX) : base.validX(),
        other ? text(validY) : base.validY(),
        other ? text(testX) : base.testX(),
        other ? text(testY) : base.testY(),
        valid == null ? base.valid() : valid,
        base.defaultValid(),
        trainLimit == null ? base.trainLimit() : trainLimit,
        size != null ? size : other ? null : base.size(),
        splitSeed != null ? splitSeed : other ? null : base.splitSeed(),
        window != null ? window : other ? null : base.window());
  }

  /**
   * Returns the images for a trained model: a split of its training data, or of the named data.
   *
   * @throws CsdpException environment, if the model's data is missing: other images would give
   *     other measurements under the same name
   */
  Dataset images(SavedModel model, Split split, CommandSpec spec) {
    RunConfig.Data trained =
        model.run() == null ? RunConfig.Preset.DEMO.config().data() : model.run().run().data();
    RunConfig.Data wanted = over(trained);
    if (model.run() != null
        && !given()
        && split == Split.TEST
        && model.run().seen().test() == null) {
      throw CsdpException.badInput(
          "%s was trained without test images: give --test-x and --test-y, or use --split valid",
          model.folder());
    }
    Dataset images =
        DataSources.split(
            wanted.request(),
            split,
            line -> spec.commandLine().getErr().println("notice: " + line));
    if (images != null) {
      images = images.inSteps(model.spec().constants().steps());
    } else {
      throw CsdpException.badInput("the run has no validation images: use --split test or train");
    }
    if (given()) {
      return images.inClasses(model.classNames());
    }
    if (model.run() != null) {
      RunRecord.Data seen = model.run().seen();
      RunRecord.Part part =
          switch (split) {
            case TRAIN -> seen.train();
            case VALID -> seen.valid();
            case TEST -> seen.test();
          };
      if (part != null && !part.sha256().equals(images.sha256())) {
        throw CsdpException.environment(
            "%s was trained with %s, but %s, which was found now, has other content: name the"
                + " data with --data",
            model.folder(), seen.name(), images.name());
      }
    }
    return images;
  }

  /** Returns true if a file of images or labels was named. */
  private boolean arrays() {
    return Stream.of(trainX, trainY, validX, validY, testX, testY).anyMatch(Objects::nonNull);
  }

  /** Returns true if data were named. */
  boolean given() {
    return data != null
        || arrays()
        || valid != null
        || trainLimit != null
        || size != null
        || splitSeed != null
        || window != null;
  }

  /** Returns a folder by its absolute path, so that a run can be resumed from any directory. */
  private String name() {
    return data == null
            || DataCatalog.standard().find(data).isPresent()
            || BuiltIn.find(data).isPresent()
            || !Files.isDirectory(DataSources.path(data))
        ? data
        : text(DataSources.path(data));
  }

  private static String text(Path p) {
    return p == null ? null : p.toAbsolutePath().normalize().toString();
  }
}
