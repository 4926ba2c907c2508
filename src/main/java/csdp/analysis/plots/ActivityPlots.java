package csdp.analysis.plots;

import csdp.data.Dataset;
import csdp.io.Csv;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Population.Role;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.data.xy.DefaultXYDataset;
import org.jfree.data.xy.XYSeriesCollection;

/** Plots of the activity within a time window. */
public final class ActivityPlots {
  private static final int WIDTH = 1000;
  private static final int LEFT = 190;

  private ActivityPlots() {}

  private static String name(Population p) {
    return switch (p.role()) {
      case INPUT -> "input " + p.name();
      case HIDDEN -> "hidden " + p.name();
      case HEAD -> "classes " + p.name();
      case RECONSTRUCTION -> "reconstruction " + p.name();
      case CONTEXT -> "context " + p.name();
    };
  }

  /**
   * Plots every spike of one image and the accumulating class spikes.
   *
   * @param r record of one sample, with every spike
   * @param data holds the image
   * @param index position of the image in the data
   */
  public static Figure raster(StepRecord r, Dataset data, int index) {
    NetworkSpec spec = r.spec();
    String label = data.className(data.label(index));
    float[] image = new float[data.pixels()];
    data.copyImage(index, image, 0);
    Csv csv = new Csv("population", "step", "unit");
    NumberAxis time = Charts.axis("time (ms)");
    double dt = spec.constants().dt();
    time.setRange(0, (r.steps() + 1) * dt);
    CombinedDomainXYPlot all = new CombinedDomainXYPlot(time);
    all.setGap(10);
    int shown = 0;
    for (Population p : spec.populations()) {
      if (p.spikesWithoutLabels()) {
        int weight =
            switch (p.role()) {
              case HEAD -> 8;
              case INPUT, HIDDEN, RECONSTRUCTION, CONTEXT -> 10;
            };
        all.add(spikes(r, p, csv), weight);
        shown++;
      }
    }
    all.add(answer(r, data), 14);
    JFreeChart chart = Charts.chart(null, all, RectangleEdge.BOTTOM);
    int tall = 150 * shown + 290;
    BufferedImage canvas = Charts.canvas(WIDTH, tall);
    Graphics2D g = Charts.pen(canvas);
    int best = r.out().predicted(0);
    String answered = data.className(best);
    g.setFont(Charts.font(Font.BOLD, 15));
    Charts.centred(
        g,
        Figure.text("Spikes of image %d: class %s, answer %s", index, label, answered),
        LEFT + (WIDTH - LEFT) / 2.0,
        22);
    chart.draw(g, new Rectangle2D.Double(LEFT, 30, WIDTH - LEFT, tall - 30));
    g.setFont(Charts.font(Font.PLAIN, 13));
    g.setColor(Charts.ink());
    Charts.centred(g, "input image " + index, LEFT / 2.0, 58);
    int scale = Math.max(1, 150 / Math.max(data.width(), data.height()));
    ImagePlots.tile(g, image, data.width(), data.height(), 20, 68, scale, Palette::grey);
    int below = 68 + scale * data.height() + 20;
    Charts.centred(g, "true class " + Charts.shortened(label, 14), LEFT / 2.0, below);
    Charts.centred(
        g,
        Figure.text(
            "answer %s (%.1f %%)",
            Charts.shortened(answered, 14), 100 * r.out().probabilities(0)[best]),
        LEFT / 2.0,
        below + 20);
    g.dispose();
    return Figure.of(
        "raster",
        "Spikes of one image over time",
        "Each mark is a spike. Below, the spikes of each class unit so far; the largest number"
            + " at the end is the answer.",
        canvas,
        Figure.files("raster.csv", csv.bytes()));
  }

  private static XYPlot spikes(StepRecord r, Population p, Csv csv) {
    List<double[]> found = new ArrayList<>();
    double dt = r.spec().constants().dt();
    for (int t = 0; t < r.steps(); t++) {
      for (int i = 0; i < p.units(); i++) {
        if (r.spiked(p, t, 0, i)) {
          found.add(new double[] {(t + 1) * dt, i});
          csv.row(p.name(), t + 1, i);
        }
      }
    }
    double[][] xy = new double[2][found.size()];
    for (int k = 0; k < found.size(); k++) {
      xy[0][k] = found.get(k)[0];
      xy[1][k] = found.get(k)[1];
    }
    DefaultXYDataset data = new DefaultXYDataset();
    data.addSeries(p.name(), xy);
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(false, true);
    double tall = Math.max(1.2, Math.min(9, 90.0 / p.units()));
    double wide = Math.max(1.5, Math.min(7, 0.45 * (WIDTH - LEFT - 90) / r.steps()));
    renderer.setSeriesShape(0, new Rectangle2D.Double(-wide / 2, -tall / 2, wide, tall));
    renderer.setSeriesPaint(
        0,
        switch (p.role()) {
          case HIDDEN -> Palette.FIRST;
          case HEAD -> Palette.SECOND;
          case INPUT, RECONSTRUCTION, CONTEXT -> Charts.ink();
        });
    renderer.setSeriesVisibleInLegend(0, false);
    NumberAxis units = Charts.wholes(name(p) + " (unit)");
    units.setLabelFont(Charts.font(Font.PLAIN, 12));
    double margin = Math.max(0.5, 0.02 * p.units());
    units.setRange(-margin, p.units() - 1 + margin);
    return Charts.plot(data, null, units, renderer);
  }

