package csdp.data;

import csdp.error.CsdpException;

/**
 * How bright images are: the mean of an image's pixels, 0 for black and 1 for white, over a set of
 * images.
 *
 * @param mean over the images
 * @param least of an image
 * @param most of an image
 */
public record Ink(double mean, double least, double most) {
  /** Of bright strokes on black such as MNIST's, for a model that does not say its own. */
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
   * Whether an image is unlike these, and inverted would be much more like them.
   *
   * @param image its pixels as they are shown
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
