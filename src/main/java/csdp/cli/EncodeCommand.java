package csdp.cli;

import csdp.Csdp;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.cluster.Cluster;
import csdp.data.Dataset;
import csdp.data.ImageSource;
import csdp.encode.CodesWriter;
import csdp.encode.EncodeJob;
import csdp.encode.EncodeRequest;
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
      "Write class, probabilities and rate codes of any number of images, in constant memory."
          + " Input spikes of an image depend on its index alone, so results do not depend on"
          + " --batch, and a job can be split into parts with --first.",
      "NAME.csv has a row per image. NAME.npy has the codes (n x units), beside it"
          + " NAME_classes.npy, NAME_probabilities.npy and NAME_images.csv (index, image, true"
          + " class, error). On Spark: NAME.parquet with the columns index, image, true_class, class,"
          + " probabilities, z1, z2 and so on, error.",
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
      description =
          "A .npy or .csv file, or with --engine spark a folder NAME.parquet; replaced when all"
              + " images are done.")
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

  @Mixin private EngineOptions engine;

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
    boolean local = engine.isLocal();
    long start = System.nanoTime();
    EncodeJob.Summary summary = local ? here(job, print) : onCluster();
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

  private EncodeJob.Summary here(EncodeJob job, PrintWriter print) {
    Device where = device.resolve(spec);
    SavedModel saved = model.open(spec);
    List<Population> layers =
        layers(saved).stream().map(l -> saved.spec().populations(Role.HIDDEN).get(l - 1)).toList();
    List<Path> files = files();
    try (ImageSource images =
            files == null
                ? ImageSource.of(fitting(saved, split.images(data, saved, spec)))
                : ImageSource.of(
                    files, saved.width(), saved.height(), invert, saved.scalesImages());
        CodesWriter codes = CodesWriter.of(out, saved.spec(), layers);
        Csdp network = Csdp.of(saved.withSeed(split.seed(saved)), where, device.threads())) {
      ProgressPrinter progress = new ProgressPrinter(print, spec.commandLine().getErr());
      EncodeJob.Summary summary = job.run(network, images, codes, progress::encoded);
      progress.clear();
      return summary;
    }
  }

  private EncodeJob.Summary onCluster() {
    if (!out.toString().endsWith(".parquet")) {
      throw CsdpException.badInput(
          "%s: a cluster writes Parquet; name a folder that ends with .parquet", out);
    }
    SavedModel saved = model.open(spec);
    List<Integer> layers = layers(saved);
    List<Path> files = files();
    EncodeRequest.DataPart part = files == null ? part(saved) : null;
    EncodeRequest request =
        new EncodeRequest(
            absolute(saved.folder()),
            model.isLast(),
            split.seed(saved),
            layers,
            files == null ? null : files.stream().map(EncodeCommand::absolute).toList(),
            invert,
            part,
            first,
            split.limit(),
            absolute(out));
    try (Cluster cluster = engine.open(device)) {
      PrintWriter print = spec.commandLine().getOut();
      print.printf(Locale.ROOT, "cluster   %s%n", cluster.description());
      print.flush();
      return cluster.encode(request);
    }
  }

  private EncodeRequest.DataPart part(SavedModel saved) {
    Dataset images = fitting(saved, data.images(saved, split.split(), spec));
    return new EncodeRequest.DataPart(data.of(saved), split.split(), images.sha256());
  }

  private static Dataset fitting(SavedModel saved, Dataset images) {
    Evaluator.requireFit(saved.spec(), images);
    return images;
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  private List<Integer> layers(SavedModel saved) {
    return layer.layers(saved.spec().hidden().length);
  }

  /** Returns the files of --images; null for a data set. */
  private List<Path> files() {
    if (patterns == null) {
      if (invert) {
        throw CsdpException.badInput("--invert needs --images");
      }
      return null;
    }
    if (data.given()) {
      throw CsdpException.badInput("--images and a data set were given; give one or the other");
    }
    return patterns.stream().flatMap(p -> ImageSource.find(p).stream()).toList();
  }
}