  private static XYPlot answer(StepRecord r, Dataset data) {
    Population head = r.spec().head();
    int classes = head.units();
    double[] ms = r.times();
    XYSeriesCollection lines = new XYSeriesCollection();
    XYLineAndShapeRenderer renderer = Charts.lines();
    Integer[] order = new Integer[classes];
    java.util.Arrays.setAll(order, k -> k);
    if (classes > 10) { // only those with spikes
      java.util.Arrays.sort(
          order, java.util.Comparator.comparingDouble((Integer k) -> -r.out().classSpikes()[k]));
    }
    for (int s = 0; s < Math.min(10, classes); s++) {
      double[] sum = new double[ms.length];
      for (int t = 0; t < ms.length; t++) {
        sum[t] = (t > 0 ? sum[t - 1] : 0) + (r.spiked(head, t, 0, order[s]) ? 1 : 0);
      }
      lines.addSeries(Charts.series(data.className(order[s]), ms, sum));
      renderer.setSeriesPaint(s, Palette.of(order[s]));
      renderer.setSeriesStroke(s, new BasicStroke(2));
      renderer.setSeriesShape(s, Palette.marker(order[s], 6));
    }
    NumberAxis count = Charts.wholes("class spikes so far");
    count.setLabelFont(Charts.font(Font.PLAIN, 12));
    count.setAutoRangeIncludesZero(true);
    return Charts.plot(lines, null, count, renderer);
  }

  /** Plots spikes per step of each population. */
  public static Figure spikesPerStep(StepRecord r) {
    NetworkSpec spec = r.spec();
    int n = r.batch().size();
    Csv csv = new Csv("population", "units", "step", "time_ms", "mean_spikes_per_sample", "sd");
    List<JFreeChart> charts = new ArrayList<>();
    for (Population p : spec.populations()) {
      if (!p.spikesWithoutLabels()) {
        continue;
      }
      double[] mean = new double[r.steps()];
      double[] low = new double[r.steps()];
      double[] high = new double[r.steps()];
      for (int t = 0; t < r.steps(); t++) {
        double sum = 0;
        double squares = 0;
        for (int b = 0; b < n; b++) {
          double s = r.spikes(p, t, b);
          sum += s;
          squares += s * s;
        }
        mean[t] = sum / n;
        double sd = Math.sqrt(Math.max(0, squares / n - mean[t] * mean[t]));
        low[t] = Math.max(0, mean[t] - sd);
        high[t] = mean[t] + sd;
        csv.row(
            p.name(),
            p.units(),
            t + 1,
            Figure.text("%.6g", r.times()[t]),
            Figure.text("%.6g", mean[t]),
            Figure.text("%.6g", sd));
      }
      charts.add(
          band(
              Figure.text("%s (%,d units)", name(p), p.units()),
              "spikes per sample and step",
              r.times(),
              new Band("mean", mean, low, high, Palette.FIRST)));
    }
    return Figure.of(
        "spikes_per_step",
        "Spikes per step",
        Figure.text(
            "Mean and standard deviation over %,d images without labels. Membranes start at"
                + " rest, so hidden layers need some steps.",
            n),
        Charts.grid(3, 350, 270, charts.toArray(JFreeChart[]::new)),
        Figure.files("spikes_per_step.csv", csv.bytes()));
  }

  /** A line with a shade around it. */
  private record Band(String name, double[] middle, double[] low, double[] high, Color colour) {}

