package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.cli.CommandTest;
import csdp.data.Strokes;
import csdp.io.Json;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Warnings of predict. */
class PredictCommandTest extends CommandTest {
  @TempDir Path dir;

  @Test
  void imagesThatLookInvertedAreSaid() throws Exception {
    String run = dir.resolve("run").toString();
    String file = dir.resolve("i.png").toString();
    assertEquals(0, trainStrokes("--out", run), err);
    JsonNode ink = Json.tree(dir.resolve("run/config.json")).at("/seen/ink");
    assertTrue(
        ink.get("mean").doubleValue() > 0.02 && ink.get("mean").doubleValue() < 0.3, "" + ink);
    BufferedImage paper = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage clear = new BufferedImage(28, 28, BufferedImage.TYPE_INT_ARGB);
    BufferedImage bright = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
    float[] pixels = new float[784];
    Strokes.test(1).copyImage(0, pixels, 0);
    for (int i = 0; i < 784; i++) {
      int v = Math.round(255 * pixels[i]);
      bright.getRaster().setSample(i % 28, i / 28, 0, v);
      paper.getRaster().setSample(i % 28, i / 28, 0, 255 - v);
      clear.setRGB(i % 28, i / 28, v << 24);
    }
    String lastAnswer = null;
    for (BufferedImage image : List.of(paper, clear, bright)) {
      assertTrue(ImageIO.write(image, "png", new File(file)));
      boolean good = image == bright;
      String[] plain = {"predict", "--model", run, file};
      assertEquals(0, run(plain), err);
      assertEquals(!good, err.contains("warning: 1 of 1 images look inverted"), err);
      assertEquals(!good, err.contains("try --invert"), err);
      String answer = out;
      assertEquals(0, run("predict", "--invert", "--model", run, file), err);
      assertEquals(good, err.contains("remove --invert"), err);
      if (good) { // as the dark ones inverted
        assertEquals(lastAnswer, answer);
      } else {
        lastAnswer = out;
      }
    }
    // A run of a version that measured no ink is still a run.
    Path config = dir.resolve("run/config.json");
    String text = Files.readString(config);
    String old = text.replaceAll("\"ink\" : \\{[^}]*},\\s*", "");
    assertFalse(old.contains("ink"), old);
    Files.writeString(config, old);
    assertEquals(0, run("predict", "--model", run, file), err);
    assertEquals("", err);
    assertEquals(0, run("train", "--resume", "--epochs", "2", "--out", run), err);
  }
}
