package csdp.analysis;

import csdp.analysis.plots.ActivityPlots;
import csdp.analysis.plots.AnswerPlots;
import csdp.analysis.plots.Charts;
import csdp.analysis.plots.Figure;
import csdp.analysis.plots.ImagePlots;
import csdp.analysis.plots.StepRecord;
import csdp.analysis.plots.TrainingPlots;
import csdp.analysis.tsne.Affinities;
import csdp.analysis.tsne.Neighbourhood;
import csdp.analysis.tsne.Parallel;
import csdp.analysis.tsne.Pca;
import csdp.analysis.tsne.Tsne;
import csdp.backend.Backend;
import csdp.backend.Batch;
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
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Analysis of a trained model: accuracy, rate codes, t-SNE, and plots of weights and activity.
 * Everything is computed in memory and written at the end, so a failure leaves earlier files
 * unchanged.
 */
public final class Analysis {
  /** Number of images that are recorded step by step. */
  private static final int WATCHED = 100;

  /** Number of points for the trustworthiness, which needs all pairwise distances. */
  private static final int TRUSTED = 1500;

  private static final int NEAREST = 10;

  /** Share of silent codes above which a note is added. */
  private static final double FEW = 0.1;

  /**
   * Options of an analysis.
   *
   * @param layers hidden layers 1..L whose codes are mapped
   * @param points maximum number of points of a map
   * @param perplexity of the map
   * @param sample index of the image in the raster
   * @param seed of the input spikes
   * @param batch images per batch
   * @param threads for t-SNE; 0 for one per core
   */
  public record Options(
      List<Integer> layers,
      int points,
      double perplexity,
      int sample,
      int seed,
      int batch,
      int threads) {}

  /** Receives the progress. */
  public interface Progress {
    /** Called occasionally. */
    void done(String what, int done, int of);
  }

  /**
   * A map of a layer's codes.
   *
   * @param codes of all images, n x units: spikes / T
   * @param map of the first points; all equal, and figures NaN, if all codes are equal
   * @param trust trustworthiness of the map, and of two principal components, on some points
   * @param agreement share of the ten nearest points with the same class: in the map, in the codes
   * @param seconds that the map took
   */
  record Codes(
      Population layer,
      float[] codes,
      Tsne.Result map,
      double[] trust,
      double[] agreement,
      double seconds,
      BufferedImage picture) {
    /** Returns true if the codes differ, so that a map is possible. */
    boolean hasVariance() {
      return !Double.isNaN(map.explained());
    }
  }

  final SavedModel model;
  final Dataset data;
  final String split;
  final String device;
  final Options options;
  final int points;
  final Evaluation evaluation;
  final Energy energy;
  final int energySamples;
  final List<Codes> codes = new ArrayList<>();
  final List<Figure> figures = new ArrayList<>();

  /** Notes: missing plots with reasons, and figures of limited meaning. */
  final List<String> notes = new ArrayList<>();

