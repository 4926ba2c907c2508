package csdp.data;

import csdp.error.CsdpException;

/**
 * Brightness statistics of a set of images: an image's value is the mean of its pixels, from 0
 * (black) to 1 (white).
 *
 * @param mean over the images
 * @param least minimum of an image
 * @param most maximum of an image
 */
public record Ink(double mean, double least, double most) {
  /** Values of bright strokes on black, such as MNIST, for models without their own. */
  public static final Ink USUAL = new Ink(0.13, 0.01, 0.5);

  /** Checks the order, NaN too. */
  public Ink {
    if (!(0 <= least && least <= mean && mean <= most && most <= 1)) {
      throw CsdpException.badInput(
          "the ink of images is %s, %s to %s; it lies in 0..1", mean, least, most);
    }
  }

  /** The mean of an image's pixels. */
  public static double of(float[] image) {
    double sum = 0;
    for (float pixel : image) {
      sum += pixel;
    }
    return sum / image.length;
  }

  /**
   * Returns true if an image is outside of this range and its inverse is much closer.
   *
   * @param image its pixels
   * @param inverted its pixels inverted
   */
  public boolean looksInverted(float[] image, float[] inverted) {
    double shown = of(image);
    double other = of(inverted);
    if (shown >= least && shown <= most) {
      return false;
    }
    boolean blank = isBlank(image) && !isBlank(inverted); // dark ink on a transparent ground
    return blank || 2 * Math.abs(other - mean) < Math.abs(shown - mean);
  }

  /** Whether all pixels are the same. */
  public static boolean isBlank(float[] image) {
    for (float pixel : image) {
      if (pixel != image[0]) {
        return false;
      }
    }
    return true;
  }
}
