package csdp.analysis.plots;

import java.awt.Color;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;

/**
 * Colours that are distinguishable with any colour vision: Okabe and Ito's eight, with a darker
 * yellow for white backgrounds, plus grey and wine. Classes also have markers.
 */
final class Palette {
  /** First of two series: training, positives. */
  static final Color FIRST = new Color(0x0072B2);

  /** Second of two series: validation, negatives. */
  static final Color SECOND = new Color(0xD55E00);

  private static final int[] CLASSES = {
    0x000000, 0xE69F00, 0x56B4E9, 0x009E73, 0xD2BE14, 0x0072B2, 0xD55E00, 0xCC79A7, 0x8C8C8C,
    0x661150
  };

  private Palette() {}

  /** Colour of a class. */
  static Color of(int k) {
    return new Color(CLASSES[k % CLASSES.length]);
  }

  /** Returns the marker of a class; width in pixels. */
  static Shape marker(int k, double width) {
    double r = width / 2;
    return switch ((k + k / CLASSES.length) % 5) {
      case 0 -> new Ellipse2D.Double(-r, -r, width, width);
      case 1 -> new Rectangle2D.Double(-0.9 * r, -0.9 * r, 0.9 * width, 0.9 * width);
      case 2 -> polygon(0, -1.15 * r, 1.1 * r, 0.85 * r, -1.1 * r, 0.85 * r);
      case 3 -> polygon(0, -1.25 * r, 1.25 * r, 0, 0, 1.25 * r, -1.25 * r, 0);
      default -> polygon(0, 1.15 * r, 1.1 * r, -0.85 * r, -1.1 * r, -0.85 * r);
    };
  }

  private static Shape polygon(double... xy) {
    Path2D path = new Path2D.Double();
    path.moveTo(xy[0], xy[1]);
    for (int i = 2; i < xy.length; i += 2) {
      path.lineTo(xy[i], xy[i + 1]);
    }
    path.closePath();
    return path;
  }

  /** Blue for -1, white for 0, vermillion for 1. */
  static int diverging(double v) {
    double a = Math.min(1, Math.abs(v));
    return mix(a, v < 0 ? FIRST : SECOND);
  }

  /** White for 0, blue for 1. */
  static int sequential(double v) {
    return mix(Math.min(1, Math.max(0, v)), FIRST);
  }

  /** Black for 0, white for 1. */
  static int grey(double v) {
    int g = (int) Math.round(255 * Math.min(1, Math.max(0, v)));
    return g << 16 | g << 8 | g;
  }

  private static int mix(double a, Color c) {
    int r = (int) Math.round(255 + a * (c.getRed() - 255));
    int g = (int) Math.round(255 + a * (c.getGreen() - 255));
    int b = (int) Math.round(255 + a * (c.getBlue() - 255));
    return r << 16 | g << 8 | b;
  }
}
