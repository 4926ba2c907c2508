package csdp.analysis.plots;

import csdp.error.CsdpException;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.Locale;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYItemRenderer;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.XYDataset;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** Common style and drawing functions of all charts. */
public final class Charts {
  /** Image pixels per screen pixel. */
  static final int SCALE = 2;

  private static final Color GRID = new Color(0xE2E2E2);
  private static final Color INK = new Color(0x222222);

  private Charts() {}

  /**
   * Checks that text can be drawn, before any long computation.
   *
   * @throws CsdpException environment, naming the missing packages
   */
  public static void requireFonts() {
    try {
      BufferedImage image = new BufferedImage(60, 30, BufferedImage.TYPE_INT_RGB);
      Graphics2D g = image.createGraphics();
      g.setFont(font(Font.PLAIN, 16));
      g.drawString("88", 5, 20);
      g.dispose();
      for (int i = 0; i < 60 * 30; i++) {
        if ((image.getRGB(i % 60, i / 60) & 0xFFFFFF) != 0) {
          return;
        }
      }
      throw noFonts("text comes out empty");
    } catch (CsdpException e) {
      throw e;
    } catch (RuntimeException | Error e) { // AWT throws different types in different Java versions
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw noFonts(String.valueOf(root.getMessage()).replaceAll("\\p{Cntrl}+", " ")).because(e);
    }
  }

  private static CsdpException noFonts(String why) {
    return CsdpException.environment(
        "no font for the text of pictures (%s): apt-get install fontconfig fonts-dejavu-core"
            + " (Debian, Ubuntu) or dnf install fontconfig dejavu-sans-fonts (Fedora); the JDK must"
            + " have the module java.desktop",
        why);
  }

  /** Returns a name, cut to a number of characters, at least one. */
  static String shortened(String name, int most) {
    String shown = name.isEmpty() ? "?" : name;
    return shown.length() <= most ? shown : shown.substring(0, most - 1) + "\u2026";
  }

  static Font font(int style, int size) {
    return new Font(Font.SANS_SERIF, style, size);
  }

  static Color ink() {
    return INK;
  }

  /** An axis with a label. */
  static NumberAxis axis(String label) {
    NumberAxis axis = new NumberAxis(label);
    axis.setLabelFont(font(Font.PLAIN, 13));
    axis.setTickLabelFont(font(Font.PLAIN, 12));
    axis.setLabelPaint(INK);
    axis.setTickLabelPaint(INK);
    axis.setAutoRangeIncludesZero(false);
    java.text.DecimalFormat format =
        new java.text.DecimalFormat(
            "#,##0.######", java.text.DecimalFormatSymbols.getInstance(Locale.ROOT));
    axis.setNumberFormatOverride(format);
    return axis;
  }

  /** An axis of whole numbers. */
  static NumberAxis wholes(String label) {
    NumberAxis axis = axis(label);
    axis.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
    axis.setNumberFormatOverride(java.text.NumberFormat.getIntegerInstance(Locale.ROOT));
    return axis;
  }

  /** A plot on white with a light grid. */
  static XYPlot plot(XYDataset data, NumberAxis x, NumberAxis y, XYItemRenderer renderer) {
    XYPlot plot = new XYPlot(data, x, y, renderer);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(GRID);
    plot.setRangeGridlinePaint(GRID);
    plot.setDomainGridlineStroke(new BasicStroke(1));
    plot.setRangeGridlineStroke(new BasicStroke(1));
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    plot.setOutlinePaint(new Color(0xAAAAAA));
    return plot;
  }

  /** A chart around a plot, with an optional legend. */
  static JFreeChart chart(String title, XYPlot plot, RectangleEdge legendAt) {
    JFreeChart chart = new JFreeChart(null, font(Font.BOLD, 15), plot, false);
    chart.setBackgroundPaint(Color.WHITE);
    chart.setPadding(new RectangleInsets(6, 6, 6, 10));
    if (title != null) {
      TextTitle t = new TextTitle(title, font(Font.BOLD, 15));
      t.setPaint(INK);
      chart.setTitle(t);
    }
    if (legendAt != null) {
      LegendTitle legend = new LegendTitle(plot);
      legend.setItemFont(font(Font.PLAIN, 12));
      legend.setItemPaint(INK);
      legend.setPosition(legendAt);
      legend.setFrame(BlockBorder.NONE);
      legend.setItemLabelPadding(new RectangleInsets(2, 2, 2, 8));
      chart.addSubtitle(legend);
    }
    return chart;
  }

  /** A second, smaller line of the title. */
  static JFreeChart subtitle(JFreeChart chart, String text) {
    TextTitle t = new TextTitle(text, font(Font.PLAIN, 13));
    t.setPaint(INK);
    chart.addSubtitle(0, t);
    return chart;
  }

  /** Lines with markers; series without values are left out. */
  static XYLineAndShapeRenderer lines(Color... colours) {
    XYLineAndShapeRenderer r = new XYLineAndShapeRenderer(true, true);
    for (int s = 0; s < colours.length; s++) {
      r.setSeriesPaint(s, colours[s]);
      r.setSeriesStroke(s, new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
      r.setSeriesShape(s, Palette.marker(s, 7));
    }
    return r;
  }

  /** A series of y over x; NaN leaves a gap. */
  static XYSeries series(String name, double[] x, double[] y) {
    XYSeries s = new XYSeries(name, false, true);
    for (int i = 0; i < x.length; i++) {
      s.add(x[i], Double.isNaN(y[i]) ? null : Double.valueOf(y[i]));
    }
    return s;
  }

  static XYSeriesCollection collect(XYSeries... series) {
    XYSeriesCollection all = new XYSeriesCollection();
    for (XYSeries s : series) {
      all.addSeries(s);
    }
    return all;
  }

  /** A white picture to draw on, in the coordinates of the screen. */
  static BufferedImage canvas(int width, int height) {
    BufferedImage image =
        new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, image.getWidth(), image.getHeight());
    g.dispose();
    return image;
  }

  /** Returns the graphics of a canvas. */
  static Graphics2D pen(BufferedImage canvas) {
    Graphics2D g = canvas.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    g.scale(SCALE, SCALE);
    g.setColor(INK);
    g.setFont(font(Font.PLAIN, 12));
    return g;
  }

  /** A chart as a picture. */
  static BufferedImage image(JFreeChart chart, int width, int height) {
    return grid(1, width, height, chart);
  }

  /** Charts of one size side by side and below each other. */
  static BufferedImage grid(int columns, int width, int height, JFreeChart... charts) {
    int across = Math.min(columns, charts.length);
    int down = (charts.length + across - 1) / across;
    BufferedImage canvas = canvas(across * width, down * height);
    Graphics2D g = pen(canvas);
    for (int i = 0; i < charts.length; i++) {
      charts[i].draw(
          g, new Rectangle2D.Double(i % across * width, i / across * height, width, height));
    }
    g.dispose();
    return canvas;
  }

  /** Text centred on a point of its base line. */
  static void centred(Graphics2D g, String text, double x, double y) {
    g.drawString(text, (float) (x - g.getFontMetrics().stringWidth(text) / 2.0), (float) y);
  }
}
