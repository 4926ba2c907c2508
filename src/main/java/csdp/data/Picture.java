package csdp.data;

/**
 * A grey image.
 *
 * @param width in pixels
 * @param height in pixels
 * @param grey values in [0, 1], row by row
 */
record Picture(int width, int height, float[] grey) {
  /**
   * Returns the image in another size: bilinear, over all pixels that a new pixel covers, as
   * Pillow's {@code BILINEAR}.
   */
  Picture scaled(ImageSize to) {
    if (to.width() == width && to.height() == height) {
      return this;
    }
    float[] wide = along(grey, width, 1, to.width(), height, width, to.width());
    float[] both = along(wide, height, to.width(), to.height(), to.width(), 1, 1);
    return new Picture(to.width(), to.height(), both);
  }

  /**
   * Scales every line of an image.
   *
   * @param from values in a line
   * @param stride distance of the values of a line, before and after
   * @param to values in a new line
   * @param lines number of lines
   * @param apart distance of the lines
   * @param newApart distance of the new lines
   */
  private static float[] along(
      float[] in, int from, int stride, int to, int lines, int apart, int newApart) {
    float[] out = new float[to * lines];
    double scale = (double) from / to;
    double support = Math.max(scale, 1); // half width of the triangle of weights
    for (int i = 0; i < to; i++) {
      double centre = (i + 0.5) * scale;
      int first = Math.max(0, (int) Math.round(centre - support));
      int end = Math.min(from, (int) Math.round(centre + support));
      double[] weights = new double[end - first];
      double sum = 0;
      for (int k = 0; k < weights.length; k++) {
        weights[k] = Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / support);
        sum += weights[k];
      }
      for (int line = 0; line < lines; line++) {
        double value = 0;
        for (int k = 0; k < weights.length; k++) {
          value += weights[k] * in[line * apart + (first + k) * stride];
        }
        out[line * newApart + i * stride] = (float) (value / sum);
      }
    }
    return out;
  }
}