  private Analysis(
      SavedModel model,
      Dataset data,
      String split,
      Backend backend,
      Options options,
      Progress progress) {
    this.model = model;
    this.data = data;
    this.split = split;
    this.device = backend.description();
    this.options = options;
    NetworkSpec spec = model.spec();
    points = Math.min(options.points, data.size());
    backend.restore(model.parameters());

    List<float[]> rates = new ArrayList<>();
    List<Population> layers =
        options.layers.stream().map(l -> spec.populations(Role.HIDDEN).get(l - 1)).toList();
    layers.forEach(p -> rates.add(new float[Math.multiplyExact(data.size(), p.units())]));
    float steps = spec.constants().steps();
    evaluation =
        Evaluator.evaluate(
            backend,
            data,
            options.seed,
            options.batch,
            (done, of) -> progress.done("testing", done, of),
            (first, out) -> {
              for (int l = 0; l < layers.size(); l++) {
                float[] spikes = out.hiddenSpikes(layers.get(l));
                int at = first * layers.get(l).units();
                for (int k = 0; k < spikes.length; k++) {
                  rates.get(l)[at + k] = spikes[k] / steps;
                }
              }
            });

    notes.addAll(evaluation.notes(spec));
    progress.done("plots", 0, 2);
    StepRecord shown = StepRecord.of(backend, unlabelled(0, Math.min(WATCHED, data.size())), false);
    TrainOptions training =
        model.run() == null ? TrainOptions.epochs(1) : model.run().run().training();
    StepRecord contrast = contrast(backend, training);
    energySamples = shown.batch().size();
    energy = Energy.of(shown, contrast, training.batch());
    trainingPlots();
    figures.add(AnswerPlots.confusion(evaluation));
    if (spec.reconstruction() == null) {
      notes.add("No reconstructions: the network was trained without them.");
    } else {
      figures.add(ImagePlots.reconstructions(backend, data, options.seed));
    }
    figures.add(ImagePlots.receptiveFields(model.parameters(), data.width(), data.height()));
    StepRecord one = StepRecord.of(backend, unlabelled(options.sample, 1), true);
    float[] image = new float[data.pixels()];
    data.copyImage(options.sample, image, 0);
    figures.add(
        ActivityPlots.raster(
            one, image, data.width(), data.height(), options.sample, data.label(options.sample)));
    figures.add(ActivityPlots.spikesPerStep(shown));
    figures.add(ActivityPlots.contrast(contrast));
    figures.add(ImagePlots.histograms(model.parameters()));
    progress.done("plots", 2, 2);

    for (int l = 0; l < layers.size(); l++) {
      codes.add(map(layers.get(l), rates.get(l), progress));
    }
  }

  /**
   * Analyses a model.
   *
   * @param split name of the images in the report
   * @param backend of the model's network
   * @throws CsdpException bad input or environment
   */
  public static Analysis of(
      SavedModel model,
      Dataset data,
      String split,
      Backend backend,
      Options options,
      Progress progress) {
    check(model.spec(), data, options);
    return new Analysis(model, data, split, backend, options, progress);
  }

  /**
   * Checks the options before any long computation.
   *
   * @throws CsdpException bad input, or environment if the machine cannot draw text
   */
  public static void check(NetworkSpec spec, Dataset data, Options options) {
    requireFonts();
    Evaluator.requireFit(spec, data);
    int depth = spec.hidden().length;
    for (int layer : options.layers) {
      if (layer < 1 || layer > depth) {
        throw CsdpException.badInput("the network has hidden layers 1..%d, not %d", depth, layer);
      }
      long values = (long) data.size() * spec.hidden()[layer - 1];
      if (values > Integer.MAX_VALUE - 8) {
        throw CsdpException.badInput(
            "codes of %d images x %d units are too many for one array: use --limit",
            data.size(), spec.hidden()[layer - 1]);
      }
    }
    if (options.points < 1) {
      throw CsdpException.badInput("--points must be at least 1, not %d", options.points);
    }
    Affinities.check(Math.min(options.points, data.size()), options.perplexity);
    if (options.sample < 0 || options.sample >= data.size()) {
      throw CsdpException.badInput(
          "there is no image %d: %s has images 0..%d",
          options.sample, data.name(), data.size() - 1);
    }
  }

  /**
   * Checks that text can be drawn on this machine.
   *
   * @throws CsdpException environment, naming the missing packages
   */
  public static void requireFonts() {
    if (System.getProperty("java.awt.headless") == null) { // before AWT reads it
      System.setProperty("java.awt.headless", "true");
    }
    Charts.requireFonts();
  }

  /** Writes all files: codes, maps, plots with their data, figures as JSON, the report. */
  public void write(Path folder) {
    new AnalysisFolder(folder).write(this);
  }

  /** Returns the measurements. */
  public Evaluation evaluation() {
    return evaluation;
  }

