package csdp.data;

import csdp.error.CsdpException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Size of an image in pixels.
 *
 * @param width at least 1
 * @param height at least 1
 */
public record ImageSize(int width, int height) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})[xX](\\d{1,9})");

  /** Checks both. */
  public ImageSize {
    if (width < 1 || height < 1) {
      throw CsdpException.badInput(
          "an image of %d x %d pixels; both are at least 1", width, height);
    }
    if ((long) width * height > Integer.MAX_VALUE) {
      throw CsdpException.badInput(
          "an image of %d x %d pixels is too large; give a smaller size, such as 28x28",
          width, height);
    }
  }

  /**
   * Parses a size like 28x28; null stays null.
   *
   * @throws CsdpException bad input
   */
  public static ImageSize parse(String text) {
    if (text == null) {
      return null;
    }
    Matcher m = TEXT.matcher(text);
    if (!m.matches()) {
      throw CsdpException.badInput(
          "%s is not a size; give width x height, for example 28x28", text);
    }
    return new ImageSize(Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)));
  }

  /**
   * Returns the size of an image of which only the number of pixels is known: square, else a row.
   */
  public static ImageSize ofPixels(int pixels) {
    int side = (int) Math.round(Math.sqrt(pixels));
    return side * side == pixels ? new ImageSize(side, side) : new ImageSize(pixels, 1);
  }

  @Override
  public String toString() {
    return width + "x" + height;
  }
}
