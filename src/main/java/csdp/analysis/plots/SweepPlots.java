package csdp.analysis.plots;

import csdp.io.Csv;
import csdp.sweep.ResultTable;
import csdp.sweep.ResultTable.Row;
import csdp.sweep.ResultTable.Summary;
import csdp.sweep.Statistics;
import csdp.train.EpochMetrics;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.DeviationRenderer;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/** Settings of many runs compared. */
public final class SweepPlots {
  private static final int MOST_SETTINGS = 30;
  private static final int MOST_CURVES = 8;
  private static final int LONGEST_LABEL = 44;
  private static final int WIDTH = 900;
  private static final Color ONE_RUN = new Color(0x99, 0x99, 0x99, 0xB0);

  private SweepPlots() {}

  /** A measurement over epochs, and its unit in a plot. */
  private record Curve(
      String name, String label, double unit, Function<EpochMetrics, Double> value) {}

  private static final List<Curve> CURVES =
      List.of(
          new Curve("valid_accuracy", "validation accuracy (%)", 100, EpochMetrics::validAccuracy),
          new Curve("valid_nll", "validation NLL (nats)", 1, EpochMetrics::validNll),
          new Curve("valid_bce", "validation BCE (nats)", 1, EpochMetrics::validBce));

  /**
   * The accuracy of each setting: mean, 95 % interval and single runs.
   *
   * @param table with at least one measured accuracy
   */
  public static Figure accuracy(ResultTable table) {
    List<Summary> settings = table.best(MOST_SETTINGS);
    XYIntervalSeries means = new XYIntervalSeries("mean and 95 % interval", false, true);
    XYIntervalSeries runs = new XYIntervalSeries("one run", false, true);
    String[] labels = new String[settings.size()];
    for (int i = 0; i < labels.length; i++) {
      Summary setting = settings.get(i);
      labels[i] = Charts.shortened(setting.label(), LONGEST_LABEL);
      Statistics a = setting.metrics().get(table.accuracy());
      boolean interval = a.sd() != null;
      means.add(
          100 * a.mean(),
          100 * (interval ? a.low() : a.mean()),
          100 * (interval ? a.high() : a.mean()),
          i,
          i,
          i);
      for (Row row : setting.rows()) {
        Double one = row.isComplete() ? row.metrics().get(table.accuracy()) : null;
        if (one != null && a.n() > 1) {
          runs.add(100 * one, 100 * one, 100 * one, i, i, i);
        }
      }
    }
    XYIntervalSeriesCollection data = new XYIntervalSeriesCollection();
    data.addSeries(means);
    data.addSeries(runs);
    XYErrorRenderer renderer = new XYErrorRenderer();
    renderer.setDrawYError(false);
    renderer.setSeriesPaint(0, Palette.FIRST);
    renderer.setErrorStroke(new BasicStroke(1.6f));
    renderer.setSeriesShape(0, Palette.marker(0, 8));
    renderer.setSeriesPaint(1, ONE_RUN);
    renderer.setSeriesShape(1, Palette.marker(0, 5));
    SymbolAxis y = new SymbolAxis(null, labels);
    y.setTickLabelFont(Charts.font(Font.PLAIN, 12));
    y.setTickLabelPaint(Charts.ink());
    y.setGridBandsVisible(false);
    y.setInverted(true); // the best on top
    y.setRange(-0.5, labels.length - 0.5);
    NumberAxis x = Charts.axis(table.accuracy().replace('_', ' ') + " (%)");
    XYPlot plot = Charts.plot(data, x, y, renderer);
    limit(x);
    int all = table.summary().size();
    String caption =
        (all > labels.length ? Figure.text("The best %d of %d settings. ", labels.length, all) : "")
            + "Dots are means over the runs of a setting, which differ in their seeds only; bars"
            + " are 95 % intervals of the mean (Student's t); grey dots are single runs.";
    return Figure.of(
        "accuracy",
        "Accuracy by setting",
        caption,
        Charts.image(
            Charts.chart(null, plot, RectangleEdge.BOTTOM), WIDTH, 110 + 24 * labels.length),
        Map.of());
  }

