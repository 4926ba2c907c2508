package csdp.cli;

import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.FolderOptions;
import csdp.data.ImageSize;
import csdp.data.Ink;
import csdp.data.Splits;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads a folder of data and describes it. */
@Command(
    name = "explain",
    description = {
      "Read a folder and show what train --data would use: format, parts, sizes, classes, ranges.",
      "Formats: IDX files as of MNIST, torchvision and EMNIST; .npy and .npz; CSV as of Kaggle; a"
          + " folder of image files per class (PNG, JPEG, BMP, GIF), in train, valid and test, or in"
          + " one tree.",
      "Recorded spikes: N-MNIST (Train/CLASS/*.bin); SHD and SSC (NAME_train.h5); trainSpikes.npy"
          + " (bool, n x steps x units) or trainBits.npy (packed along the last axis by np.packbits),"
          + " with trainY.npy; likewise valid and test."
    })
final class DataExplainCommand implements Callable<Integer> {
  /** Most classes whose images are counted one by one. */
  private static final int COUNTED = 100;

  @Parameters(paramLabel = "FOLDER", description = "The folder, or the name of a data set.")
  private Path folder;

  @Option(names = "--size", paramLabel = "WxH", description = "As for train.")
  private String size;

  @Option(names = "--split-seed", paramLabel = "N", description = "As for train.")
  private Integer splitSeed;

  @Option(names = "--window", paramLabel = "MS", description = "As for train.")
  private Float window;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    DataRequest request =
        DataRequest.of(folder.toString(), 0, 0)
            .with(new FolderOptions(ImageSize.parse(size), splitSeed, window));
    Splits found =
        DataSources.open(request, line -> spec.commandLine().getErr().println("notice: " + line));
    out.printf("data     %s: %s%n", found.name(), found.description());
    describe(out, "train", found.train());
    describe(out, "valid", found.valid());
    describe(out, "test", found.test());
    if (found.valid() == null) {
      out.println("valid    none: train --valid N sets the last N training images aside");
    }
    if (found.test() == null) {
      out.println("test     none: the final test is left out");
    }
    out.flush();
    return 0;
  }

  private static DoubleSummaryStatistics values(Dataset images) {
    DoubleSummaryStatistics values = new DoubleSummaryStatistics();
    float[] image = new float[images.pixels()];
    for (int i = 0; i < images.size(); i++) {
      images.copyImage(i, image, 0);
      for (float pixel : image) {
        values.accept(pixel);
      }
    }
    return values;
  }

  private static void describe(PrintWriter out, String part, Dataset images) {
    if (images == null) {
      return;
    }
    Ink ink = images.ink();
    int[] counts = new int[images.classes()];
    for (int i = 0; i < images.size(); i++) {
      counts[images.label(i)]++;
    }
    out.printf(Locale.ROOT, "%-8s %,d %s, ", part, images.size(), images.samples());
    switch (images.kind()) {
      case BYTES, FLOATS -> {
        DoubleSummaryStatistics values = values(images);
        out.printf(
            Locale.ROOT,
            "values %.3f to %.3f, mean %.3f%n",
            values.getMin(),
            values.getMax(),
            ink.mean());
      }
      case SPIKES -> {
        double units = (double) images.pixels() * images.steps();
        out.printf(
            Locale.ROOT,
            "%.0f spikes in %d steps each, from %.0f to %.0f%n",
            ink.mean() * units,
            images.steps(),
            ink.least() * units,
            ink.most() * units);
      }
    }
    List<String> each = new ArrayList<>();
    for (int k = 0; k < Math.min(COUNTED, counts.length); k++) {
      each.add(String.format(Locale.ROOT, "%s: %,d", images.className(k), counts[k]));
    }
    out.printf(
        Locale.ROOT,
        "         %d classes: %s%s%n",
        counts.length,
        String.join(", ", each),
        counts.length > COUNTED ? ", ..." : "");
  }
}
