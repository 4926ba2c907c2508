package csdp.cli;

import csdp.analysis.Analysis;
import csdp.analysis.AnalysisFolder;
import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.metrics.Evaluation;
import csdp.train.Evaluator;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes rate codes, t-SNE, plots and a report of a trained model. */
@Command(
    name = "analyze",
    description = {
      "Measure a trained model without labels and write its rate codes, linear probe, t-SNE, plots"
          + " (learning curves, confusion, spikes over time, receptive fields, reconstructions, weights)"
          + " and report.html, which contains everything.",
      "Default data: the data of the training."
    })
final class AnalyzeCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Output folder. Default: the model's folder.")
  private Path out;

  @Mixin private SplitOptions split;

  @Mixin private LayerOption layer;

  @Option(
      names = "--points",
      defaultValue = "10000",
      paramLabel = "N",
      description = "Maximum number of points in a t-SNE map. Default: ${DEFAULT-VALUE}.")
  private int points;

  @Option(
      names = "--perplexity",
      defaultValue = "30",
      paramLabel = "P",
      description = "Perplexity of t-SNE; needs more than 3 P points. Default: ${DEFAULT-VALUE}.")
  private double perplexity;

  @Option(
      names = "--sample",
      defaultValue = "0",
      paramLabel = "I",
      description = "Index of the image in the spike raster. Default: ${DEFAULT-VALUE}.")
  private int sample;

  @Mixin private DataOptions data;

  @Mixin private DeviceOptions device;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter print = spec.commandLine().getOut();
    split.check();
    Analysis.requireFonts();
    Device where = device.resolve(spec);
    SavedModel saved = model.open(spec);
    Path to = out == null ? saved.folder() : out;
    new AnalysisFolder(to).check();
    Dataset images = split.images(data, saved, spec);
    Analysis.Options options =
        new Analysis.Options(
            layer.layers(saved.spec().hidden().length),
            points,
            perplexity,
            sample,
            split.seed(saved),
            Evaluator.BATCH,
            device.threads());
    Analysis.check(saved.spec(), images, options);
    try (Backend backend = where.open(saved.spec(), device.threads())) {
      print.printf(Locale.ROOT, "model     %s (%s)%n", saved.folder(), saved.spec());
      print.printf(
          Locale.ROOT, "data      %s, %,d %ss%n", images.name(), images.size(), images.noun());
      print.printf(Locale.ROOT, "device    %s%n", backend.description());
      print.flush();
      ProgressPrinter progress = new ProgressPrinter(print, spec.commandLine().getErr());
      Analysis analysis =
          Analysis.of(
              saved,
              images,
              split.name(),
              () -> data.images(saved, Split.TRAIN, spec),
              backend,
              options,
              progress::working);
      progress.clear();
      Evaluation e = analysis.evaluation();
      print.printf(Locale.ROOT, "accuracy  %.2f %%%n", 100 * e.accuracy());
      print.printf(Locale.ROOT, "NLL       %.4f nats%n", e.nll());
      if (analysis.probe() != null) {
        print.printf(Locale.ROOT, "probe     %s%n", EvaluateCommand.text(analysis.probe()));
      }
      analysis.write(to);
      analysis.notes().forEach(note -> print.println("note      " + note));
      print.printf(Locale.ROOT, "report    %s%n", to.resolve("report.html"));
      print.flush();
    }
    return 0;
  }
}
