package csdp.backend;

import static csdp.model.TestNetworks.lopsided;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.config.TrainOptions;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.io.Npy;
import csdp.model.Learning;
import csdp.model.Learning.Synapses;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox;
import csdp.model.Population;
import csdp.model.Synapse;
import csdp.model.TestParameters;
import csdp.model.TestRates;
import csdp.train.Batches;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every backend against the reference: after every step, all state and all weights, bit for bit.
 */
@Tag("kernels")
class BackendParityTest {
  record Case(NetworkSpec spec, int positives, int negatives, boolean learn) {}

  static List<Case> cases() {
    return List.of(
        new Case(lopsided(17, 2, 6).hidden(1).build(), 1, 1, true),
        new Case(lopsided(5, 3, 8).hidden(13).build(), 1, 0, true),
        new Case(lopsided(30, 4, 10).hidden(13, 207).build(), 7, 7, true),
        new Case(lopsided(64, 3, 10).hidden(40, 33, 21).build(), 20, 20, true),
        new Case(lopsided(49, 10, 8).hidden(300, 20).supervised(false).build(), 5, 5, true),
        new Case(lopsided(49, 10, 8).hidden(24, 12).reconstruction(false).build(), 9, 9, true),
        new Case(lopsided(33, 3, 4).hidden(1025).build(), 4, 3, true),
        new Case(lopsided(300, 300, 6).hidden(257).build(), 3, 3, true),
        new Case(lopsided(49, 5, 8).hidden(207, 20).build(), 20, 20, true),
        new Case(lopsided(37, 5, 6).hidden(150).build(), 0, 40, true),
        new Case(lopsided(49, 5, 10).hidden(64, 16).build(), 40, 0, false));
  }

  static List<Object[]> backendsAndCases() {
    List<Object[]> all = new ArrayList<>();
    Nets.others().forEach(m -> cases().forEach(c -> all.add(new Object[] {m, c})));
    return all;
  }

  /** Runs a window and returns the state after each step. */
  private static List<Snapshot> observed(Backend backend, Batch batch, boolean learn, ReadOut out) {
    return observed(backend, batch, TestRates.when(learn), out);
  }

  /** The same at given rates, null for inference. */
  private static List<Snapshot> observed(
      Backend backend, Batch batch, Learning learning, ReadOut out) {
    List<Snapshot> steps = new ArrayList<>();
    backend.run(
        batch, learning, out, v -> steps.add(new Snapshot(backend.spec(), v, learning != null)));
    assertEquals(backend.spec().constants().steps(), steps.size());
    return steps;
  }

  private static void assertSameSteps(List<Snapshot> expected, List<Snapshot> actual, String of) {
    for (int t = 0; t < expected.size(); t++) {
      expected.get(t).assertSame(actual.get(t), of + " step " + (t + 1));
    }
  }

  private static void assertSame(ReadOut expected, ReadOut actual) {
    assertArrayEquals(expected.classSpikes(), actual.classSpikes());
    assertArrayEquals(expected.reconstruction(), actual.reconstruction());
    assertArrayEquals(expected.spikes(), actual.spikes());
  }

  @ParameterizedTest
  @MethodSource("backendsAndCases")
  void sameStateAfterEveryStep(Nets.Maker maker, Case c) {
    NetworkSpec spec = c.spec();
    Parameters initial = Parameters.random(spec, 5);
    try (Backend reference = Nets.reference(spec);
        Backend other = maker.make().apply(spec)) {
      reference.restore(initial);
      other.restore(initial);
      ReadOut expected = new ReadOut(spec);
      ReadOut actual = new ReadOut(spec);
      long hidden = 0;
      for (int k = 0; k < 3; k++) {
        Batch batch = Nets.batch(spec, c.positives(), c.negatives(), 100 + k);
        assertSameSteps(
            observed(reference, batch, c.learn(), expected),
            observed(other, batch, c.learn(), actual),
            "batch " + k);
        assertSame(expected, actual);
        for (Population p : spec.populations(Population.Role.HIDDEN)) {
          assertArrayEquals(expected.hiddenSpikes(p), actual.hiddenSpikes(p));
          hidden += expected.spikes()[p.index()];
        }
      }
      assertTrue(hidden > 0, "the case is void: no hidden unit ever spiked");
    }
  }

  /** Unobserved, a backend may leave work for later: whole windows must end in the same bits. */
  @ParameterizedTest
  @MethodSource("backendsAndCases")
  void sameParametersAfterWholeWindows(Nets.Maker maker, Case c) {
    NetworkSpec spec = c.spec();
    try (Backend reference = Nets.reference(spec);
        Backend other = maker.make().apply(spec)) {
      reference.restore(Parameters.random(spec, 5));
      other.restore(Parameters.random(spec, 5));
      ReadOut expected = new ReadOut(spec);
      ReadOut actual = new ReadOut(spec);
      for (int k = 0; k < 3; k++) {
        Batch batch = Nets.batch(spec, c.positives(), c.negatives(), 100 + k);
        boolean learn = c.learn() && k != 1; // inference in between reads the weights too
        reference.run(batch, TestRates.when(learn), expected, null);
        other.run(batch, TestRates.when(learn), actual, null);
        assertArrayEquals(expected.classSpikes(), actual.classSpikes());
        assertArrayEquals(expected.spikes(), actual.spikes());
        TestParameters.assertSame(reference.parameters(), other.parameters());
      }
    }
  }