  private static JFreeChart band(String title, String label, double[] ms, Band... bands) {
    org.jfree.data.xy.YIntervalSeriesCollection data =
        new org.jfree.data.xy.YIntervalSeriesCollection();
    org.jfree.chart.renderer.xy.DeviationRenderer renderer =
        new org.jfree.chart.renderer.xy.DeviationRenderer(true, false);
    renderer.setAlpha(0.18f);
    for (int s = 0; s < bands.length; s++) {
      org.jfree.data.xy.YIntervalSeries series =
          new org.jfree.data.xy.YIntervalSeries(bands[s].name, false, true);
      for (int t = 0; t < ms.length; t++) {
        series.add(ms[t], bands[s].middle[t], bands[s].low[t], bands[s].high[t]);
      }
      data.addSeries(series);
      renderer.setSeriesPaint(s, bands[s].colour);
      renderer.setSeriesFillPaint(s, bands[s].colour);
      renderer.setSeriesStroke(
          s,
          s == 0
              ? new BasicStroke(2)
              : new BasicStroke(
                  2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {7, 4}, 0));
    }
    NumberAxis time = Charts.axis("time (ms)");
    time.setRange(0, ms[ms.length - 1]);
    NumberAxis y = Charts.axis(label);
    return Charts.chart(
        title,
        Charts.plot(data, time, y, renderer),
        bands.length > 1 ? RectangleEdge.BOTTOM : null);
  }

  /**
   * Plots goodness and thresholds of positives and negatives.
   *
   * @param r positives with their labels, then their negatives
   */
  public static Figure contrast(StepRecord r) {
    NetworkSpec spec = r.spec();
    Csv csv = new Csv("population", "step", "time_ms", "what", "samples", "q25", "median", "q75");
    List<JFreeChart> charts = new ArrayList<>();
    for (Population p : spec.populations(Role.HIDDEN)) {
      JFreeChart goodness =
          band(
              "Goodness of " + p.name(),
              "goodness (sum of squared traces)",
              r.times(),
              goodness(r, p, Samples.POSITIVES, csv),
              goodness(r, p, Samples.NEGATIVES, csv));
      double theta = spec.constants().goodnessThreshold();
      ValueMarker target = new ValueMarker(theta, Charts.ink(), new BasicStroke(1));
      ((XYPlot) goodness.getPlot()).addRangeMarker(target);
      charts.add(goodness);
      charts.add(
          band(
              "Threshold of " + p.name(),
              "mean threshold (no unit)",
              r.times(),
              thresholds(r, p, Samples.POSITIVES, csv),
              thresholds(r, p, Samples.NEGATIVES, csv)));
    }
    return Figure.of(
        "contrast",
        "Positives against negatives",
        Figure.text(
            "Median and quartiles of %,d positives and %,d negatives, %s. Plasticity pushes"
                + " goodness above %s (the thin line) for positives and below it for negatives;"
                + " thresholds follow each layer's spikes.",
            r.batch().positives(),
            r.batch().size() - r.batch().positives(),
            spec.supervised() ? "with a right or a wrong label as context" : "mixed of two images",
            Float.toString(spec.constants().goodnessThreshold())),
        Charts.grid(2, 500, 300, charts.toArray(JFreeChart[]::new)),
        Figure.files("contrast.csv", csv.bytes()));
  }

  /** Samples of a training batch. */
  private enum Samples {
    POSITIVES,
    NEGATIVES
  }

  /** A quantity at a step, for a sample. */
  @FunctionalInterface
  private interface Values {
    double at(int step, int sample);
  }

  private static Band goodness(StepRecord r, Population p, Samples samples, Csv csv) {
    return quartiles(r, p, samples, "goodness", (t, b) -> r.goodness(p, t, b), csv);
  }

  private static Band thresholds(StepRecord r, Population p, Samples samples, Csv csv) {
    return quartiles(r, p, samples, "threshold", (t, b) -> r.threshold(p, t, b), csv);
  }

  private static Band quartiles(
      StepRecord r, Population p, Samples samples, String quantity, Values of, Csv csv) {
    boolean positive = samples == Samples.POSITIVES;
    int from = positive ? 0 : r.batch().positives();
    int to = positive ? r.batch().positives() : r.batch().size();
    double[][] q = new double[3][r.steps()];
    double[] values = new double[to - from];
    for (int t = 0; t < r.steps(); t++) {
      for (int b = from; b < to; b++) {
        values[b - from] = of.at(t, b);
      }
      java.util.Arrays.sort(values);
      for (int k = 0; k < 3; k++) {
        q[k][t] = values[(int) Math.round((values.length - 1) * (k + 1) / 4.0)];
      }
      csv.row(
          p.name(),
          t + 1,
          Figure.text("%.6g", r.times()[t]),
          quantity,
          positive ? "positive" : "negative",
          Figure.text("%.6g", q[0][t]),
          Figure.text("%.6g", q[1][t]),
          Figure.text("%.6g", q[2][t]));
    }
    return new Band(
        positive ? "positives" : "negatives",
        q[1],
        q[0],
        q[2],
        positive ? Palette.FIRST : Palette.SECOND);
  }
}