  /** Notes: missing plots with reasons, and figures of limited meaning. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  private Batch unlabelled(int first, int n) {
    float[] images = new float[n * data.pixels()];
    for (int b = 0; b < n; b++) {
      data.copyImage(first + b, images, b * data.pixels());
    }
    return Evaluator.unlabelled(new Batch.Given(data.pixels(), images), n, options.seed, first);
  }

  private StepRecord contrast(Backend backend, TrainOptions training) {
    TrainOptions watched =
        training.withBatch(Math.min(WATCHED, data.size())).withSeed(options.seed);
    // All classes of the network, since wrong labels are drawn among them.
    Batch batch = Evaluator.contrasting(model.spec(), data, watched);
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
    figures.add(TrainingPlots.learningCurves(history, model.spec().supervised()));
  }

  private Codes map(Population layer, float[] rates, Progress progress) {
    long start = System.nanoTime();
    int d = layer.units();
    progress.done("t-SNE of " + layer.name(), 0, 1000);
    boolean varies = noteOnCodes(layer, rates);
    Tsne.Options standard = Tsne.Options.standard();
    Tsne.Result map =
        !varies
            ? new Tsne.Result(new float[2 * points], Double.NaN, 0, Double.NaN)
            : Tsne.embed(
                rates,
                points,
                d,
                new Tsne.Options(
                    options.perplexity,
                    standard.iterations(),
                    standard.components(),
                    options.threads),
                options.seed,
                (done, of) -> progress.done("t-SNE of " + layer.name(), done, of));
    double seconds = (System.nanoTime() - start) * 1e-9;
    int[] labels = new int[points];
    for (int i = 0; i < points; i++) {
      labels[i] = data.label(i);
    }
    double[] trust = {Double.NaN, Double.NaN};
    double[] agreement = {Double.NaN, Double.NaN};
    if (varies) {
      try (Parallel parallel = new Parallel(options.threads)) {
        int some = Math.min(TRUSTED, points);
        Pca.Result flat = Pca.of(rates, some, d, 2, options.seed, parallel);
        float[] plane = new float[flat.scores().length];
        for (int i = 0; i < plane.length; i++) {
          plane[i] = (float) flat.scores()[i];
        }
        int k = Math.min(NEAREST, some / 2 - 1);
        trust =
            new double[] {
              Neighbourhood.trustworthiness(rates, d, map.y(), 2, some, k, parallel),
              Neighbourhood.trustworthiness(rates, d, plane, flat.components(), some, k, parallel)
            };
        agreement =
            new double[] {
              Neighbourhood.agreement(map.y(), 2, labels, some, k, parallel),
              Neighbourhood.agreement(rates, d, labels, some, k, parallel)
            };
      }
    }
    String name = model.folder().toAbsolutePath().normalize().getFileName().toString();
    BufferedImage picture =
        AnswerPlots.map(
            map.y(),
            labels,
            data.classes(),
            Figure.text("t-SNE of the rate codes of %s (%,d units)", layer.name(), d),
            Figure.text(
                "model %s, %s, n = %,d, perplexity %s, accuracy %.2f %%",
                name,
                data.name(),
                points,
                options.perplexity == Math.rint(options.perplexity)
                    ? Long.toString(Math.round(options.perplexity))
                    : Double.toString(options.perplexity),
                100 * evaluation.accuracy()));
    return new Codes(layer, rates, map, trust, agreement, seconds, picture);
  }

  /**
   * Adds notes on silent or equal codes.
   *
   * @return true if codes differ
   */
  private boolean noteOnCodes(Population layer, float[] rates) {
    int d = layer.units();
    Set<FloatBuffer> different = new HashSet<>();
    int silent = 0;
    FloatBuffer none = FloatBuffer.allocate(d);
    for (int i = 0; i < points; i++) {
      FloatBuffer code = FloatBuffer.wrap(rates, i * d, d).slice();
      different.add(code);
      silent += code.equals(none) ? 1 : 0;
    }
    if (different.size() == 1) {
      notes.add(
          Figure.text(
              "All %,d codes of %s are equal%s: there is no variance, and nothing to map.",
              points, layer.name(), silent > 0 ? " (no unit fired)" : ""));
      return false;
    }
    if (silent > FEW * points) {
      notes.add(
          Figure.text(
              "%,d of %,d codes of %s are zero: no unit fired for these images.",
              silent, points, layer.name()));
    }
    if (different.size() <= Affinities.neighbours(options.perplexity)) {
      notes.add(
          Figure.text(
              "Only %,d of %,d codes of %s differ: its map and trustworthiness are of limited"
                  + " meaning.",
              different.size(), points, layer.name()));
    }
    return true;
  }

  /** Returns the number of points for the trustworthiness. */
  int trusted() {
    return Math.min(TRUSTED, points);
  }
}
