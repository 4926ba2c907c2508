package csdp.cli;

import csdp.Csdp;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.data.Dataset;
import csdp.data.ImageSource;
import csdp.encode.CodesWriter;
import csdp.encode.EncodeJob;
import csdp.error.CsdpException;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.train.Evaluator;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes labels, probabilities and rate codes of any number of images. */
@Command(
    name = "encode",
    description = {
      "Write class, probabilities and rate codes of any number of images or recordings, in constant"
          + " memory."
          + " Input spikes of an image depend on its index alone, so results do not depend on"
          + " --batch, and a job can be split into parts with --first.",
      "NAME.csv has a row per image. NAME.npy has the codes (n x units), beside it"
          + " NAME_classes.npy, NAME_probabilities.npy and NAME_images.csv (index, image, true"
          + " class, error).",
      "Default images: the test images of the training."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:done, but some images could not be read: their rows hold the error, NaN and class -1",
      "2:usage or bad input; nothing is written",
      "3:environment; nothing is written"
    })
final class EncodeCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "A .npy or .csv file; replaced when all images are done.")
  private Path out;

  @Option(
      names = "--images",
      arity = "1..*",
      paramLabel = "PATTERN",
      description =
          "Files (as for predict), folders, or quoted patterns such as 'scans/*.png'; in the order"
              + " of their names. Instead of --data and --split.")
  private List<String> patterns;

  @Option(names = "--invert", description = "Invert the images of --images, for dark strokes.")
  private boolean invert;

  @Option(
      names = "--first",
      paramLabel = "N",
      defaultValue = "0",
      description = "Index of the first image. Default: ${DEFAULT-VALUE}.")
  private int first;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "500",
      description = "Images in memory at a time. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Mixin private LayerOption layer;

  @Mixin private SplitOptions split;

  @Mixin private DataOptions data;

  @Mixin private DeviceOptions device;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter print = spec.commandLine().getOut();
    split.check();
    EncodeJob job = new EncodeJob(first, split.limit(), batch);
    Device where = device.resolve(spec);
    SavedModel saved = model.open(spec);
    List<Population> layers =
        layer.layers(saved.spec().hidden().length).stream()
            .map(l -> saved.spec().populations(Role.HIDDEN).get(l - 1))
            .toList();
    EncodeJob.Summary summary;
    long start = System.nanoTime();
    try (ImageSource images = images(saved);
        CodesWriter codes = CodesWriter.of(out, saved.spec(), layers);
        Csdp network = Csdp.of(saved.withSeed(split.seed(saved)), where, device.threads())) {
      ProgressPrinter progress = new ProgressPrinter(print, spec.commandLine().getErr());
      summary = job.run(network, images, codes, progress::encoded);
      progress.clear();
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    print.printf(
        Locale.ROOT,
        "encoded   %,d images in %s, %.0f images/s%n",
        summary.images() - summary.failed(),
        out,
        summary.images() / seconds);
    print.flush();
    if (summary.failed() == 0) {
      return 0;
    }
    spec.commandLine()
        .getErr()
        .printf(
            Locale.ROOT,
            "warning: %,d of %,d images could not be read, see the column error; the first: %s%n",
            summary.failed(),
            summary.images(),
            summary.error());
    return CsdpException.FAILED;
  }

  private ImageSource images(SavedModel saved) {
    if (patterns == null) {
      if (invert) {
        throw CsdpException.badInput("--invert needs --images");
      }
      Dataset images = split.images(data, saved, spec);
      Evaluator.requireFit(saved.spec(), images);
      return ImageSource.of(images);
    }
    if (data.given()) {
      throw CsdpException.badInput("--images and a data set were given; give one or the other");
    }
    saved.requireImages("--images");
    List<Path> files = patterns.stream().flatMap(p -> ImageSource.find(p).stream()).toList();
    return ImageSource.of(files, saved.width(), saved.height(), invert, saved.scalesImages());
  }
}