  /** Only the head learns from a window without context, then all other synapses with it. */
  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#others")
  void groupsOfSynapsesLearnInWindowsOfTheirOwn(Nets.Maker maker) {
    NetworkSpec spec = lopsided(49, 5, 8).hidden(40, 13).build();
    Parameters before = Parameters.random(spec, 5);
    try (Backend reference = Nets.reference(spec);
        Backend other = maker.make().apply(spec)) {
      reference.restore(before);
      other.restore(before);
      ReadOut expected = new ReadOut(spec);
      ReadOut actual = new ReadOut(spec);
      for (int k = 0; k < 4; k++) {
        boolean context = k % 2 == 1;
        Batch b = Nets.batch(spec, 20, context ? 20 : 0, 100 + k);
        Batch batch = new Batch(b.size(), 20, b.images(), b.labels(), b.input(), context);
        Synapses group = context ? Synapses.ALL_BUT_HEADS : Synapses.HEADS;
        Learning learning = TestRates.LEARNING.of(group);
        if (k < 2) {
          assertSameSteps(
              observed(reference, batch, learning, expected),
              observed(other, batch, learning, actual),
              group.toString());
        } else { // whole windows
          reference.run(batch, learning, expected, null);
          other.run(batch, learning, actual, null);
        }
        assertSame(expected, actual);
        assertEquals(context, expected.spikes()[spec.context().index()] > 0);
        Parameters after = reference.parameters();
        TestParameters.assertSame(after, other.parameters());
        for (Synapse s : spec.synapses()) {
          boolean same = Arrays.equals(before.weights(s), after.weights(s));
          assertEquals(!group.contains(s), same, s.name());
        }
        before = after;
      }
    }
  }

  /** 12 images of 49 pixels behind 3 others, as bytes or as floats that are none. */
  private static Dataset view(boolean bytes) {
    Philox.Stream r = Philox.stream(4, Philox.Purpose.STROKES, 1, 2, 3);
    byte[] pixels = new byte[15 * 49];
    float[] values = new float[pixels.length];
    for (int k = 0; k < pixels.length; k++) {
      pixels[k] = (byte) Math.max(0, r.nextInt(512) - 256);
      values[k] = Math.max(0, r.nextFloat(-1, 1));
    }
    Dataset all =
        bytes
            ? Dataset.ofBytes("bytes", 7, 7, 5, pixels, new int[15])
            : Dataset.ofFloats("floats", 7, 7, 5, values, new int[15]);
    assertEquals(bytes, all.storesBytes());
    return all.subset(3, 15);
  }

  static List<Object[]> backendsAndForms() {
    List<Object[]> all = new ArrayList<>();
    Nets.all().forEach(m -> List.of(true, false).forEach(b -> all.add(new Object[] {m, b})));
    return all;
  }

  /** Images give the same spikes whether they are stored on the device or uploaded. */
  @ParameterizedTest
  @MethodSource("backendsAndForms")
  void storedImagesSpikeAsGivenOnes(Nets.Maker maker, boolean bytes) {
    NetworkSpec spec = lopsided(49, 5, 8).hidden(40, 13).build();
    Parameters initial = Parameters.random(spec, 5);
    Dataset data = view(bytes);
    int[] order = {7, 0, 11, 3, 2, 1, 10, 9, 8, 4, 6, 5};
    int[] another = {5, 1, 2, 3, 4, 0, 6, 11, 10, 9, 8, 7};
    List<Batch> stored = new ArrayList<>();
    int[][] shown = {{4, 7, 1}, {5, 10, 0}, {5, 10, 5}, {2, 4, 10}, {6, 6, 6}}; // N+, N, from
    for (int[] s : shown) {
      for (int[] o : List.of(order, another)) {
        int[] labels = new int[s[1]];
        Arrays.setAll(labels, b -> b % 5);
        Batch.RandomSpikes drawn =
            new Batch.RandomSpikes(3, Philox.Purpose.TRAIN_SPIKES, stored.size(), s[2]);
        stored.add(new Batch(s[1], s[0], new Batch.Stored(data, o, s[2]), labels, drawn));
      }
    }
    try (Backend reference = Nets.reference(spec);
        Backend other = maker.make().apply(spec)) {
      reference.restore(initial);
      other.restore(initial);
      ReadOut expected = new ReadOut(spec);
      ReadOut actual = new ReadOut(spec, false);
      int hidden = spec.populations(Population.Role.HIDDEN).get(0).index();
      for (Batch batch : stored) {
        float[] pixels = new float[batch.size() * 49];
        for (int b = 0; b < batch.size(); b++) {
          Batch.Stored s = (Batch.Stored) batch.images();
          int at = s.from() + (b < batch.positives() ? b : b - batch.positives());
          data.copyImage(s.order()[at], pixels, b * 49);
        }
        Batch given =
            new Batch(
                batch.size(),
                batch.positives(),
                new Batch.Given(49, pixels),
                batch.labels(),
                batch.input());
        assertSameSteps(
            observed(reference, given, true, expected),
            observed(other, batch, true, actual),
            "from " + batch.images());
        for (boolean learn : new boolean[] {true, false}) { // and unobserved
          reference.run(given, TestRates.when(learn), expected, null);
          other.run(batch, TestRates.when(learn), actual, null);
          assertSame(expected, actual);
        }
        assertTrue(expected.spikes()[hidden] > 0, "the case is void: no hidden unit spiked");
        assertEquals(0, actual.hiddenSpikes(spec.populations().get(hidden)).length);
      }
    }
  }

