package csdp.data;

import csdp.error.CsdpException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Reader of PNG images; loaded on demand, since it needs java.desktop. */
final class PngReader {
  /** Maximum file size in bytes, far above the need of any model. */
  private static final long MAX_FILE = 64L << 20;

  private PngReader() {}

  /** Returns grey values in [0, 1], row-major, of a PNG with the given size; see {@link Images}. */
  static float[] read(Path file, int width, int height, boolean invert) {
    try {
      if (Files.size(file) > MAX_FILE) {
        throw CsdpException.badInput(
            "%s: a PNG of more than %d MiB; give a smaller one", file, MAX_FILE >> 20);
      }
      byte[] bytes = Files.readAllBytes(file);
      // Signature 8, chunk length 4, "IHDR", width, height: the size is known before decoding.
      if (bytes.length < 24 || ByteBuffer.wrap(bytes).getInt(12) != 0x49484452) {
        throw damaged(file, "no header", null);
      }
      int w = ByteBuffer.wrap(bytes).getInt(16);
      int h = ByteBuffer.wrap(bytes).getInt(20);
      Images.checkSize(file, w, h, width, height);
      checkChunks(file, bytes);
      return grey(decode(file, bytes), file, invert);
    } catch (IOException e) {
      throw CsdpException.environment("%s: cannot be read: %s", file, Downloads.reason(e))
          .because(e);
    }
  }

  /** Checks completeness and checksums: the decoder would fill missing parts with black. */
  private static void checkChunks(Path file, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
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

  private static BufferedImage decode(Path file, byte[] bytes) {
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      reader.setInput(
          in, true, true); // forward only, without metadata, whose text may unpack to GiBs
      return reader.read(0);
    } catch (IOException | RuntimeException e) {
      // Damaged files make the decoder throw many types.
      throw damaged(file, e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }

  private static float[] grey(BufferedImage image, Path file, boolean invert) {
    int width = image.getWidth();
    int height = image.getHeight();
    Raster raster = image.getRaster();
    ColorModel model = image.getColorModel();
    boolean palette = model instanceof IndexColorModel;
    int bands = raster.getNumBands();
    if (!palette && bands > 4) {
      throw damaged(file, bands + " channels", null);
    }
    boolean alpha = !palette && bands % 2 == 0;
    float full = palette ? 255 : (1 << model.getComponentSize(0)) - 1;
    float[] out = new float[width * height];
    float[] v = new float[Math.max(4, bands)];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (palette) {
          int rgb = image.getRGB(x, y);
          v[0] = rgb >> 16 & 0xFF;
          v[1] = rgb >> 8 & 0xFF;
          v[2] = rgb & 0xFF;
          v[3] = rgb >>> 24;
        } else {
          // Stored samples: getRGB would convert grey through a linear colour space.
          raster.getPixel(x, y, v);
        }
        float luma = palette || bands >= 3 ? 0.299f * v[0] + 0.587f * v[1] + 0.114f * v[2] : v[0];
        float opaque = palette ? v[3] / 255 : alpha ? v[bands - 1] / full : 1;
        float grey = Math.min(1, luma / full);
        out[y * width + x] = (invert ? 1 - grey : grey) * opaque;
      }
    }
    return out;
  }

  private static CsdpException damaged(Path file, String what, Exception e) {
    CsdpException known =
        CsdpException.badInput(
            "%s: damaged PNG (%s); save it again",
            file, what == null ? "cannot be decoded" : what.lines().findFirst().orElse(""));
    return e == null ? known : known.because(e);
  }
}
