package csdp.analysis.plots;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.data.Dataset;
import csdp.io.Csv;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Synapse;
import csdp.train.Evaluator;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleToIntFunction;
import java.util.stream.IntStream;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.StandardXYBarPainter;
import org.jfree.chart.renderer.xy.XYBarRenderer;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;

/** Plots of weights and images. */
public final class ImagePlots {
  private static final int BINS = 50;
  private static final int MOST_CLASSES = 20;

  private ImagePlots() {}

  /** Draws an image of a few pixels, each as a square. */
  static void tile(
      Graphics2D g,
      float[] values,
      int width,
      int height,
      double x,
      double y,
      double scale,
      DoubleToIntFunction colour) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, colour.applyAsInt(values[i]));
    }
    g.drawImage(image, new java.awt.geom.AffineTransform(scale, 0, 0, scale, x, y), null);
    g.setColor(new Color(0xAAAAAA));
    g.setStroke(new BasicStroke(0.5f));
    g.draw(new Rectangle2D.Double(x, y, width * scale, height * scale));
    g.setColor(Charts.ink());
  }

  /** Plots histograms of the weights of each synapse. */
  public static Figure histograms(Parameters parameters) {
    Csv csv = new Csv("synapse", "from", "to", "weights");
    List<JFreeChart> charts = new ArrayList<>();
    for (Synapse s : parameters.spec().synapses()) {
      double low = s.lower();
      double width = (s.upper() - low) / BINS;
      long[] count = new long[BINS];
      float[] weights = parameters.weights(s);
      for (float w : weights) {
        count[Math.max(0, Math.min(BINS - 1, (int) Math.floor((w - low) / width)))]++;
      }
      XYIntervalSeries bars = new XYIntervalSeries(s.name());
      for (int b = 0; b < BINS; b++) {
        double from = low + b * width;
        double share = 100.0 * count[b] / weights.length;
        bars.add(from + width / 2, from, from + width, share, 0, share);
        csv.row(s.name(), Figure.text("%.4f", from), Figure.text("%.4f", from + width), count[b]);
      }
      XYIntervalSeriesCollection data = new XYIntervalSeriesCollection();
      data.addSeries(bars);
      XYBarRenderer renderer = new XYBarRenderer();
      renderer.setBarPainter(new StandardXYBarPainter());
      renderer.setShadowVisible(false);
      renderer.setSeriesPaint(0, Palette.FIRST);
      renderer.setUseYInterval(true);
      NumberAxis x = Charts.axis("weight (no unit)");
      x.setRange(low, s.upper());
      x.setTickUnit(new org.jfree.chart.axis.NumberTickUnit((s.upper() - low) / 4));
      NumberAxis y = Charts.axis("share of weights (%)");
      y.setAutoRangeIncludesZero(true);
      XYPlot plot = Charts.plot(data, x, y, renderer);
      charts.add(
          Charts.chart(
              Figure.text("%s: %s to %s", s.name(), s.pre().name(), s.post().name()), plot, null));
    }
    return Figure.of(
        "weights",
        "Weights",
        "Weights are clipped to [-1, 1], lateral ones (M) to [0, 1]; their currents are"
            + " inhibitory.",
        Charts.grid(4, 280, 230, charts.toArray(JFreeChart[]::new)),
        Figure.files("weights.csv", csv.bytes()));
  }

  /** Plots the input weights of the units of the first hidden layer with the largest norms. */
  public static Figure receptiveFields(Parameters parameters, int width, int height) {
    NetworkSpec spec = parameters.spec();
    Synapse w1 = spec.synapses().get(0);
    float[] w = parameters.weights(w1);
    int pixels = w1.pre().units();
    int units = w1.post().units();
    double[] norm = new double[units];
    for (int i = 0; i < w.length; i++) {
      norm[i % units] += (double) w[i] * w[i];
    }
    int[] strongest =
        IntStream.range(0, units)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer u) -> -norm[u]))
            .limit(80)
            .mapToInt(Integer::intValue)
            .toArray();
    int across = Math.min(10, strongest.length);
    int down = (strongest.length + across - 1) / across;
    double scale = 84.0 / Math.max(width, height);
    int cellWidth = (int) Math.ceil(scale * width) + 10;
    int cellHeight = (int) Math.ceil(scale * height) + 24;
    BufferedImage canvas = Charts.canvas(across * cellWidth + 110, down * cellHeight + 44);
    Graphics2D g = Charts.pen(canvas);
    g.setFont(Charts.font(Font.BOLD, 15));
    Charts.centred(
        g,
        Figure.text("Receptive fields: weights %s of the strongest units", w1.name()),
        across * cellWidth / 2.0 + 10,
        22);
    g.setFont(Charts.font(Font.PLAIN, 11));
    float[] fields = new float[strongest.length * pixels];
    float largest = 1e-6f;
    for (int k = 0; k < strongest.length; k++) {
      for (int i = 0; i < pixels; i++) {
        fields[k * pixels + i] = w[i * units + strongest[k]];
        largest = Math.max(largest, Math.abs(fields[k * pixels + i]));
      }
    }
    float top = largest;
    Csv csv = new Csv("row_of_npy", "unit", "norm");
    for (int k = 0; k < strongest.length; k++) {
      float[] field = Arrays.copyOfRange(fields, k * pixels, (k + 1) * pixels);
      double x = 10 + k % across * cellWidth;
      double y = 38 + k / across * cellHeight;
      tile(g, field, width, height, x, y, scale, v -> Palette.diverging(v / top));
      Charts.centred(g, "unit " + strongest[k], x + scale * width / 2, y + scale * height + 12);
      csv.row(k, strongest[k], Figure.text("%.6g", Math.sqrt(norm[strongest[k]])));
    }
    int bar = across * cellWidth + 24;
    for (int i = 0; i < 200; i++) {
      g.setColor(new Color(Palette.diverging(1 - 2 * i / 199.0)));
      g.fill(new Rectangle2D.Double(bar, 38 + i * 0.8, 16, 1));
    }
    g.setColor(Charts.ink());
    g.setFont(Charts.font(Font.PLAIN, 12));
    g.drawString(Figure.text("%.2f", largest), bar + 22, 44);
    g.drawString("0", bar + 22, 122);
    g.drawString(Figure.text("%.2f", -largest), bar + 22, 200);
    g.drawString("weight", bar, 222);
    g.dispose();
    return Figure.of(
        "receptive_fields",
        "Receptive fields",
        Figure.text(
            "The %d units of %s with the largest weight vectors. Vermillion excites, blue inhibits;"
                + " one scale for all.",
            strongest.length, w1.post().name()),
        canvas,
        Figure.files(
            "receptive_fields.npy",
            Figure.npy(fields, strongest.length, height, width),
            "receptive_fields.csv",
            csv.bytes()));
  }

  private static String name(Dataset data, int k) {
    return Charts.shortened(data.className(k), 9);
  }

  /** Plots the first image of each class with its reconstruction. */
  public static Figure reconstructions(Backend backend, Dataset data, int seed) {
    NetworkSpec spec = backend.spec();
    List<Integer> chosen = new ArrayList<>();
    boolean[] seen = new boolean[spec.classes()];
    for (int i = 0; i < data.size(); i++) {
      if (!seen[data.label(i)]) {
        seen[data.label(i)] = true;
        chosen.add(i);
      }
    }
    chosen.sort(Comparator.comparingInt(data::label));
    chosen.subList(Math.min(MOST_CLASSES, chosen.size()), chosen.size()).clear();
    int pixels = data.pixels();
    int n = chosen.size();
    float[] both = new float[2 * n * pixels]; // inputs, then reconstructions
    int[] answers = new int[n];
    ReadOut out = new ReadOut(spec, false);
    for (int k = 0; k < n; k++) { // one by one: spikes depend on the position in the data set
      Batch one = Evaluator.unlabelled(data, chosen.get(k), 1, seed);
      backend.run(one, null, out, null);
      answers[k] = out.predicted(0);
      one.copyImage(0, both, k * pixels);
      for (int i = 0; i < pixels; i++) {
        both[(n + k) * pixels + i] = out.reconstruction()[i] / spec.constants().steps();
      }
    }
    double scale = 84.0 / Math.max(data.width(), data.height());
    int across = Math.min(10, n);
    int down = (n + across - 1) / across;
    int cellWidth = (int) Math.ceil(scale * data.width()) + 10;
    int tall = (int) Math.ceil(scale * data.height());
    int cellHeight = 2 * tall + 46;
    BufferedImage canvas = Charts.canvas(across * cellWidth + 120, down * cellHeight + 34);
    Graphics2D g = Charts.pen(canvas);
    g.setFont(Charts.font(Font.BOLD, 15));
    Charts.centred(g, "Input and reconstruction", 110 + across * cellWidth / 2.0, 22);
    Csv csv = new Csv("column_of_npy", "image", "true_class", "answer");
    for (int k = 0; k < n; k++) {
      double x = 110 + k % across * cellWidth;
      double y = 34 + k / across * cellHeight;
      int label = data.label(chosen.get(k));
      float[] in = Arrays.copyOfRange(both, k * pixels, (k + 1) * pixels);
      float[] re = Arrays.copyOfRange(both, (n + k) * pixels, (n + k + 1) * pixels);
      tile(g, in, data.width(), data.height(), x, y, scale, Palette::grey);
      tile(g, re, data.width(), data.height(), x, y + tall + 6, scale, Palette::grey);
      g.setFont(Charts.font(Font.PLAIN, 11));
      double middle = x + cellWidth / 2.0 - 5;
      Charts.centred(g, "is " + name(data, label), middle, y + 2 * tall + 20);
      Charts.centred(g, "said " + name(data, answers[k]), middle, y + 2 * tall + 34);
      csv.row(k, chosen.get(k), data.className(label), data.className(answers[k]));
      if (k % across == 0) {
        g.setFont(Charts.font(Font.PLAIN, 13));
        g.drawString("input", 8, (float) (y + tall / 2.0));
        g.drawString("reconstruction", 8, (float) (y + 1.5 * tall + 6));
      }
    }
    g.dispose();
    return Figure.of(
        "reconstructions",
        "Input and reconstruction",
        "The first image of each class, and below it the reconstruction: the traces of the"
            + " reconstruction units, averaged over the window.",
        canvas,
        Figure.files(
            "reconstructions.npy",
            Figure.npy(both, 2, n, data.height(), data.width()),
            "reconstructions.csv",
            csv.bytes()));
  }
}