  /** Recorded spikes give the same bits everywhere: with wrong labels, mixed, and among images. */
  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void recordedSpikesGiveTheSameBits(Nets.Maker maker, @TempDir Path dir) throws IOException {
    int units = 37;
    int steps = 6;
    Philox.Stream r = Philox.stream(4, Philox.Purpose.STROKES, 3, 2, 1);
    boolean[] spikes = new boolean[9 * steps * units];
    for (int k = 0; k < spikes.length; k++) {
      spikes[k] = r.nextInt(3) == 0;
    }
    Npy.write(dir.resolve("trainSpikes.npy"), new int[] {9, steps, units}, spikes);
    Npy.write(dir.resolve("trainY.npy"), new int[] {9}, new int[] {0, 1, 2, 3, 4, 0, 1, 2, 3});
    Dataset data = DataSources.split(DataRequest.of(dir.toString(), 0, 0), Split.TRAIN, line -> {});
    for (boolean supervised : new boolean[] {true, false}) {
      NetworkSpec spec = lopsided(units, 5, steps).hidden(40, 13).supervised(supervised).build();
      Batches batches = new Batches(spec, data, TrainOptions.epochs(1).withBatch(7));
      try (Backend reference = Nets.reference(spec);
          Backend other = maker.make().apply(spec)) {
        reference.restore(Parameters.random(spec, 5));
        other.restore(Parameters.random(spec, 5));
        ReadOut expected = new ReadOut(spec);
        ReadOut actual = new ReadOut(spec);
        for (int k = 0; k < 6; k++) { // 7, 2 of the next epoch, and so on, with images in between
          Batch batch = k % 3 == 1 ? Nets.batch(spec, 8, 8, k) : batches.get(k, k % 2);
          assertSameSteps(
              observed(reference, batch, true, expected),
              observed(other, batch, true, actual),
              "batch " + k);
          reference.run(batch, TestRates.LEARNING, expected, null); // and unobserved
          other.run(batch, TestRates.LEARNING, actual, null);
          assertSame(expected, actual);
          TestParameters.assertSame(reference.parameters(), other.parameters());
        }
        assertTrue(expected.spikes()[spec.populations(Population.Role.HIDDEN).get(0).index()] > 0);
      }
    }
  }

  /** All that can be seen of a step. */
  private static final class Snapshot {
    final Parameters parameters;
    final List<Object> arrays = new ArrayList<>();
    final List<String> names = new ArrayList<>();

    Snapshot(NetworkSpec spec, StepView v, boolean learn) {
      parameters = new Parameters(spec);
      v.snapshot(parameters);
      for (Population p : spec.populations()) {
        add("spikes of " + p.name(), v.spikes(p));
        if (p.integrates()) {
          add("membranes of " + p.name(), v.membranes(p));
          add("thresholds of " + p.name(), v.thresholds(p));
          add("traces of " + p.name(), v.traces(p));
          if (learn) {
            add("signals of " + p.name(), v.signals(p));
          }
        }
      }
      for (Population p : spec.populations(Population.Role.HIDDEN)) {
        add("goodness of " + p.name(), v.goodness(p));
      }
    }

    private void add(String name, Object array) {
      names.add(name);
      arrays.add(array);
    }

    void assertSame(Snapshot other, String where) {
      for (int i = 0; i < arrays.size(); i++) {
        String what = where + ", " + names.get(i);
        if (arrays.get(i) instanceof byte[] bytes) {
          assertArrayEquals(bytes, (byte[]) other.arrays.get(i), what);
        } else {
          assertArrayEquals((float[]) arrays.get(i), (float[]) other.arrays.get(i), 0f, what);
        }
      }
      TestParameters.assertSame(parameters, other.parameters, where + ", ");
    }
  }
}
