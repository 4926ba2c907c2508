package csdp.train;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.config.TrainOptions;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.error.CsdpException;
import csdp.io.Npy;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class BatchesTest {
  private static final int STEPS = 5;
  private static final int UNITS = 23;

  /** Image i has pixels (i, 0); classes go round. */
  private static Dataset data(int n, int classes) {
    byte[] pixels = new byte[2 * n];
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      pixels[2 * i] = (byte) i;
      labels[i] = i % classes;
    }
    return Dataset.ofBytes("numbers", 2, 1, classes, pixels, labels);
  }

  private static NetworkSpec spec(int classes, boolean supervised) {
    return NetworkSpec.builder(2, classes).hidden(3).supervised(supervised).build();
  }

  /** Both pixels of each sample. */
  private static float[] pixels(Batch b) {
    return shown(b, 2);
  }

  /** The images of all samples. */
  private static float[] shown(Batch b, int pixels) {
    float[] all = new float[pixels * b.size()];
    for (int k = 0; k < b.size(); k++) {
      b.copyImage(k, all, pixels * k);
    }
    return all;
  }

  private static Batches supervised(Dataset d, int batch) {
    return new Batches(
        spec(d.classes(), true), d, TrainOptions.epochs(1).withBatch(batch).withSeed(3));
  }

  @Test
  void anEpochShowsEveryImageOnceInAnotherOrder() {
    Batches b = supervised(data(25, 5), 10);
    assertEquals(3, b.count());
    int[][] orders = new int[2][];
    for (int epoch = 0; epoch < 2; epoch++) {
      int[] order = new int[25];
      int at = 0;
      for (int k = 0; k < 3; k++) {
        Batch batch = b.get(epoch, k);
        assertEquals(k < 2 ? 10 : 5, batch.positives());
        for (int i = 0; i < batch.positives(); i++) {
          order[at++] = Math.round(pixels(batch)[2 * i] * 255);
          assertEquals(order[at - 1] % 5, batch.label(i));
        }
      }
      orders[epoch] = order;
      int[] sorted = order.clone();
      Arrays.sort(sorted);
      int[] all = new int[25];
      Arrays.setAll(all, i -> i);
      assertArrayEquals(all, sorted);
    }
    assertNotEquals(Arrays.toString(orders[0]), Arrays.toString(orders[1]));
  }

  /** A new order is a new array, so a device can detect it by identity. */
  @Test
  void anOrderIsNotChangedOnceItIsShown() {
    Batches b = supervised(data(25, 5), 10);
    int[] first = ((Batch.Stored) b.get(0, 0).images()).order();
    int[] copy = first.clone();
    assertSame(first, ((Batch.Stored) b.get(0, 1).images()).order());
    assertNotSame(first, ((Batch.Stored) b.get(1, 0).images()).order());
    assertArrayEquals(copy, first);
  }

  @Test
  void aBatchDependsOnlyOnItsPosition() {
    Dataset d = data(25, 5);
    Batches a = supervised(d, 10);
    Batches b = supervised(d, 10);
    a.get(0, 0);
    a.get(0, 1);
    Batch x = a.get(1, 1);
    Batch y = b.get(1, 1);
    assertArrayEquals(pixels(x), pixels(y));
    assertArrayEquals(x.labels(), y.labels());
    assertEquals(x.input(), y.input());
  }

  @Test
  void supervisedNegativesAreTheSameImageWithAWrongLabel() {
    Batches batches = supervised(data(250, 4), 250);
    int[] shift = new int[4];
    for (int epoch = 0; epoch < 12; epoch++) {
      Batch b = batches.get(epoch, 0);
      for (int i = 0; i < 250; i++) {
        assertEquals(pixels(b)[2 * i], pixels(b)[2 * (250 + i)]);
        shift[Math.floorMod(b.label(250 + i) - b.label(i), 4)]++;
      }
    }
    assertEquals(0, shift[0], "negatives with their true label");
    for (int k = 1; k < 4; k++) {
      assertEquals(1000, shift[k], 120, "wrong labels are drawn uniformly");
    }
  }

  /** Recording i of a file has the spikes of {@link #spike}. */
  private static Dataset recordings(Path dir, int n) throws IOException {
    boolean[] all = new boolean[n * STEPS * UNITS];
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 4;
      for (int s = 0; s < STEPS * UNITS; s++) {
        all[i * STEPS * UNITS + s] = spike(i, s);
      }
    }
    Npy.write(dir.resolve("trainSpikes.npy"), new int[] {n, STEPS, UNITS}, all);
    Npy.write(dir.resolve("trainY.npy"), new int[] {n}, labels);
    return DataSources.split(DataRequest.of(dir.toString(), 0, 0), Split.TRAIN, line -> {});
  }

  private static boolean spike(int i, int s) {
    return Philox.stream(1, Purpose.STROKES, i, s, 0).nextInt(3) == 0;
  }

  private static NetworkSpec recorded(boolean supervised) {
    Constants c = Constants.demo().withSteps(STEPS);
    return NetworkSpec.builder(UNITS, 4).hidden(3).supervised(supervised).constants(c).build();
  }

  private static boolean shown(Batch b, int sample, int s) {
    byte[] spikes = ((Batch.Recorded) b.input()).spikes();
    return spikes[(s / UNITS * b.size() + sample) * UNITS + s % UNITS] == 1;
  }

  /** Returns the recording with all spikes of a sample. */
  private static int recordingOf(Batch b, int sample, int n) {
    return IntStream.range(0, n)
        .filter(
            i ->
                IntStream.range(0, STEPS * UNITS).allMatch(s -> spike(i, s) == shown(b, sample, s)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theWindowWithoutContextShowsTheSameRecordings(@TempDir Path dir) throws IOException {
    Dataset d = recordings(dir, 9);
    Batches batches = new Batches(recorded(true), d, TrainOptions.epochs(1).withBatch(5));
    for (int index = 0; index < 2; index++) {
      Batch batch = batches.get(0, index);
      Batch images = batches.unlabelled();
      assertEquals(batch.positives(), images.size());
      for (int b = 0; b < images.size(); b++) {
        assertEquals(batch.label(b), images.label(b));
        assertEquals(-1, images.clamped(b));
        assertEquals(recordingOf(batch, b, 9), recordingOf(images, b, 9));
      }
    }
  }

  @Test
  void recordedSpikesAreShownAsTheyAre(@TempDir Path dir) throws IOException {
    Dataset data = recordings(dir, 9);
    Batches batches =
        new Batches(recorded(true), data, TrainOptions.epochs(1).withBatch(5).withSeed(3));
    Set<Integer> seen = new HashSet<>();
    for (int k = 0; k < 2; k++) {
      Batch b = batches.get(0, k);
      for (int i = 0; i < b.positives(); i++) {
        int recording = recordingOf(b, i, 9);
        assertTrue(seen.add(recording));
        assertEquals(recording % 4, b.label(i));
        assertEquals(recording, recordingOf(b, b.positives() + i, 9), "the negative");
        assertNotEquals(b.label(i), b.label(b.positives() + i));
        float[] rates = new float[UNITS];
        b.copyImage(i, rates, 0);
        float[] image = new float[UNITS];
        data.copyImage(recording, image, 0);
        assertArrayEquals(image, rates);
      }
    }
    assertEquals(9, seen.size());
  }

  /** Where two recordings differ, the negative has the spike of the first with probability mix. */
  @Test
  void mixedRecordingsTakeEachSpikeFromOneOfTwo(@TempDir Path dir) throws IOException {
    int n = 9;
    Dataset data = recordings(dir, n);
    TrainOptions options = TrainOptions.epochs(1).withBatch(4).withSeed(3).withMix(0.25f);
    Batches batches = new Batches(recorded(false), data, options);
    int differing = 0;
    int own = 0;
    int[] word = new int[4];
    for (int epoch = 0; epoch < 30; epoch++) {
      for (int k = 0; k < 3; k++) { // 4, 4, 1: the last one has a partner outside of its batch
        Batch b = batches.get(epoch, k);
        int p = b.positives();
        for (int i = 0; i < p; i++) {
          int first = recordingOf(b, i, n);
          int second = -1;
          for (int other = 0; other < n && second < 0; other++) {
            boolean fits = other != first;
            for (int s = 0; s < STEPS * UNITS; s++) {
              fits &=
                  shown(b, p + i, s) == spike(first, s) || shown(b, p + i, s) == spike(other, s);
            }
            second = fits ? other : -1;
          }
          assertTrue(second >= 0, "a spike of neither");
          for (int s = 0; s < STEPS * UNITS; s++) {
            if (spike(first, s) == spike(second, s)) {
              continue;
            }
            differing++;
            boolean fromFirst = shown(b, p + i, s) == spike(first, s);
            own += fromFirst ? 1 : 0;
            int step = s / UNITS + 1;
            int unit = s % UNITS;
            Philox.block(3 * epoch + k, step, i, unit / 4, 3, Purpose.EVENT_MIX.ordinal(), word);
            assertEquals(Philox.uniform(word[unit % 4]) < 0.25f, fromFirst);
          }
        }
      }
    }
    assertTrue(differing > 10_000, differing + " spikes: too few");
    assertEquals(0.25, (double) own / differing, 0.02);
    assertFails(
        CsdpException.USAGE,
        () -> new Batches(recorded(false), data, options.withRotate(true)),
        "recorded spikes",
        "--rotate");
    assertFails(
        CsdpException.USAGE,
        () -> new Batches(recorded(false), data, options.withShift(1)),
        "recorded spikes",
        "--shift");
  }

  @Test
  void unsupervisedNegativesMixInAnotherImage() {
    Dataset d = data(40, 4);
    TrainOptions options =
        TrainOptions.epochs(1).withBatch(13).withSeed(3).withMix(0.25f); // 13, 13, 13, 1
    Batches batches = new Batches(spec(4, false), d, options);
    Set<Integer> partners = new HashSet<>();
    for (int k = 0; k < 4; k++) {
      Batch b = batches.get(0, k);
      int n = b.positives();
      for (int i = 0; i < n; i++) {
        float own = pixels(b)[2 * i];
        int other = Math.round((pixels(b)[2 * (n + i)] - 0.25f * own) / 0.75f * 255);
        assertNotEquals(Math.round(own * 255), other, "an image is not its own negative");
        assertEquals(-1, b.label(n + i));
        partners.add(other);
      }
    }
    assertTrue(partners.size() > 15, partners.size() + " different partners");
  }

  /** Each image is moved anew in each epoch; its negative is the same picture. */
  @Test
  void imagesAreShifted() {
    byte[] dot = new byte[9 * 30]; // 30 images of 3 x 3 pixels, a dot in the middle
    for (int i = 0; i < 30; i++) {
      dot[9 * i + 4] = (byte) 255;
    }
    Dataset d = Dataset.ofBytes("dots", 3, 3, 2, dot, new int[30]);
    TrainOptions options = TrainOptions.epochs(1).withBatch(30).withSeed(3).withShift(2);
    for (boolean supervised : new boolean[] {true, false}) {
      NetworkSpec spec = NetworkSpec.builder(9, 2).hidden(3).supervised(supervised).build();
      Batches batches = new Batches(spec, d, options);
      Set<Integer> places = new HashSet<>();
      int outside = 0;
      float[] before = null;
      for (int epoch = 0; epoch < 20; epoch++) {
        Batch b = batches.get(epoch, 0);
        float[] all = shown(b, 9);
        for (int i = 0; i < 30; i++) {
          float[] image = Arrays.copyOfRange(all, 9 * i, 9 * i + 9);
          int at = Arrays.equals(image, new float[9]) ? -1 : indexOf(1, image);
          if (at < 0) {
            outside++;
          }
          places.add(at);
          if (supervised) {
            assertArrayEquals(image, Arrays.copyOfRange(all, 9 * (30 + i), 9 * (30 + i) + 9));
          }
        }
        assertFalse(Arrays.equals(all, before), "the same shifts in two epochs");
        before = all;
        assertArrayEquals(all, shown(new Batches(spec, d, options).get(epoch, 0), 9));
      }
      assertEquals(10, places.size(), "nine places and outside");
      assertEquals(600 * 16 / 25, outside, 50, "16 of 25 shifts move the dot out");
    }
  }

  /** The most likely class, or the second if the first is right; the lowest of equal ones. */
  @Test
  void hardNegativesHaveTheMostLikelyWrongLabel() {
    NetworkSpec spec = spec(3, true);
    Batches batches = new Batches(spec, data(6, 3), TrainOptions.epochs(1).withBatch(4));
    Batch batch = batches.get(0, 0);
    Batch images = batches.unlabelled();
    assertEquals(4, images.size());
    assertEquals(4, images.positives());
    float[] image = new float[2];
    float[] plain = new float[2];
    for (int b = 0; b < 4; b++) {
      assertEquals(batch.label(b), images.label(b));
      assertEquals(-1, images.clamped(b));
      images.copyImage(b, image, 0);
      batch.copyImage(b, plain, 0);
      assertArrayEquals(plain, image);
    }
    assertEquals(Purpose.UNLABELLED_SPIKES, ((Batch.RandomSpikes) images.input()).purpose());
    float[][] spikes = {{5, 7, 7}, {9, 1, 2}, {0, 0, 0}};
    for (float[] s : spikes) {
      ReadOut answers = new ReadOut(spec);
      answers.reset(4);
      for (int b = 0; b < 4; b++) {
        System.arraycopy(s, 0, answers.classSpikes(), 3 * b, 3);
      }
      batches.harden(answers);
      for (int b = 0; b < 4; b++) {
        int wrong = (batch.label(b) + 1) % 3;
        int other = (batch.label(b) + 2) % 3;
        int expected =
            s[wrong] == s[other] ? Math.min(wrong, other) : s[wrong] > s[other] ? wrong : other;
        assertEquals(expected, batch.label(4 + b));
      }
    }
  }

  private static int indexOf(float value, float[] in) {
    int i = 0;
    while (in[i] != value) {
      i++;
    }
    return i;
  }

  @Test
  void rotation() {
    float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    assertArrayEquals(image, Batches.rotate(image, 3, 3, 0), 1e-6f);
    // Counter-clockwise: the right column becomes the top row.
    assertArrayEquals(
        new float[] {3, 6, 9, 2, 5, 8, 1, 4, 7}, Batches.rotate(image, 3, 3, 90), 1e-5f);
    // On a wide image edge values are repeated.
    float[] wide = {1, 2, 3, 4};
    assertArrayEquals(new float[] {2.5f, 2.5f, 2.5f, 2.5f}, Batches.rotate(wide, 4, 1, -90), 1e-5f);
    // A straight edge stays halfway between its sides.
    float[] half = {0, 0, 1, 0, 0, 1, 0, 0, 1};
    assertEquals(Math.sqrt(0.5), Batches.rotate(half, 3, 3, 45)[1], 1e-5);
  }

  @Test
  void whatCannotWorkIsRefused() {
    assertThrows(
        CsdpException.class, () -> new Batches(spec(2, false), data(1, 2), TrainOptions.epochs(1)));
    assertThrows(
        CsdpException.class, () -> new Batches(spec(1, true), data(4, 1), TrainOptions.epochs(1)));
  }

  /** Samples x units are more than an int holds, in training, in validation and in evaluation. */
  @Test
  void aBatchThatNoArrayHoldsIsRefusedBeforeAnythingRuns() {
    NetworkSpec spec = NetworkSpec.builder(2, 2).hidden(40_000).build();
    int many = 60_000;
    TrainOptions options = TrainOptions.epochs(1).withBatch(many).withSeed(1).withMix(0);
    Dataset large = data(many, 2);
    refused(() -> new Batches(spec, large, options));
    Backend backend = // without memory: nothing but its network is asked for
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, args) -> {
                  assertEquals("spec", method.getName());
                  return spec;
                });
    refused(() -> Evaluator.evaluate(backend, large, 1, many, (done, of) -> {}));
    refused(() -> new Trainer(backend, data(4, 2), large, options, TrainState.start(), List.of()));
  }

  private static void refused(Executable what) {
    assertFails(CsdpException.USAGE, what, "more than an array can hold");
  }
}
