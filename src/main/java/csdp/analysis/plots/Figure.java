package csdp.analysis.plots;

import csdp.io.Npy;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * A picture with its data.
 *
 * @param name of its file, without .png
 * @param title heading in the report
 * @param caption description in one or two sentences
 * @param png the picture
 * @param width display width in pixels; the image has twice as many
 * @param data further files by name
 */
public record Figure(
    String name, String title, String caption, byte[] png, int width, Map<String, byte[]> data) {

  public static Figure of(
      String name, String title, String caption, BufferedImage image, Map<String, byte[]> data) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.setUseCache(false);
      ImageIO.write(image, "png", out);
      return new Figure(
          name, title, caption, out.toByteArray(), image.getWidth() / Charts.SCALE, data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An array as a .npy file. */
  public static byte[] npy(Object data, int... shape) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Npy.write(out, shape, data);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Files by name, in order. */
  static Map<String, byte[]> files(Object... namesAndBytes) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (int i = 0; i < namesAndBytes.length; i += 2) {
      files.put((String) namesAndBytes[i], (byte[]) namesAndBytes[i + 1]);
    }
    return files;
  }

  public static String text(String format, Object... args) {
    return String.format(Locale.ROOT, format, args);
  }
}