  /**
   * Validation over epochs: mean of each setting with its 95 % interval.
   *
   * @return null if no run was validated after an epoch
   */
  public static Figure curves(ResultTable table) {
    Csv csv = new Csv("setting", "measurement", "epoch", "n", "mean", "sd", "low95", "high95");
    for (Summary setting : table.summary()) {
      for (Curve curve : CURVES) {
        points(setting, curve)
            .forEach(
                (epoch, s) ->
                    csv.row(
                        setting.label(),
                        curve.name(),
                        epoch,
                        s.n(),
                        s.mean(),
                        s.sd(),
                        s.low(),
                        s.high()));
      }
    }
    List<Summary> drawn = table.best(MOST_CURVES);
    List<JFreeChart> charts = new ArrayList<>();
    for (Curve curve : CURVES) {
      JFreeChart chart = chart(drawn, curve);
      if (chart != null) {
        charts.add(chart);
      }
    }
    if (charts.isEmpty()) {
      return null;
    }
    int all = table.summary().size();
    String caption =
        (all > drawn.size() ? Figure.text("The best %d of %d settings. ", drawn.size(), all) : "")
            + "Validation without labels. Lines are means over the runs of a setting, bands 95 %"
            + " intervals of the mean. Epoch 0, the network before training, is not drawn.";
    return Figure.of(
        "curves",
        "Learning curves by setting",
        caption,
        Charts.grid(1, WIDTH, 300, charts.toArray(JFreeChart[]::new)),
        Figure.files("curves.csv", csv.bytes()));
  }

  /** Returns a chart, or null without values. */
  private static JFreeChart chart(List<Summary> settings, Curve curve) {
    YIntervalSeriesCollection data = new YIntervalSeriesCollection();
    DeviationRenderer renderer = new DeviationRenderer(true, true);
    renderer.setAlpha(0.15f);
    int values = 0;
    for (int k = 0; k < settings.size(); k++) {
      YIntervalSeries series =
          new YIntervalSeries(Charts.shortened(settings.get(k).label(), LONGEST_LABEL));
      for (Map.Entry<Integer, Statistics> at : points(settings.get(k), curve).entrySet()) {
        Statistics s = at.getValue();
        if (at.getKey() > 0) {
          boolean interval = s.sd() != null;
          series.add(
              at.getKey(),
              curve.unit() * s.mean(),
              curve.unit() * (interval ? s.low() : s.mean()),
              curve.unit() * (interval ? s.high() : s.mean()));
          values++;
        }
      }
      data.addSeries(series);
      renderer.setSeriesPaint(k, Palette.of(k));
      renderer.setSeriesFillPaint(k, Palette.of(k));
      renderer.setSeriesStroke(k, new BasicStroke(2f));
      renderer.setSeriesShape(k, Palette.marker(k, 6));
    }
    if (values == 0) {
      return null;
    }
    NumberAxis y = Charts.axis(curve.label());
    XYPlot plot = Charts.plot(data, Charts.wholes("epoch"), y, renderer);
    if (curve.name().equals("valid_accuracy")) {
      limit(y);
    }
    return Charts.chart(null, plot, RectangleEdge.RIGHT);
  }

  /** Returns the statistics of a measurement by epoch. */
  private static Map<Integer, Statistics> points(Summary setting, Curve curve) {
    Map<Integer, List<Double>> byEpoch = new TreeMap<>();
    for (Row row : setting.rows()) {
      for (EpochMetrics m : row.history()) {
        Double value = curve.value().apply(m);
        if (value != null) {
          byEpoch.computeIfAbsent(m.epoch(), e -> new ArrayList<>()).add(value);
        }
      }
    }
    Map<Integer, Statistics> points = new TreeMap<>();
    byEpoch.forEach(
        (epoch, values) ->
            points.put(
                epoch, Statistics.of(values.stream().mapToDouble(Double::doubleValue).toArray())));
    return points;
  }

  /** Limits an axis to percentages, and room for a dot: an interval may end outside them. */
  private static void limit(NumberAxis axis) {
    axis.setRange(Math.max(-1.5, axis.getLowerBound()), Math.min(101.5, axis.getUpperBound()));
  }
}
