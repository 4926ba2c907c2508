package csdp.data;

import csdp.error.CsdpException;
import csdp.io.Disk;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reader of PNG, JPEG, BMP and GIF images (the first of a GIF); loaded on demand, since it needs
 * java.desktop. Colour becomes luminance (ITU-R BT.601); EXIF orientation is ignored.
 */
final class PictureReader {
  /** Maximum file size in bytes, far above the need of any model. */
  private static final long MAX_FILE = 64L << 20;

  /** Maximum number of pixels, 512 MiB of floats. */
  private static final long MAX_PIXELS = 128L << 20;

  private static final int PNG = 0x89504E47;

  private PictureReader() {}

  /**
   * Reads an image.
   *
   * @param size that the image must have; null for any
   * @param invert for dark ink: values become 1 - value, transparent pixels stay black
   */
  static Picture read(Path file, ImageSize size, boolean invert) {
    try {
      if (Files.size(file) > MAX_FILE) {
        throw CsdpException.badInput(
            "%s: an image file of more than %d MiB; give a smaller one", file, MAX_FILE >> 20);
      }
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length >= Integer.BYTES && ByteBuffer.wrap(bytes).getInt() == PNG) {
        checkPng(file, bytes, size);
      }
      BufferedImage image = decode(file, bytes, size);
      return new Picture(image.getWidth(), image.getHeight(), grey(image, file, invert));
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
  }

  /** Checks size, completeness and checksums: the decoder would fill missing parts with black. */
  private static void checkPng(Path file, byte[] bytes, ImageSize size) {
    // Signature 8, chunk length 4, "IHDR", width, height: the size is known before decoding.
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length < 24 || in.getInt(12) != 0x49484452) {
      throw damaged(file, "no header", null);
    }
    checkSize(file, in.getInt(16), in.getInt(20), size);
    for (int at = 8; ; ) {
      // A chunk: length 4, type 4, data, checksum 4 over type and data.
      if (bytes.length - at < 12) {
        throw damaged(file, "cut short", null);
      }
      int length = in.getInt(at);
      if (length < 0 || length > bytes.length - at - 12) {
        throw damaged(file, "cut short", null);
      }
      CRC32 crc = new CRC32();
      crc.update(bytes, at + 4, length + 4);
      if ((int) crc.getValue() != in.getInt(at + 8 + length)) {
        throw damaged(file, "a checksum is wrong", null);
      }
      if (in.getInt(at + 4) == 0x49454E44) { // IEND
        return;
      }
      at += 12 + length;
    }
  }

  private static void checkSize(Path file, int width, int height, ImageSize size) {
    if (size != null) {
      Images.checkSize(file, width, height, size.width(), size.height());
    }
    if ((long) width * height > MAX_PIXELS) {
      throw CsdpException.badInput(
          "%s: an image of %d x %d pixels, more than %d million; give a smaller one",
          file, width, height, MAX_PIXELS >> 20);
    }
  }

  private static BufferedImage decode(Path file, byte[] bytes, ImageSize size) {
    ImageReader reader = null;
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw CsdpException.badInput(
            "%s: neither PNG nor JPEG, BMP or GIF; convert it to one of them", file);
      }
      reader = readers.next();
      reader.setInput(
          in, true, true); // forward only, without metadata, whose text may unpack to GiBs
      reader.addIIOReadWarningListener(
          (source, warning) -> {
            throw new IllegalStateException(warning); // the rest of the image is made up
          });
      checkSize(file, reader.getWidth(0), reader.getHeight(0), size);
      return reader.read(0);
    } catch (CsdpException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Damaged files make the decoders throw many types.
      throw damaged(file, e.getMessage(), e);
    } finally {
      if (reader != null) {
        reader.dispose();
      }
    }
  }

  private static float[] grey(BufferedImage image, Path file, boolean invert) {
    int width = image.getWidth();
    int height = image.getHeight();
    Raster raster = image.getRaster();
    ColorModel model = image.getColorModel();
    boolean packed = !(model instanceof ComponentColorModel); // palettes, 5 or 6 bits a channel
    int bands = raster.getNumBands();
    if (!packed && bands > 4) {
      throw damaged(file, bands + " channels", null);
    }
    int colours = model.getNumColorComponents();
    if (colours != 1 && colours != 3) { // CMYK of a JPEG: its inks may be stored inverted
      throw CsdpException.badInput(
          "%s: %d colour channels, such as CMYK; convert it to RGB, or to PNG", file, colours);
    }
    boolean alpha = !packed && model.hasAlpha();
    float full = packed ? 255 : (1 << model.getComponentSize(0)) - 1;
    float[] out = new float[width * height];
    float[] v = new float[Math.max(4, bands)];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (packed) {
          int rgb = image.getRGB(x, y);
          v[0] = rgb >> 16 & 0xFF;
          v[1] = rgb >> 8 & 0xFF;
          v[2] = rgb & 0xFF;
          v[3] = rgb >>> 24;
        } else {
          // Stored samples: getRGB would convert grey through a linear colour space.
          raster.getPixel(x, y, v);
        }
        float luma = packed || bands >= 3 ? 0.299f * v[0] + 0.587f * v[1] + 0.114f * v[2] : v[0];
        float opaque = packed ? v[3] / 255 : alpha ? v[bands - 1] / full : 1;
        float grey = Math.min(1, luma / full);
        out[y * width + x] = (invert ? 1 - grey : grey) * opaque;
      }
    }
    return out;
  }

  private static CsdpException damaged(Path file, String what, Exception e) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    CsdpException known =
        CsdpException.badInput(
            "%s: damaged %s (%s); save it again",
            file,
            name.endsWith(".png") ? "PNG" : "image",
            what == null ? "cannot be decoded" : what.lines().findFirst().orElse(""));
    return e == null ? known : known.because(e);
  }
}
