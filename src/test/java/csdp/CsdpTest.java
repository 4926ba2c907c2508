package csdp;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Csdp.Encoding;
import csdp.Csdp.Prediction;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.data.Strokes;
import csdp.error.CsdpException;
import csdp.example.TrainAndClassify;
import csdp.model.Synapse;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as a program uses it. */
class CsdpTest {
  @TempDir Path dir;

  @Test
  void theExampleRuns() {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true));
    try {
      TrainAndClassify.main(new String[] {dir.resolve("model").toString()});
    } finally {
      System.setOut(before);
    }
    String text = out.toString(StandardCharsets.UTF_8);
    assertTrue(text.matches("(?s).*epoch 2: \\d+\\.\\d % valid.*image 0: class \\d .*"), text);
  }

  @Test
  void whatIsSavedIsLoadedBitForBitAndAnswersTheSame() {
    Dataset train = Strokes.train(1).limit(100);
    float[][] images = new float[5][784];
    for (int i = 0; i < 5; i++) {
      train.copyImage(i, images[i], 0);
    }
    try (Csdp net = Csdp.builder(784, 10).hidden(25).device("cpu").threads(1).build()) {
      net.train(train, null, TrainOptions.epochs(1).withBatch(50));
      net.save(dir.resolve("model"));
      try (Csdp loaded = Csdp.load(dir.resolve("model"))) {
        for (Synapse s : net.spec().synapses()) {
          Synapse other = loaded.spec().synapses().get(s.index());
          assertEquals(s.name(), other.name());
          assertArrayEquals(net.parameters().weights(s), loaded.parameters().weights(other));
        }
        List<Prediction> a = net.classify(images);
        List<Prediction> b = loaded.classify(images);
        for (int i = 0; i < 5; i++) {
          assertEquals(a.get(i).label(), b.get(i).label());
          assertArrayEquals(a.get(i).probabilities(), b.get(i).probabilities());
          assertEquals(1, Arrays.stream(a.get(i).probabilities()).sum(), 1e-12);
        }
        // One image alone is shown the spikes of position 0.
        assertArrayEquals(a.get(0).probabilities(), loaded.classify(images[0]).probabilities());
      }
    }
  }

  @Test
  void answersOfASequenceDoNotDependOnTheCalls() {
    int n = 40;
    Dataset train = Strokes.train(1).limit(100);
    float[][] images = new float[n][784];
    for (int i = 0; i < n; i++) {
      train.copyImage(i, images[i], 0);
    }
    try (Csdp net = Csdp.builder(784, 10).hidden(25, 12).device("cpu").threads(1).build()) {
      net.train(train, null, TrainOptions.epochs(1).withBatch(50));
      List<Encoding> whole = net.encode(images, 0);
      List<Prediction> classified = net.classify(images);
      float[][] rest = Arrays.copyOfRange(images, 17, n);
      List<Encoding> second = net.encode(rest, 17);
      List<Prediction> secondClassified = net.classify(rest, 17);
      for (int i = 17; i < n; i++) {
        Encoding a = whole.get(i);
        Encoding b = second.get(i - 17);
        assertArrayEquals(a.codes(), b.codes());
        for (Prediction p :
            List.of(b.prediction(), secondClassified.get(i - 17), classified.get(i))) {
          assertEquals(a.prediction().label(), p.label());
          assertArrayEquals(a.prediction().probabilities(), p.probabilities());
        }
      }
      // Without the index, other input spikes are drawn.
      List<Encoding> restarted = net.encode(rest, 0);
      long different =
          IntStream.range(17, n)
              .filter(i -> !Arrays.deepEquals(whole.get(i).codes(), restarted.get(i - 17).codes()))
              .count();
      assertTrue(different > (n - 17) / 2, different + " codes differ");
      float[][] codes = whole.get(3).codes();
      assertEquals(25, codes[0].length);
      assertEquals(12, codes[1].length);
      float sum = 0;
      for (float rate : codes[0]) {
        assertEquals(Math.rint(50 * rate), 50 * rate, 1e-5);
        sum += rate;
      }
      assertTrue(sum > 0, "no spike: nothing is tested");
      assertFails(2, () -> net.classify(images, -1), "index -1");
      assertFails(2, () -> net.encode(images, Integer.MAX_VALUE - 3), "40 images", "2147483647");
    }
  }

  @Test
  void recordedSpikesAreChecked() {
    try (Csdp net = Csdp.builder(16, 3).hidden(5).device("reference").build()) {
      byte[] one = new byte[50 * 16];
      Arrays.fill(one, (byte) 1);
      assertEquals(2, net.encodeSpikes(new byte[][] {one, one}).size());
      byte[] other = one.clone();
      other[7] = 2;
      assertFails(2, () -> net.encodeSpikes(new byte[][] {one, other}), "recording 1", "of 2");
      assertFails(2, () -> net.encodeSpikes(new byte[][] {new byte[799]}), "799 bytes");
    }
  }

  @Test
  void wrongSizesAreNamed() {
    try (Csdp net = Csdp.builder(16, 3).hidden(5).device("reference").build()) {
      CsdpException e = assertThrows(CsdpException.class, () -> net.classify(new float[15]));
      assertTrue(e.getMessage().contains("15 pixels"), e.getMessage());
      Dataset other = Strokes.test(1).limit(3);
      e = assertThrows(CsdpException.class, () -> net.evaluate(other));
      assertTrue(e.getMessage().contains("784"), e.getMessage());
    }
    CsdpException e = assertThrows(CsdpException.class, () -> Csdp.load(dir.resolve("nothing")));
    assertEquals(CsdpException.USAGE, e.exitCode());
  }
}
