package csdp.analysis;

import csdp.analysis.plots.Charts;
import csdp.analysis.plots.Figure;
import csdp.analysis.tsne.Affinities;
import csdp.backend.Backend;
import csdp.checkpoint.SavedModel;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.metrics.Evaluation;
import csdp.model.NetworkSpec;
import csdp.train.Evaluator;
import csdp.train.LinearProbe;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/**
 * Analysis of a trained model: accuracy, rate codes, t-SNE, and plots of weights and activity.
 * Everything is computed in memory and written at the end, so a failure leaves earlier files
 * unchanged.
 */
public final class Analysis {
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
      int threads) {
    /** Returns the number of points of a map of a data set. */
    int pointsOf(Dataset data) {
      return Math.min(points, data.size());
    }
  }

  /** Receives the progress. */
  public interface Progress {
    /** Called occasionally. */
    void done(String what, int done, int of);
  }

  /**
   * Results of an analysis.
   *
   * @param energySamples images, and as many pairs, that energy was counted on
   * @param probe linear probes of the hidden layers; null without training images
   * @param codes of each requested layer
   * @param figures all plots except maps
   * @param notes missing plots with reasons, and figures of limited meaning
   */
  record Results(
      Evaluation evaluation,
      Energy energy,
      int energySamples,
      LinearProbe.Result probe,
      List<Codes> codes,
      List<Figure> figures,
      List<String> notes) {}

  final SavedModel model;
  final Dataset data;
  final String split;
  final String device;
  final Options options;
  final int points;
  final Results results;

  private Analysis(
      SavedModel model,
      Dataset data,
      String split,
      String device,
      Options options,
      Results results) {
    this.model = model;
    this.data = data;
    this.split = split;
    this.device = device;
    this.options = options;
    this.points = options.pointsOf(data);
    this.results = results;
  }

  /**
   * Analyses a model.
   *
   * @param split name of the images in the report
   * @param train returns the training images, for linear probes; if it fails, a note says why there
   *     are none
   * @param backend of the model's network
   * @throws CsdpException bad input or environment
   */
  public static Analysis of(
      SavedModel model,
      Dataset data,
      String split,
      Supplier<Dataset> train,
      Backend backend,
      Options options,
      Progress progress) {
    check(model.spec(), data, options);
    String device = backend.description();
    Results results = new AnalysisRun(model, data, train, backend, options, progress).run();
    return new Analysis(model, data, split, device, options, results);
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
    Affinities.check(options.pointsOf(data), options.perplexity);
    if (options.sample < 0 || options.sample >= data.size()) {
      throw CsdpException.badInput(
          "there is no image %d: %s has images 0..%d",
          options.sample, data.name(), data.size() - 1);
    }
  }

  /**
   * Checks that plots with text can be drawn on this machine.
   *
   * @throws CsdpException environment, naming the missing module or packages
   */
  public static void requireFonts() {
    if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
      throw CsdpException.environment(
          "this Java has no module java.desktop, which plots need: use a full JDK");
    }
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
    return results.evaluation;
  }

  /** Returns the accuracy of linear probes, or null without training images. */
  public LinearProbe.Result probe() {
    return results.probe;
  }

  /** Notes: missing plots with reasons, and figures of limited meaning. */
  public List<String> notes() {
    return results.notes;
  }

  /** Returns the number of points for the trustworthiness. */
  int trusted() {
    return CodesMapper.trusted(points);
  }
}
