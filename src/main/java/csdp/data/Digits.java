package csdp.data;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.io.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/**
 * The bundled handwritten digits: 1,797 images of 8 x 8 pixels with 17 grey levels, split as in an
 * independent study of CSDP. Source and licence: data/digits/README.md in the sources.
 */
final class Digits {
  /** Width and height of an image, in pixels. */
  static final int SIDE = 8;

  /** Number of training images. */
  static final int TRAIN = 1_078;

  /** Number of validation images. */
  static final int VALID = 359;

  /** Number of test images: all others. */
  static final int TEST = 360;

  private static final int CLASSES = 10;

  /** Value of a white pixel in the file. */
  private static final float WHITE = 16;

  private Digits() {}

  /**
   * Reads a part; training and validation images in the study's order, test images in the file's.
   */
  static Dataset read(Split split) {
    List<String> lines = lines();
    int[] train = rows("train");
    int[] valid = rows("validation");
    int[] rows =
        switch (split) {
          case TRAIN -> train;
          case VALID -> valid;
          case TEST -> others(lines.size(), train, valid);
        };
    int pixels = SIDE * SIDE;
    float[] images = new float[rows.length * pixels];
    int[] labels = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      String[] values = lines.get(rows[i]).split(",");
      for (int p = 0; p < pixels; p++) {
        images[i * pixels + p] = Integer.parseInt(values[p]) / WHITE;
      }
      labels[i] = Integer.parseInt(values[pixels]);
    }
    String part = split.label();
    return Dataset.adoptFloats("digits " + part, SIDE, SIDE, CLASSES, images, labels);
  }

  private static List<String> lines() {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(file("digits.csv.gz")))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int[] rows(String part) {
    JsonNode rows = Json.tree(file("split.json"), Path.of("split.json")).get(part);
    return IntStream.range(0, rows.size()).map(i -> rows.get(i).intValue()).toArray();
  }

  private static int[] others(int rows, int[] train, int[] valid) {
    boolean[] used = new boolean[rows];
    IntStream.concat(Arrays.stream(train), Arrays.stream(valid)).forEach(i -> used[i] = true);
    return IntStream.range(0, rows).filter(i -> !used[i]).toArray();
  }

  private static byte[] file(String name) {
    try (InputStream in = Digits.class.getResourceAsStream("digits/" + name)) {
      if (in == null) {
        throw new IOException("csdp/data/digits/" + name + " is not on the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
