package csdp.tensorboard;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Values of one step: TensorBoard's {@code Summary} message. Tags are shown as titles. */
final class Summary {
  private static final int BINS = 40;
  private static final int GREY = 1; // number of channels

  private final Proto values = new Proto();

  /** Adds a value; null for none. */
  Summary scalar(String tag, Double value) {
    return value == null ? this : add(new Proto().text(1, tag).real(2, value.floatValue()));
  }

  /** Adds the distribution of values, at least one, in bins of equal width. */
  Summary histogram(String tag, float[] of) {
    double least = of[0];
    double most = of[0];
    double sum = 0;
    double squares = 0;
    for (float v : of) {
      least = Math.min(least, v);
      most = Math.max(most, v);
      sum += v;
      squares += (double) v * v;
    }
    int bins = most > least ? BINS : 1;
    double[] limits = new double[bins]; // upper ends
    double[] counts = new double[bins];
    for (int k = 0; k < bins; k++) {
      limits[k] = k == bins - 1 ? most : least + (most - least) * (k + 1) / bins;
    }
    for (float v : of) {
      counts[bins == 1 ? 0 : Math.min(bins - 1, (int) ((v - least) / (most - least) * bins))]++;
    }
    return add(
        new Proto()
            .text(1, tag)
            .message(
                5,
                new Proto()
                    .real(1, least)
                    .real(2, most)
                    .real(3, (double) of.length)
                    .real(4, sum)
                    .real(5, squares)
                    .reals(6, limits)
                    .reals(7, counts)));
  }

  /** Adds a grey picture. */
  Summary image(String tag, BufferedImage picture) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.setUseCache(false);
      ImageIO.write(picture, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return add(
        new Proto()
            .text(1, tag)
            .message(
                4,
                new Proto()
                    .integer(1, picture.getHeight())
                    .integer(2, picture.getWidth())
                    .integer(3, GREY)
                    .bytes(4, png.toByteArray())));
  }

  private Summary add(Proto value) {
    values.message(1, value);
    return this;
  }

  Proto message() {
    return values;
  }
}
