package csdp.analysis.plots;

import csdp.io.Csv;
import csdp.metrics.Evaluation;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.font.TextLayout;
import java.awt.geom.AffineTransform;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jfree.chart.ChartRenderingInfo;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.data.xy.DefaultXYDataset;

/** Plots of the answers and of the rate codes. */
public final class AnswerPlots {
  /** Maximum number of classes for counts in the cells. */
  private static final int WRITTEN_CLASSES = 20;

  private AnswerPlots() {}

  /**
   * Plots true class and answer.
   *
   * @param name names a class
   */
  public static Figure confusion(Evaluation e, IntFunction<String> name) {
    long[][] counts = e.confusion();
    int classes = counts.length;
    Csv csv = new Csv("true_class", "answer", "images", "share_of_class");
    int cell = Math.max(3, Math.min(52, 640 / classes));
    boolean named = IntStream.range(0, classes).anyMatch(k -> name.apply(k).length() > 2);
    int wider = named ? 24 : 0; // room for names of rows
    int left = 70 + wider;
    int top = 64;
    int side = cell * classes;
    BufferedImage canvas = Charts.canvas(left + side + 130, top + side + 24);
    Graphics2D g = Charts.pen(canvas);
    g.setFont(Charts.font(Font.BOLD, 15));
    Charts.centred(
        g,
        Figure.text("Confusion: accuracy %.2f %% of %,d images", 100 * e.accuracy(), e.n()),
        left + side / 2.0,
        20);
    for (int k = 0; k < classes; k++) {
      double row = Math.max(1, Arrays.stream(counts[k]).sum());
      for (int a = 0; a < classes; a++) {
        double share = counts[k][a] / row;
        csv.row(name.apply(k), name.apply(a), counts[k][a], Figure.text("%.6f", share));
        g.setColor(new Color(shade(share)));
        g.fill(new Rectangle2D.Double(left + a * cell, top + k * cell, cell, cell));
        if (classes <= WRITTEN_CLASSES && counts[k][a] > 0) {
          g.setColor(shaded(share) > 0.55 ? Color.WHITE : Charts.ink());
          g.setFont(Charts.font(k == a ? Font.BOLD : Font.PLAIN, 12));
          Charts.centred(
              g, Long.toString(counts[k][a]), left + (a + 0.5) * cell, top + (k + 0.5) * cell + 4);
        }
      }
    }
    g.setColor(new Color(0xAAAAAA));
    g.setStroke(new BasicStroke(1));
    g.draw(new Rectangle2D.Double(left, top, side, side));
    g.setColor(Charts.ink());
    g.setFont(Charts.font(Font.PLAIN, 12));
    int every = Math.max(1, (int) Math.ceil(18.0 / cell));
    for (int k = 0; k < classes; k += every) {
      Charts.centred(g, Charts.shortened(name.apply(k), 8), left + (k + 0.5) * cell, top - 6);
      Charts.centred(
          g,
          Charts.shortened(name.apply(k), 6),
          left - 14 - wider / 2.0,
          top + (k + 0.5) * cell + 4);
    }
    g.setFont(Charts.font(Font.PLAIN, 13));
    Charts.centred(g, "answer (class)", left + side / 2.0, top - 24);
    AffineTransform upright = g.getTransform();
    g.rotate(-Math.PI / 2, left - 38 - wider, top + side / 2.0);
    Charts.centred(g, "true class", left - 38 - wider, top + side / 2.0);
    g.setTransform(upright);
    scale(g, left + side + 24, top, Math.min(side, 260));
    g.dispose();
    return Figure.of(
        "confusion",
        "Confusion matrix",
        "Numbers of images; the shade is the share of the true class, on a square-root scale so that"
            + " rare mistakes show.",
        canvas,
        Figure.files("confusion.csv", csv.bytes()));
  }

  private static double shaded(double share) {
    return Math.sqrt(share);
  }

  private static int shade(double share) {
    return Palette.sequential(shaded(share));
  }

  private static void scale(Graphics2D g, int x, int y, int height) {
    for (int i = 0; i < height; i++) {
      g.setColor(new Color(shade(Math.pow(1 - (double) i / (height - 1), 2))));
      g.fill(new Rectangle2D.Double(x, y + i, 16, 1.2));
    }
    g.setColor(Charts.ink());
    g.setFont(Charts.font(Font.PLAIN, 12));
    for (int percent : new int[] {0, 1, 10, 25, 50, 100}) {
      float at = (float) (y + height * (1 - Math.sqrt(percent / 100.0)));
      g.drawString(percent + " %", x + 22, at + 4);
    }
    g.drawString("of the true", x, y + height + 22);
    g.drawString("class", x, y + height + 36);
  }

