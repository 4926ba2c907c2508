package csdp.backend.cuda;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.cuda.device.GpuDevice;
import csdp.data.Dataset;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import csdp.model.TestNetworks;
import csdp.model.TestRates;
import java.util.Arrays;
import java.util.List;

/** Whole windows of training and inference on a device, bit for bit as the cpu backend has them. */
final class Windows {
  /** Samples, positives among them, and 1 if it learns: the last batch of an epoch is short. */
  private static final int[][] EPOCH = {{100, 50, 1}, {7, 4, 1}, {50, 50, 0}, {100, 50, 1}};

  private static final int[][] SMALL = {{14, 7, 1}, {3, 2, 1}, {5, 5, 0}};

  private static final int SIDE = 7;
  private static final int CLASSES = 5;

  /** A network and the batches that it is shown. */
  record Case(String name, NetworkSpec spec, int[][] batches, boolean stored) {
    @Override
    public String toString() {
      return name;
    }
  }

  private Windows() {}

  private static Case of(String name, NetworkSpec.Builder network, int[][] batches) {
    return new Case(name, network.build(), batches, batches == EPOCH);
  }

  private static NetworkSpec.Builder hidden(int... units) {
    return TestNetworks.lopsided(SIDE * SIDE, CLASSES, 6).hidden(units);
  }

  static List<Case> cases() {
    return List.of(
        of("two hidden layers", hidden(40, 13), EPOCH),
        of("unsupervised", hidden(33, 20).supervised(false), SMALL),
        of("no reconstruction", hidden(24, 12).reconstruction(false), SMALL),
        of("one hidden layer", hidden(70), EPOCH),
        of("three hidden layers", hidden(40, 33, 21), SMALL),
        of("more units than one warp of learn handles", hidden(1030), SMALL));
  }

  /** Rows of more columns than a block of learn takes at once; too large to check for races. */
  static Case twoSegments() {
    return of(
        "two segments of a row", hidden(Kernels.SEGMENT + 1), new int[][] {{3, 2, 1}, {3, 3, 0}});
  }

  /**
   * Shows a case's batches to a device and to the cpu backend.
   *
   * @return the first difference; null if every bit is the same
   */
  static String difference(Case c, GpuDevice device) {
    NetworkSpec spec = c.spec;
    Parameters initial = Parameters.random(spec, 3);
    try (Backend cpu = new CpuBackend(spec, 1);
        Backend cuda = new CudaBackend(spec, device)) {
      cpu.restore(initial);
      cuda.restore(initial);
      ReadOut expected = new ReadOut(spec, true);
      ReadOut actual = new ReadOut(spec, true);
      Parameters a = new Parameters(spec);
      Parameters b = new Parameters(spec);
      for (int k = 0; k < c.batches.length; k++) {
        Batch batch = batch(c, k);
        boolean learn = c.batches[k][2] == 1;
        cpu.run(batch, TestRates.when(learn), expected, null);
        cuda.run(batch, TestRates.when(learn), actual, null);
        cpu.snapshot(a);
        cuda.snapshot(b);
        String found = difference(spec, expected, actual, a, b);
        if (found != null) {
          return c.name + ", batch " + k + ": " + found;
        }
        for (Population p : spec.populations(Role.HIDDEN)) {
          if (expected.spikes()[p.index()] == 0) {
            return c.name + ", batch " + k + ": void, no unit of " + p.name() + " spiked";
          }
        }
      }
      return null;
    }
  }

  /**
   * Pixels that are black in a whole batch, others in the next one, have rows that are deferred.
   */
  private static Batch batch(Case c, int k) {
    int n = c.batches[k][0];
    int positives = c.batches[k][1];
    int units = SIDE * SIDE;
    Philox.Stream r = Philox.stream(k, Purpose.STROKES, 1, 2, 3);
    byte[] pixels = new byte[n * units];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i % units % 5 == k ? 0 : Math.max(0, r.nextInt(436) - 180));
    }
    int[] labels = new int[n];
    for (int b = 0; b < n; b++) {
      labels[b] = r.nextInt(CLASSES + 1) - 1; // some without a label
    }
    Batch.RandomSpikes drawn = new Batch.RandomSpikes(k, Purpose.TRAIN_SPIKES, 3, 1000 + k);
    if (c.stored) {
      Dataset data = Dataset.ofBytes("windows", SIDE, SIDE, CLASSES, pixels, new int[n]);
      int[] order = new int[n];
      Arrays.setAll(order, i -> n - 1 - i);
      return new Batch(n, positives, new Batch.Stored(data, order, 0), labels, drawn);
    }
    float[] x = new float[pixels.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = (pixels[i] & 0xFF) / 256f;
    }
    return new Batch(n, positives, new Batch.Given(units, x), labels, drawn);
  }

  private static String difference(
      NetworkSpec spec, ReadOut expected, ReadOut actual, Parameters a, Parameters b) {
    for (Synapse s : spec.synapses()) {
      if (differ(a.weights(s), b.weights(s))
          || differ(a.firstMoments(s), b.firstMoments(s))
          || differ(a.secondMoments(s), b.secondMoments(s))) {
        return "weights of " + s.name();
      }
    }
    for (Population p : spec.integrating()) {
      if (differ(a.thresholds(p), b.thresholds(p))) {
        return "thresholds of " + p.name();
      }
    }
    for (Population p : spec.populations(Role.HIDDEN)) {
      if (differ(expected.hiddenSpikes(p), actual.hiddenSpikes(p))) {
        return "spikes of " + p.name();
      }
    }
    boolean same =
        Arrays.equals(expected.spikes(), actual.spikes())
            && !differ(expected.classSpikes(), actual.classSpikes())
            && !differ(expected.reconstruction(), actual.reconstruction());
    return same ? null : "read-outs";
  }

  /** True unless all are equal; NaN equals nothing. */
  private static boolean differ(float[] a, float[] b) {
    for (int k = 0; k < a.length; k++) {
      if (!(a[k] == b[k])) {
        return true;
      }
    }
    return a.length != b.length;
  }
}
