package csdp.analysis;

import csdp.analysis.plots.AnswerPlots;
import csdp.analysis.plots.Figure;
import csdp.analysis.tsne.Affinities;
import csdp.analysis.tsne.Neighbourhood;
import csdp.analysis.tsne.Parallel;
import csdp.analysis.tsne.Pca;
import csdp.analysis.tsne.Tsne;
import csdp.data.Dataset;
import csdp.model.Population;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Maps rate codes by t-SNE, and measures how well the map keeps neighbours. */
final class CodesMapper {
  /** Number of points for the trustworthiness, which needs all pairwise distances. */
  private static final int TRUSTED = 1500;

  private static final int NEAREST = 10;

  /** Share of silent codes above which a note is added. */
  private static final double FEW = 0.1;

  /**
   * Quality of a map; all NaN without one.
   *
   * @param trust trustworthiness of the map and of two principal components
   * @param agreement of classes among neighbours in the map and in the codes
   */
  private record Quality(double[] trust, double[] agreement) {
    static final Quality NONE =
        new Quality(new double[] {Double.NaN, Double.NaN}, new double[] {Double.NaN, Double.NaN});
  }

  private final Dataset data;
  private final Analysis.Options options;
  private final String model;
  private final double accuracy;
  private final List<String> notes;
  private final Analysis.Progress progress;
  private final int points;
  private final int[] labels; // of the points

  /**
   * A mapper.
   *
   * @param data images of the codes
   * @param model name, for the picture
   * @param accuracy on the images, for the picture
   * @param notes receives notes on silent or equal codes
   */
  CodesMapper(
      Dataset data,
      Analysis.Options options,
      String model,
      double accuracy,
      List<String> notes,
      Analysis.Progress progress) {
    this.data = data;
    this.options = options;
    this.model = model;
    this.accuracy = accuracy;
    this.notes = notes;
    this.progress = progress;
    this.points = options.pointsOf(data);
    this.labels = IntStream.range(0, points).map(data::label).toArray();
  }

  /** Returns the number of points for the trustworthiness. */
  static int trusted(int points) {
    return Math.min(TRUSTED, points);
  }

  /**
   * Maps the codes of a layer.
   *
   * @param rates n x units
   */
  Codes map(Population layer, float[] rates) {
    long start = System.nanoTime();
    progress.done("t-SNE of " + layer.name(), 0, 1000);
    boolean varies = noteOnCodes(layer, rates);
    Tsne.Result map =
        varies
            ? embed(layer, rates)
            : new Tsne.Result(new float[2 * points], Double.NaN, 0, Double.NaN);
    double seconds = (System.nanoTime() - start) * 1e-9;
    Quality quality = varies ? quality(rates, layer.units(), map) : Quality.NONE;
    return new Codes(
        layer, rates, map, quality.trust, quality.agreement, seconds, picture(layer, map));
  }

  private Tsne.Result embed(Population layer, float[] rates) {
    Tsne.Options standard = Tsne.Options.standard();
    return Tsne.embed(
        rates,
        points,
        layer.units(),
        new Tsne.Options(
            options.perplexity(), standard.iterations(), standard.components(), options.threads()),
        options.seed(),
        (done, of) -> progress.done("t-SNE of " + layer.name(), done, of));
  }

  private Quality quality(float[] rates, int units, Tsne.Result map) {
    try (Parallel parallel = new Parallel(options.threads())) {
      int some = trusted(points);
      Pca.Result flat = Pca.of(rates, some, units, 2, options.seed(), parallel);
      float[] plane = new float[flat.scores().length];
      for (int i = 0; i < plane.length; i++) {
        plane[i] = (float) flat.scores()[i];
      }
      int k = Math.min(NEAREST, some / 2 - 1);
      return new Quality(
          new double[] {
            Neighbourhood.trustworthiness(rates, units, map.y(), 2, some, k, parallel),
            Neighbourhood.trustworthiness(rates, units, plane, flat.components(), some, k, parallel)
          },
          new double[] {
            Neighbourhood.agreement(map.y(), 2, labels, some, k, parallel),
            Neighbourhood.agreement(rates, units, labels, some, k, parallel)
          });
    }
  }

  private BufferedImage picture(Population layer, Tsne.Result map) {
    double perplexity = options.perplexity();
    return AnswerPlots.map(
        map.y(),
        labels,
        data.classes(),
        data::className,
        Figure.text("t-SNE of the rate codes of %s (%,d units)", layer.name(), layer.units()),
        Figure.text(
            "model %s, %s, n = %,d, perplexity %s, accuracy %.2f %%",
            model,
            data.name(),
            points,
            perplexity == Math.rint(perplexity)
                ? Long.toString(Math.round(perplexity))
                : Double.toString(perplexity),
            100 * accuracy));
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
    if (different.size() <= Affinities.neighbours(options.perplexity())) {
      notes.add(
          Figure.text(
              "Only %,d of %,d codes of %s differ: its map and trustworthiness are of limited"
                  + " meaning.",
              different.size(), points, layer.name()));
    }
    return true;
  }
}