  /**
   * A map of rate codes, coloured by class.
   *
   * @param y n x 2
   * @param labels of the n points
   * @param name names a class
   * @param subtitle model, n, perplexity, accuracy
   */
  public static BufferedImage map(
      float[] y,
      int[] labels,
      int classes,
      IntFunction<String> name,
      String title,
      String subtitle) {
    int n = labels.length;
    DefaultXYDataset data = new DefaultXYDataset();
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(false, true);
    double width = n > 4000 ? 3.6 : n > 1000 ? 5 : 7;
    int series = 0;
    for (int k = 0; k < classes; k++) {
      int cls = k;
      int[] mine = IntStream.range(0, n).filter(i -> labels[i] == cls).toArray();
      if (mine.length == 0) {
        continue;
      }
      double[][] xy = new double[2][mine.length];
      for (int i = 0; i < mine.length; i++) {
        xy[0][i] = y[2 * mine[i]];
        xy[1][i] = y[2 * mine[i] + 1];
      }
      data.addSeries("class " + name.apply(k), xy);
      Color c = Palette.of(k);
      renderer.setSeriesPaint(series, new Color(c.getRed(), c.getGreen(), c.getBlue(), 190));
      renderer.setSeriesShape(series, Palette.marker(k, width));
      renderer.setLegendShape(series, Palette.marker(k, 9));
      series++;
    }
    NumberAxis ax = Charts.axis("t-SNE 1 (arbitrary units)");
    NumberAxis ay = Charts.axis("t-SNE 2 (arbitrary units)");
    XYPlot plot = Charts.plot(data, ax, ay, renderer);
    for (NumberAxis axis : new NumberAxis[] {ax, ay}) {
      double across = axis.getRange().getLength();
      axis.setTickUnit(new NumberTickUnit(across > 60 ? 20 : across > 15 ? 5 : across / 4));
    }
    JFreeChart chart = Charts.chart(title, plot, classes <= 40 ? RectangleEdge.RIGHT : null);
    Charts.subtitle(chart, subtitle);
    BufferedImage canvas = Charts.canvas(900, 780);
    Graphics2D g = Charts.pen(canvas);
    ChartRenderingInfo info = new ChartRenderingInfo();
    chart.draw(g, new Rectangle2D.Double(0, 0, 900, 780), info);
    if (classes <= 40) {
      names(g, info.getPlotInfo().getDataArea(), plot, y, labels, classes, name);
    }
    g.dispose();
    return canvas;
  }

  /** Draws each class's name at its medoid, with a white halo. */
  private static void names(
      Graphics2D g,
      Rectangle2D area,
      XYPlot plot,
      float[] y,
      int[] labels,
      int classes,
      IntFunction<String> name) {
    for (int k = 0; k < classes; k++) {
      Point2D at = medoid(y, labels, k);
      if (at == null) {
        continue;
      }
      double x = plot.getDomainAxis().valueToJava2D(at.getX(), area, RectangleEdge.BOTTOM);
      double v = plot.getRangeAxis().valueToJava2D(at.getY(), area, RectangleEdge.LEFT);
      TextLayout text =
          new TextLayout(
              Charts.shortened(name.apply(k), 12),
              Charts.font(Font.BOLD, 24),
              g.getFontRenderContext());
      Rectangle2D box = text.getBounds();
      Shape outline =
          text.getOutline(
              AffineTransform.getTranslateInstance(x - box.getCenterX(), v - box.getCenterY()));
      g.setColor(Color.WHITE);
      g.setStroke(new BasicStroke(5, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
      g.draw(outline);
      g.setColor(Color.BLACK);
      g.fill(outline);
    }
  }

  /** Returns the point of a class nearest to the median of its coordinates. */
  private static Point2D medoid(float[] y, int[] labels, int k) {
    int[] mine = IntStream.range(0, labels.length).filter(i -> labels[i] == k).toArray();
    if (mine.length == 0) {
      return null;
    }
    double[] xs = Arrays.stream(mine).mapToDouble(i -> y[2 * i]).sorted().toArray();
    double[] ys = Arrays.stream(mine).mapToDouble(i -> y[2 * i + 1]).sorted().toArray();
    double mx = xs[xs.length / 2];
    double my = ys[ys.length / 2];
    int best = mine[0];
    for (int i : mine) {
      if (Math.hypot(y[2 * i] - mx, y[2 * i + 1] - my)
          < Math.hypot(y[2 * best] - mx, y[2 * best + 1] - my)) {
        best = i;
      }
    }
    return new Point2D.Double(y[2 * best], y[2 * best + 1]);
  }
}
