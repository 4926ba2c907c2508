package csdp.cli;

import csdp.Csdp;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.cluster.Cluster;
import csdp.data.Dataset;
import csdp.data.ImageSource;
import csdp.encode.CodesWriter;
import csdp.encode.EncodeJob;
import csdp.encode.EncodePart;
import csdp.error.CsdpException;
import csdp.io.Disk;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.train.Evaluator;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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
          + " class, error). NAME.parquet, with --engine spark, has the columns index, image,"
          + " true_class, class, probabilities, z1, z2 and so on, error.",
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
              + " images are done. A pipe or device NAME.csv receives rows at once.")
  private Path out;

  @Option(
      names = "--images",
      arity = "1..*",
      paramLabel = "PATTERN",
      description =
          "Files (as for predict), folders, or quoted patterns such as 'scans/*.png', in the"
              + " given order; within a folder or pattern in the order of names, without the"
              + " results of an earlier call with the same --out. Instead of --data and --split.")
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
    SavedModel saved = model.open(spec);
    List<Population> layers =
        layer.layers(saved.spec().hidden().length).stream()
            .map(l -> saved.spec().populations(Role.HIDDEN).get(l - 1))
            .toList();
    EncodePart files = files(job, saved, local);
    Dataset set = files == null ? images(saved) : null;
    Supplier<ImageSource> images = () -> files == null ? ImageSource.of(set) : files.images(saved);
    try (ImageSource opened = images.get()) {
      job.requireReadable(opened);
    }
    long start = System.nanoTime();
    EncodeJob.Summary summary = local ? encode(job, saved, layers, images) : encode(files, layers);
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

  /** Encodes in this process. */
  private EncodeJob.Summary encode(
      EncodeJob job, SavedModel saved, List<Population> layers, Supplier<ImageSource> images) {
    Device where = device.resolve(spec);
    try (ImageSource opened = images.get();
        CodesWriter codes = CodesWriter.of(out, saved.spec(), layers);
        Csdp network = Csdp.of(saved.withSeed(split.seed(saved)), where, device.threads())) {
      ProgressPrinter progress =
          new ProgressPrinter(spec.commandLine().getOut(), spec.commandLine().getErr());
      EncodeJob.Summary summary = job.run(network, opened, codes::add, progress::encoded);
      codes.commit();
      progress.clear();
      return summary;
    }
  }

  /** Encodes on a cluster. */
  private EncodeJob.Summary encode(EncodePart files, List<Population> layers) {
    try (Cluster cluster = engine.connect(device)) {
      PrintWriter print = spec.commandLine().getOut();
      print.println("cluster   " + cluster.description());
      print.flush();
      return cluster.encode(files, layers, out.toAbsolutePath().normalize());
    }
  }

  /** Returns the encoding of --images; null for a data set. */
  private EncodePart files(EncodeJob job, SavedModel saved, boolean local) {
    if (patterns == null) {
      if (invert || !local) {
        throw CsdpException.badInput("%s needs --images", invert ? "--invert" : "--engine spark");
      }
      return null;
    }
    if (data.given()) {
      throw CsdpException.badInput("--images and a data set were given; give one or the other");
    }
    saved.requireImages("--images");
    List<String> files =
        patterns.stream()
            .flatMap(p -> inputs(p).stream())
            .map(f -> (local ? f : f.toAbsolutePath().normalize()).toString())
            .toList();
    String place = saved.folder().toAbsolutePath().normalize().toString();
    return new EncodePart(place, model.isLast(), split.seed(saved), invert, files, 0, job);
  }

  /**
   * Returns the files that a user names, without the results of an earlier call.
   *
   * @throws CsdpException bad input, if --out would replace one of them
   */
  private List<Path> inputs(String pattern) {
    List<Path> found = ImageSource.find(pattern);
    List<Path> outputs = CodesWriter.files(out);
    Set<Path> written = outputs.stream().map(Disk::real).collect(Collectors.toSet());
    List<Path> others = found.stream().filter(f -> !written.contains(Disk.real(f))).toList();
    boolean earlier = outputs.size() > 1 && outputs.stream().allMatch(Files::exists);
    if (others.isEmpty() || (others.size() < found.size() && !earlier)) {
      throw CsdpException.badInput(
          "--out %s would replace %s, which is one of the images: name another file",
          out,
          found.stream().filter(f -> written.contains(Disk.real(f))).findFirst().orElseThrow());
    }
    return others;
  }

  private Dataset images(SavedModel saved) {
    Dataset images = split.images(data, saved, spec);
    Evaluator.requireFit(saved.spec(), images);
    return images;
  }
}
