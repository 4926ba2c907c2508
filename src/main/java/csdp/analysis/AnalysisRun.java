package csdp.analysis;

import csdp.analysis.plots.ActivityPlots;
import csdp.analysis.plots.AnswerPlots;
import csdp.analysis.plots.Figure;
import csdp.analysis.plots.ImagePlots;
import csdp.analysis.plots.StepRecord;
import csdp.analysis.plots.TrainingPlots;
import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.checkpoint.RunFolder;
import csdp.checkpoint.SavedModel;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.metrics.Evaluation;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.train.EpochMetrics;
import csdp.train.Evaluator;
import csdp.train.LinearProbe;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Computes an analysis: evaluation with rate codes, recorded windows, plots, maps. */
final class AnalysisRun {
  /** Number of images that are recorded step by step. */
  private static final int WATCHED = 100;

  private final SavedModel model;
  private final NetworkSpec spec;
  private final Dataset data;
  private final Supplier<Dataset> train;
  private final Backend backend;
  private final Analysis.Options options;
  private final Analysis.Progress progress;
  private final List<Population> layers; // whose codes are mapped
  private final List<float[]> rates = new ArrayList<>(); // of each layer, n x units
  private final List<Figure> figures = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  AnalysisRun(
      SavedModel model,
      Dataset data,
      Supplier<Dataset> train,
      Backend backend,
      Analysis.Options options,
      Analysis.Progress progress) {
    this.model = model;
    this.spec = model.spec();
    this.data = data;
    this.train = train;
    this.backend = backend;
    this.options = options;
    this.progress = progress;
    this.layers =
        options.layers().stream().map(l -> spec.populations(Role.HIDDEN).get(l - 1)).toList();
  }

  /** Runs all parts. */
  Analysis.Results run() {
    backend.restore(model.parameters());
    LinearProbe probe = probe();
    Evaluation evaluation = evaluate(probe == null ? null : probe.answers(data));
    notes.addAll(evaluation.notes(spec));

    progress.done("plots", 0, 2);
    TrainOptions training =
        model.run() == null ? TrainOptions.epochs(1) : model.run().run().training();
    StepRecord shown = StepRecord.of(backend, unlabelled(0, Math.min(WATCHED, data.size())), false);
    StepRecord contrast = contrast(training);
    Energy energy = Energy.of(shown, contrast, training);
    trainingPlots();
    figures.add(AnswerPlots.confusion(evaluation, data::className));
    reconstructions();
    figures.add(ImagePlots.receptiveFields(model.parameters(), data.width(), data.height()));
    figures.add(raster());
    figures.add(ActivityPlots.spikesPerStep(shown));
    figures.add(ActivityPlots.contrast(contrast));
    figures.add(ImagePlots.histograms(model.parameters()));
    progress.done("plots", 2, 2);

    List<Codes> codes = maps(evaluation);
    return new Analysis.Results(
        evaluation,
        energy,
        shown.batch().size(),
        probe == null ? null : probe.result(),
        codes,
        List.copyOf(figures),
        List.copyOf(notes));
  }

  /** Fits linear probes, or returns null and adds a note if there are no training images. */
  private LinearProbe probe() {
    Dataset images;
    try {
      LinearProbe.requireRoom(spec);
      images = train.get();
      Evaluator.requireFit(spec, images);
    } catch (CsdpException e) {
      notes.add("No linear probe: " + e.getMessage());
      return null;
    }
    return LinearProbe.fit(
        backend,
        images,
        options.seed(),
        options.batch(),
        (done, of) -> progress.done("codes of training images", done, of));
  }

  /**
   * Evaluates the model and keeps the rate codes.
   *
   * @param probe receives the read-outs too; null for none
   */
  private Evaluation evaluate(Evaluator.Answers probe) {
    layers.forEach(p -> rates.add(new float[Math.multiplyExact(data.size(), p.units())]));
    return Evaluator.evaluate(
        backend,
        data,
        options.seed(),
        options.batch(),
        (done, of) -> progress.done("testing", done, of),
        (first, out) -> {
          addCodes(first, out);
          if (probe != null) {
            probe.take(first, out);
          }
        });
  }

  private void addCodes(int first, ReadOut out) {
    for (int l = 0; l < layers.size(); l++) {
      int units = layers.get(l).units();
      for (int b = 0; b < out.size(); b++) {
        System.arraycopy(
            out.rateCode(layers.get(l), b), 0, rates.get(l), (first + b) * units, units);
      }
    }
  }

  private Batch unlabelled(int first, int n) {
    return Evaluator.unlabelled(data, first, n, options.seed());
  }

  private StepRecord contrast(TrainOptions training) {
    TrainOptions watched =
        training.withBatch(Math.min(WATCHED, data.size())).withSeed(options.seed()).withShift(0);
    // All classes of the network, since wrong labels are drawn among them.
    Batch batch = Evaluator.contrasting(spec, data, watched);
    return StepRecord.of(backend, batch, false);
  }

  private void trainingPlots() {
    if (model.run() == null) {
      notes.add("No learning curves: a model in the released code's format has no metrics.jsonl.");
      return;
    }
    List<EpochMetrics> history = new RunFolder(model.folder()).history();
    if (history.isEmpty()) {
      notes.add("No learning curves: the run has no metrics.jsonl.");
      return;
    }
    figures.add(TrainingPlots.learningCurves(history, spec.supervised()));
  }

  private void reconstructions() {
    if (spec.reconstruction() == null) {
      notes.add("No reconstructions: the network was trained without them.");
    } else {
      figures.add(ImagePlots.reconstructions(backend, data, options.seed()));
    }
  }

  private Figure raster() {
    int sample = options.sample();
    StepRecord one = StepRecord.of(backend, unlabelled(sample, 1), true);
    return ActivityPlots.raster(one, data, sample);
  }

  private List<Codes> maps(Evaluation evaluation) {
    String name = model.folder().toAbsolutePath().normalize().getFileName().toString();
    CodesMapper mapper =
        new CodesMapper(data, options, name, evaluation.accuracy(), notes, progress);
    List<Codes> codes = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      codes.add(mapper.map(layers.get(l), rates.get(l)));
    }
    return codes;
  }
}
