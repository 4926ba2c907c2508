package csdp.data;

import static csdp.data.TestData.assertFails;
import static csdp.data.TestData.gzip;
import static csdp.data.TestData.idxImages;
import static csdp.data.TestData.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
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
  void anythingElseIsNamed() throws IOException {
    assertFails(2, () -> Images.read(dir.resolve("none.png"), 2, 2), "no such file", "none.png");
    assertFails(2, () -> Images.read(dir, 2, 2), "not a file");
    Path text = write(dir.resolve("a.png"), "hello".getBytes(StandardCharsets.US_ASCII));
    assertFails(2, () -> Images.read(text, 2, 2), "neither PNG", text.toString());
    assertFails(2, () -> Images.read(write(dir.resolve("e"), new byte[0]), 2, 2), "neither PNG");
  }
}
