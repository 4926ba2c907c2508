package csdp.data;

import static csdp.data.TestData.gzip;
import static csdp.data.TestData.idxImages;
import static csdp.data.TestData.write;
import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.io.Npy;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  @TempDir Path dir;

  private Path png(BufferedImage image) throws IOException {
    Path file = dir.resolve("image.png");
    assertTrue(ImageIO.write(image, "png", file.toFile()));
    return file;
  }

  @Test
  void greyPngIsTakenAsStored() throws IOException {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
    int[] values = {0, 1, 60, 128, 254, 255};
    image.getRaster().setPixels(0, 0, 3, 2, values);
    float[][] read = Images.read(png(image), 3, 2);
    assertEquals(1, read.length);
    for (int p = 0; p < 6; p++) {
      assertEquals(values[p] / 255f, read[0][p]);
    }
  }

  @Test
  void otherPngsBecomeGrey() throws IOException {
    BufferedImage rgb = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
    rgb.setRGB(0, 0, 0xFF0000);
    rgb.setRGB(1, 0, 0x00FF00);
    rgb.setRGB(0, 1, 0x0000FF);
    rgb.setRGB(1, 1, 0xFFFFFF);
    float[] luma = {0.299f, 0.587f, 0.114f, 1};
    assertArrayEquals(luma, Images.read(png(rgb), 2, 2)[0], 1e-6f);

    BufferedImage alpha = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    alpha.setRGB(0, 0, 0x00FFFFFF);
    alpha.setRGB(1, 0, 0xFFFFFFFF);
    assertArrayEquals(new float[] {0, 1}, Images.read(png(alpha), 2, 1)[0], 1e-6f);

    BufferedImage palette = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    palette.setRGB(1, 0, 0xFFFFFF);
    assertArrayEquals(new float[] {0, 1}, Images.read(png(palette), 2, 1)[0], 1e-6f);

    BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setPixels(0, 0, 2, 1, new int[] {1000, 65535});
    assertArrayEquals(new float[] {1000 / 65535f, 1}, Images.read(png(deep), 2, 1)[0], 1e-6f);
  }

  /** Java reads CMYK as four channels without opacity; the fourth, black ink, is no opacity. */
  @Test
  void cmykIsRefused() throws IOException {
    WritableRaster inks = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 3, 2, 4, null);
    Path file = dir.resolve("cmyk.jpg");
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(inks, null, null), null);
    } finally {
      writer.dispose();
    }
    assertFails(2, () -> Images.read(file, 3, 2), file.toString(), "CMYK", "convert it to RGB");
  }

  @Test
  void pngOfAnotherSizeOrDamaged() throws IOException {
    Path file = png(new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY));
    assertFails(2, () -> Images.read(file, 28, 28), "3 x 2", "28 x 28", file.toString());
    byte[] bytes = Files.readAllBytes(file);
    byte[] huge = bytes.clone();
    ByteBuffer.wrap(huge).putInt(16, Integer.MAX_VALUE).putInt(20, Integer.MAX_VALUE);
    write(file, huge);
    assertFails(2, () -> Images.read(file, 28, 28), "2147483647");
    for (int length = 8; length < bytes.length; length++) {
      write(file, Arrays.copyOf(bytes, length));
      assertFails(2, () -> Images.read(file, 3, 2), file.toString());
    }
    for (int i = 24; i < bytes.length; i++) {
      byte[] flipped = bytes.clone();
      flipped[i] ^= 0x41;
      write(file, flipped);
      assertFails(2, () -> Images.read(file, 3, 2), "damaged PNG", file.toString());
    }
    // Checksums that are right and a colour type that there is not.
    byte[] odd = bytes.clone();
    odd[25] = 5;
    CRC32 crc = new CRC32();
    crc.update(odd, 12, 17);
    ByteBuffer.wrap(odd).putInt(29, (int) crc.getValue());
    write(file, odd);
    assertFails(2, () -> Images.read(file, 3, 2), "damaged PNG");
  }

  @Test
  void idxAndNpyHoldMany() throws IOException {
    byte[] idx = idxImages(3, 2, 4);
    for (byte[] bytes : new byte[][] {idx, gzip(idx)}) {
      float[][] read = Images.read(write(dir.resolve("images"), bytes), 2, 2);
      assertEquals(3, read.length);
      assertEquals(26 / 255f, read[2][2]);
    }
    assertFails(2, () -> Images.read(dir.resolve("images"), 4, 1), "2 x 2", "4 x 1");

    Path npy = dir.resolve("images.npy");
    float[] values = {0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1, 0};
    Npy.write(npy, new int[] {2, 6}, values);
    assertArrayEquals(Arrays.copyOfRange(values, 6, 12), Images.read(npy, 3, 2)[1]);
    Npy.write(npy, new int[] {2, 2, 3}, values);
    assertArrayEquals(Arrays.copyOfRange(values, 6, 12), Images.read(npy, 3, 2)[1]);
    assertFails(2, () -> Images.read(npy, 2, 3), "3 x 2", "2 x 3");
    Npy.write(npy, new int[] {3, 4}, values);
    assertArrayEquals(values, Images.read(npy, 4, 3)[0]);
    assertFails(2, () -> Images.read(npy, 28, 28), "4 x 3");
    Npy.write(npy, new int[] {1, 2}, new byte[] {51, -1});
    assertArrayEquals(new float[] {0.2f, 1}, Images.read(npy, 2, 1)[0]);
    Npy.write(npy, new int[] {1, 2}, new float[] {0.5f, Float.NaN});
    assertFails(2, () -> Images.read(npy, 2, 1), "NaN", npy.toString());
  }

  @Test
  void axesOfOneDoNotMatter() throws IOException {
    Path npy = dir.resolve("images.npy");
    float[] six = {0, 0.2f, 0.4f, 0.6f, 0.8f, 1};
    for (int[] shape :
        new int[][] {
          {6}, {1, 6}, {6, 1}, {2, 3}, {1, 2, 3}, {2, 3, 1}, {1, 1, 2, 3}, {1, 2, 3, 1}, {1, 1, 6}
        }) {
      Npy.write(npy, shape, six);
      float[][] read = Images.read(npy, 3, 2);
      assertEquals(1, read.length);
      assertArrayEquals(six, read[0]);
    }
    float[] twelve = new float[12];
    System.arraycopy(six, 0, twelve, 6, 6);
    for (int[] shape : new int[][] {{2, 6}, {2, 2, 3}, {2, 1, 2, 3}, {2, 2, 3, 1}, {2, 1, 6}}) {
      Npy.write(npy, shape, twelve);
      float[][] read = Images.read(npy, 3, 2);
      assertEquals(2, read.length);
      assertArrayEquals(six, read[1]);
    }
    for (int[] shape :
        new int[][] {{12}, {3, 2}, {2, 3, 2}, {2, 3, 1, 2}, {1, 2, 3, 2}, {2, 0, 6}, {3, 2, 2}}) {
      Npy.write(npy, shape, new float[shape[shape.length - 1] == 6 ? 0 : length(shape)]);
      assertFails(2, () -> Images.read(npy, 3, 2), "images.npy");
    }
    Npy.write(npy, new int[] {3, 6}, new float[18]);
    assertEquals(3, Images.read(npy, 6, 1).length); // a row is an image of the height 1
    Npy.write(npy, new int[] {2, 3}, new boolean[] {true, false, true, false, false, true});
    assertArrayEquals(new float[] {1, 0, 1, 0, 0, 1}, Images.read(npy, 3, 2)[0]);
    Npy.write(npy, new int[] {2, 3}, new long[] {0, 51, 102, 153, 204, 255});
    assertArrayEquals(six, Images.read(npy, 3, 2)[0], 1e-7f);
    Npy.write(npy, new int[] {2, 3}, new float[] {1.0000001f, -1e-8f, 1.0009f, 0.5f, 0, 1});
    assertArrayEquals(new float[] {1, 0, 1, 0.5f, 0, 1}, Images.read(npy, 3, 2)[0]);
    Npy.write(npy, new int[] {2, 3}, new float[] {1.01f, 0, 0, 0, 0, 0});
    assertFails(2, () -> Images.read(npy, 3, 2), "1.01");
  }

  private static int length(int[] shape) {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  @Test
  void invertedImagesKeepATransparentGroundBlack() throws IOException {
    BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0xFF000000); // dark ink
    image.setRGB(1, 0, 0x80000000); // its edge
    image.setRGB(2, 0, 0x00FFFFFF); // ground, however it is stored
    image.setRGB(3, 0, 0x00000000);
    Path file = png(image);
    assertArrayEquals(new float[4], Images.read(file, 4, 1, false)[0]);
    assertArrayEquals(new float[] {1, 128 / 255f, 0, 0}, Images.read(file, 4, 1, true)[0], 1e-6f);
    Path npy = dir.resolve("i.npy");
    Npy.write(npy, new int[] {1, 2}, new float[] {0.25f, 1});
    assertArrayEquals(new float[] {0.75f, 0}, Images.read(npy, 2, 1, true)[0]);
    Path idx = write(dir.resolve("i.idx"), idxImages(1, 2, 0));
    assertEquals(1 - 3 / 255f, Images.read(idx, 2, 2, true)[0][3], 1e-7f);
  }

  @Test
  void inkTellsAnInvertedImage() {
    Ink mnist = new Ink(0.13, 0.02, 0.4);
    float[] digit = {0, 0, 0, 0.5f, 1, 0, 0, 0};
    float[] inverted = {1, 1, 1, 0.5f, 0, 1, 1, 1};
    assertTrue(mnist.looksInverted(inverted, digit));
    assertFalse(mnist.looksInverted(digit, inverted));
    assertTrue(mnist.looksInverted(new float[8], digit), "dark ink on a transparent ground");
    float[] white = {1, 1, 1, 1, 1, 1, 1, 1};
    assertFalse(mnist.looksInverted(new float[8], white), "blank either way");
    float[] noise = {0, 1, 1, 0, 1, 0, 1, 0};
    float[] otherNoise = {1, 0, 0, 1, 0, 1, 0, 1};
    assertFalse(mnist.looksInverted(noise, otherNoise), "as unlike these either way");
    Ink paper = new Ink(0.87, 0.6, 0.98); // trained on dark ink on white
    assertTrue(paper.looksInverted(digit, inverted));
    assertFalse(paper.looksInverted(inverted, digit));
    Dataset two = Dataset.ofFloats("two", 2, 1, 2, new float[] {0, 0.5f, 1, 1}, new int[] {0, 1});
    assertEquals(new Ink(0.625, 0.25, 1), two.ink());
  }

  @Test
  void anythingElseIsNamed() throws IOException {
    assertFails(2, () -> Images.read(dir.resolve("none.png"), 2, 2), "no such file", "none.png");
    assertFails(2, () -> Images.read(dir, 2, 2), "not a file");
    Path text = write(dir.resolve("a.png"), "hello".getBytes(StandardCharsets.US_ASCII));
    assertFails(2, () -> Images.read(text, 2, 2), "neither PNG", text.toString());
    assertFails(2, () -> Images.read(write(dir.resolve("e"), new byte[0]), 2, 2), "neither PNG");
  }
}
