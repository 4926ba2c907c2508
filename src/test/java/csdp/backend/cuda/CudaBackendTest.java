package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.cuda.device.CountingDevice;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.data.Strokes;
import csdp.error.CsdpException;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.TestNetworks;
import csdp.model.TestParameters;
import csdp.model.TestRates;
import csdp.train.EpochMetrics;
import csdp.train.SeenEpochs;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The whole CUDA path on the emulated device. Parity step by step: BackendParityTest; recorded
 * runs: CudaReplayTest.
 */
@Tag("kernels")
class CudaBackendTest {
  private static NetworkSpec spec(int... hidden) {
    return TestNetworks.lopsided(49, 5, 6).hidden(hidden).build();
  }

  private static Batch batch(NetworkSpec spec, int n, int positives, int seed) {
    Philox.Stream r = Philox.stream(seed, Purpose.STROKES, 1, 2, 3);
    float[] x = new float[n * spec.input().units()];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.min(1, Math.max(0, r.nextFloat(-0.7f, 1.1f)));
    }
    int[] labels = new int[n];
    for (int b = 0; b < n; b++) {
      labels[b] = r.nextInt(spec.classes() + 1) - 1; // some without a label
    }
    return new Batch(
        n,
        positives,
        new Batch.Given(spec.input().units(), x),
        labels,
        new Batch.RandomSpikes(seed, Purpose.TRAIN_SPIKES, 3, b(n)));
  }

  private static int b(int n) {
    return 1000 + n;
  }

  /** Without an observer a window is captured once and queued as a whole; sizes come and go. */
  @Test
  void wholeWindowsOfChangingKindsEqualTheCpu() {
    NetworkSpec spec = spec(40, 13, 7);
    int[][] kinds = {
      {40, 20, 1}, {7, 7, 0}, {1, 1, 1}, {40, 20, 1}, {64, 0, 1}, {7, 7, 0}, {7, 4, 1}
    };
    try (Backend cpu = new CpuBackend(spec, 1);
        CudaBackend cuda = new CudaBackend(spec, Emulated.device())) {
      Parameters initial = Parameters.random(spec, 3);
      cpu.restore(initial);
      cuda.restore(initial);
      ReadOut expected = new ReadOut(spec);
      ReadOut actual = new ReadOut(spec);
      long[] spikes = new long[spec.populations().size()];
      for (int k = 0; k < kinds.length; k++) {
        Batch batch = batch(spec, kinds[k][0], kinds[k][1], k);
        cpu.run(batch, TestRates.when(kinds[k][2] == 1), expected, null);
        cuda.run(batch, TestRates.when(kinds[k][2] == 1), actual, null);
        assertArrayEquals(expected.classSpikes(), actual.classSpikes());
        assertArrayEquals(expected.reconstruction(), actual.reconstruction());
        assertArrayEquals(expected.spikes(), actual.spikes());
        for (Population p : spec.populations(Role.HIDDEN)) {
          assertArrayEquals(expected.hiddenSpikes(p), actual.hiddenSpikes(p));
          spikes[p.index()] += actual.spikes()[p.index()];
        }
        Parameters a = new Parameters(spec);
        Parameters b = new Parameters(spec);
        cpu.snapshot(a);
        cuda.snapshot(b);
        TestParameters.assertSame(a, b);
      }
      for (Population p : spec.populations(Role.HIDDEN)) {
        assertTrue(spikes[p.index()] > 0, "the case is void: no spike in " + p.name());
      }
    }
  }

  /**
   * @param shift 0: a device keeps the images
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void trainsAsTheCpuDoes(int shift) {
    NetworkSpec spec = TestNetworks.strokes(10).hidden(40, 20).build();
    Dataset images = Strokes.train(1);
    List<Parameters> ends = new ArrayList<>();
    List<List<EpochMetrics>> metrics = new ArrayList<>();
    for (Backend backend :
        List.of(new CudaBackend(spec, Emulated.device()), new CpuBackend(spec, 1))) {
      try (backend) {
        backend.restore(Parameters.random(spec, 7));
        SeenEpochs seen = new SeenEpochs();
        new Trainer(
                backend,
                images.subset(0, 200),
                images.subset(200, 300),
                TrainOptions.epochs(2)
                    .withBatch(50)
                    .withSeed(7)
                    .withAnneal(2)
                    .withShift(shift)
                    .withHardNegatives(true)
                    .withUnlabelledHead(true),
                TrainState.start(),
                List.of(seen))
            .run();
        ends.add(backend.parameters());
        metrics.add(seen.metrics());
      }
    }
    TestParameters.assertSame(ends.get(1), ends.get(0));
    assertEquals(3, metrics.get(0).size());
    for (int e = 0; e < 3; e++) {
      assertEquals(metrics.get(1).get(e).validAccuracy(), metrics.get(0).get(e).validAccuracy());
    }
  }

  /** A pixel that equals the uniform number drawn for it does not spike; the next float does. */
  @Test
  void spikesAreDrawnExactlyAsInJava() {
    NetworkSpec spec = spec(1);
    Batch.RandomSpikes draw = new Batch.RandomSpikes(-5, Purpose.EVALUATION_SPIKES, 0, 60_000);
    int units = spec.input().units();
    float[] images = new float[2 * units];
    int[] word = new int[4];
    for (int k = 0; k < images.length; k++) {
      int b = k / units;
      int i = k % units;
      Philox.block(0, 1, 60_000 + b, i / 4, -5, draw.purpose().ordinal(), word);
      float u = Philox.uniform(word[i % 4]);
      images[k] = b == 0 ? u : Math.nextUp(u);
    }
    try (CudaBackend cuda = new CudaBackend(spec, Emulated.device())) {
      cuda.run(
          new Batch(2, 2, new Batch.Given(units, images), new int[] {-1, -1}, draw),
          null,
          new ReadOut(spec),
          view -> {
            if (view.step() == 1) {
              byte[] s0 = view.spikes(spec.input());
              for (int k = 0; k < s0.length; k++) {
                assertEquals(k / units, s0[k], "unit " + k);
              }
            }
          });
    }
  }

  @Test
  void freesWhatItTook() {
    EmulatedDevice device = Emulated.device();
    NetworkSpec spec = spec(13);
    CudaBackend cuda = new CudaBackend(spec, device);
    cuda.run(batch(spec, 7, 4, 1), TestRates.LEARNING, new ReadOut(spec), null);
    int live = cuda.liveBuffers();
    cuda.run(batch(spec, 40, 4, 1), TestRates.LEARNING, new ReadOut(spec), null);
    assertEquals(live, cuda.liveBuffers());
    assertTrue(device.used() > 0);
    cuda.close();
    assertEquals(0, cuda.liveBuffers());
    assertEquals(0, device.used());
  }

  private static Batch stored(Dataset data, int[] order, int from) {
    int[] none = {-1, -1, -1, -1};
    Batch.RandomSpikes draw = new Batch.RandomSpikes(1, Purpose.EVALUATION_SPIKES, 0, from);
    return new Batch(4, 4, new Batch.Stored(data, order, from), none, draw);
  }

  private static int[] inOrder(Dataset data) {
    int[] order = new int[data.size()];
    java.util.Arrays.setAll(order, i -> i);
    return order;
  }

  /** A data set is uploaded once and its order once; the sets that were shown last are kept. */
  @Test
  void imagesStayOnTheDevice() {
    EmulatedDevice device = Emulated.device();
    NetworkSpec spec = TestNetworks.lopsided(784, 10, 6).hidden(13).build();
    Dataset all = Strokes.draw("strokes", 1, 0, 60);
    List<Dataset> sets = List.of(all.subset(0, 30), all.subset(20, 60), all.subset(5, 25));
    long bytes = 0;
    try (CudaBackend cuda = new CudaBackend(spec, device);
        Backend cpu = new CpuBackend(spec, 1)) {
      Parameters initial = Parameters.random(spec, 3);
      cpu.restore(initial);
      cuda.restore(initial);
      ReadOut expected = new ReadOut(spec);
      ReadOut actual = new ReadOut(spec);
      cuda.run(batch(spec, 4, 4, 1), null, actual, null);
      long before = device.used();
      int live = cuda.liveBuffers();
      for (int round = 0; round < 2; round++) {
        for (Dataset data : sets) {
          int[] order = inOrder(data);
          for (int from = 0; from < 12; from += 4) {
            Batch batch = stored(data, order, from);
            cuda.run(batch, null, actual, null);
            cpu.run(batch, null, expected, null);
            assertArrayEquals(expected.spikes(), actual.spikes());
            assertArrayEquals(expected.reconstruction(), actual.reconstruction());
          }
        }
        // The last two: 40 and 20 images, each with its order.
        assertEquals(live + 4, cuda.liveBuffers());
        bytes = device.used() - before;
        assertEquals(60 * 784 + 60 * 4, bytes);
      }
      Batch beyond = stored(sets.get(0), new int[] {0, 1, 30, 2}, 0);
      assertThrows(IndexOutOfBoundsException.class, () -> cuda.run(beyond, null, actual, null));
    }
    assertEquals(0, device.used());
  }

  /** Images are uploaded with each batch if the data set does not fit the device. */
  @Test
  void aDataSetThatDoesNotFitIsShownAllTheSame() {
    NetworkSpec spec = TestNetworks.lopsided(784, 10, 6).hidden(13).build();
    Dataset large = Strokes.draw("strokes", 1, 0, 1000);
    Dataset small = large.subset(0, 10);
    EmulatedDevice device = Emulated.device(700_000);
    try (CudaBackend cuda = new CudaBackend(spec, device);
        Backend cpu = new CpuBackend(spec, 1)) {
      Parameters initial = Parameters.random(spec, 3);
      cpu.restore(initial);
      cuda.restore(initial);
      ReadOut expected = new ReadOut(spec);
      ReadOut actual = new ReadOut(spec);
      for (Dataset data : List.of(small, large, large, small)) {
        Batch batch = stored(data, inOrder(data), 4);
        cuda.run(batch, null, actual, null);
        cpu.run(batch, null, expected, null);
        assertArrayEquals(expected.spikes(), actual.spikes());
      }
    }
    assertEquals(0, device.used());
  }

  @Test
  void aNetworkThatDoesNotFitIsRefusedAndLeavesNothing() {
    EmulatedDevice device = Emulated.device(1 << 20);
    CsdpException e = assertThrows(CsdpException.class, () -> new CudaBackend(spec(2000), device));
    assertEquals(CsdpException.ENVIRONMENT, e.exitCode());
    assertTrue(e.getMessage().contains("second moments of W1 needs 395,136 bytes"), e.getMessage());
    assertTrue( // smaller batches would not help
        e.getMessage().endsWith(" are free: use fewer hidden units (--hidden)"), e.getMessage());
    assertEquals(0, device.used());
  }

  @Test
  void aBatchThatDoesNotFitIsRefusedAndASmallerOneStillRuns() {
    EmulatedDevice device = Emulated.device(1 << 20);
    NetworkSpec spec = spec(100);
    try (CudaBackend cuda = new CudaBackend(spec, device)) {
      ReadOut out = new ReadOut(spec);
      cuda.run(batch(spec, 7, 4, 1), TestRates.LEARNING, out, null);
      CsdpException e =
          assertThrows(
              CsdpException.class,
              () -> cuda.run(batch(spec, 500, 4, 1), TestRates.LEARNING, out, null));
      assertTrue(e.getMessage().startsWith("out of memory on emulated: "), e.getMessage());
      assertTrue(
          e.getMessage().endsWith("use smaller batches (--batch) or fewer hidden units (--hidden)"),
          e.getMessage());
      cuda.run(batch(spec, 8, 4, 1), TestRates.LEARNING, out, null);
    }
    assertEquals(0, device.used());
  }

  /** Kernels number samples in 16 bits. */
  @Test
  @Tag("sources")
  void moreSamplesThanCanBeCountedAreRefusedWhereItLearns() {
    NetworkSpec spec = TestNetworks.lopsided(1, 1, 1).hidden(1).reconstruction(false).build();
    try (CudaBackend cuda = new CudaBackend(spec, Emulated.device())) {
      Batch tooLarge = batch(spec, 0x1_0000, 0x8000, 1);
      ReadOut out = new ReadOut(spec);
      CsdpException e =
          assertThrows(
              CsdpException.class, () -> cuda.run(tooLarge, TestRates.LEARNING, out, null));
      assertEquals(CsdpException.USAGE, e.exitCode());
      assertEquals(
          "a batch of 65,536 samples, negatives included, is too large for the device "
              + cuda.name()
              + ", which learns from at most 65,535: use smaller batches (--batch)",
          e.getMessage());
      cuda.run(tooLarge, null, out, null);
    }
  }

  /** A non-finite value of one window does not affect the next window of any kind. */
  @Test
  void worksAgainAfterSomethingWasNotFinite() {
    NetworkSpec wild =
        spec(13, 7).with(Constants.builder().steps(6).tauM(20).resistance(3e38f).build());
    Parameters quiet = new Parameters(wild);
    try (CudaBackend cuda = new CudaBackend(wild, Emulated.device())) {
      for (int round = 0; round < 2; round++) {
        cuda.restore(Parameters.random(wild, 3));
        for (boolean learn : new boolean[] {false, true}) {
          CsdpException e =
              assertThrows(
                  CsdpException.class,
                  () ->
                      cuda.run(
                          batch(wild, 7, 4, 1), TestRates.when(learn), new ReadOut(wild), null));
          assertTrue(e.getMessage().startsWith("NaN or infinity in the "), e.getMessage());
        }
        cuda.restore(quiet);
        cuda.run(batch(wild, 7, 4, 1), null, new ReadOut(wild), null);
        int[] steps = {0};
        cuda.run(batch(wild, 7, 4, 1), null, new ReadOut(wild), view -> steps[0] = view.step());
        assertEquals(6, steps[0]);
      }
    }
  }

  /** Memory for one buffer less each time, from all that is needed to nothing. */
  @Test
  @Tag("sources")
  void whereverMemoryEndsNothingIsLeft() {
    NetworkSpec spec = spec(13);
    long enough;
    EmulatedDevice large = Emulated.device();
    try (CudaBackend cuda = new CudaBackend(spec, large)) {
      cuda.run(batch(spec, 7, 4, 1), TestRates.LEARNING, new ReadOut(spec), null);
      enough = large.used();
    }
    int refused = 0;
    for (long capacity = 0; capacity <= enough; capacity += 101) {
      CountingDevice device = new CountingDevice(Emulated.device(capacity));
      try (CudaBackend cuda = new CudaBackend(spec, device)) {
        cuda.run(batch(spec, 7, 4, 1), TestRates.LEARNING, new ReadOut(spec), null);
      } catch (CsdpException e) {
        assertTrue(e.getMessage().startsWith("out of memory on emulated: "), e.getMessage());
        refused++;
      }
      assertEquals(List.of(0, 0), device.live(), capacity + " bytes");
      assertEquals(0, device.used());
      assertTrue(device.closedOnce());
    }
    assertTrue(refused > 100, refused + " refused");
  }

  /** A device that fails at any call, and in every later one: all memory is released. */
  @Test
  @Tag("sources")
  void whereverTheDeviceFailsNothingIsLeft() {
    NetworkSpec spec = TestNetworks.lopsided(784, 10, 1).hidden(3).build();
    Dataset images = Strokes.draw("strokes", 1, 0, 8);
    int failures = 0;
    while (true) {
      CountingDevice device = new CountingDevice(Emulated.device()).failingAfter(failures);
      CsdpException failure = null;
      try (CudaBackend cuda = new CudaBackend(spec, device)) {
        ReadOut out = new ReadOut(spec);
        cuda.run(stored(images, inOrder(images), 0), TestRates.LEARNING, out, null);
        cuda.run(stored(images.subset(0, 6), inOrder(images.subset(0, 6)), 0), null, out, null);
        cuda.snapshot(new Parameters(spec));
      } catch (CsdpException e) {
        failure = e;
      }
      assertEquals(List.of(0, 0), device.live(), "after call " + failures);
      assertEquals(0, device.used());
      assertTrue(device.closedOnce());
      if (!device.failed()) {
        break;
      }
      assertTrue(failure.getMessage().startsWith("injected into "), failure.getMessage());
      failures++;
    }
    assertTrue(failures > 100, failures + " calls");
    System.out.printf(
        Locale.ROOT, "CudaBackendTest: %d calls of the device, each failed once%n", failures);
  }
}
