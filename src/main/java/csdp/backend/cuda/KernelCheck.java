package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.GpuDevice;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Population;
import csdp.model.Synapse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Compares each fast kernel with its readable twin on a device: two networks with the same random
 * parameters, one stepped by each. Both sum in the same order, so results must be bit-identical;
 * only goodness, which they sum in double in different orders, may differ in the last place.
 */
public final class KernelCheck {
  private static final int STEPS = 5;
  private static final Constants CONSTANTS =
      Constants.builder()
          .steps(STEPS)
          .resistance(0.4f)
          .inhibitoryResistance(0.03f)
          .thresholdRate(0.002f)
          .goodnessThreshold(2f)
          .build();
  private static final Learning LEARNING = new Learning(0.01f, 3e-3f);

  /**
   * Result of a kernel.
   *
   * @param difference the first one; null if the kernel equals its twin
   */
  public record Result(String kernel, String difference) {
    /** Returns true if the kernel equals its twin. */
    public boolean passed() {
      return difference == null;
    }
  }

  private final DeviceMemory memory;
  private final Kernels kernels;
  private final NetworkSpec spec;
  private final NetworkState fast;
  private final NetworkState plain;
  private final int n;
  private final int positives;
  private final Philox.Stream random;
  private final Map<String, String> differences =
      new LinkedHashMap<>(); // first difference by kernel
  private String kernel;

  private KernelCheck(
      DeviceMemory memory,
      NetworkState fast,
      NetworkState plain,
      GpuDevice device,
      int n,
      int seed) {
    this.memory = memory;
    this.kernels = new Kernels(device);
    this.spec = fast.spec;
    this.fast = fast;
    this.plain = plain;
    this.n = n;
    this.positives = (n + 1) / 2;
    this.random = Philox.stream(seed, Purpose.STROKES, spec.input().units(), n, 0);
  }

  /**
   * Checks all kernels that have a twin.
   *
   * @param units of the populations
   * @param n samples of a batch
   */
  public static List<Result> run(GpuDevice device, int units, int n, int seed) {
    int[] hidden = {units, Math.min(units, 33)};
    NetworkSpec spec = NetworkSpec.builder(units, 3).hidden(hidden).constants(CONSTANTS).build();
    try (NetworkState fast = new NetworkState(spec, device, false);
        NetworkState plain = new NetworkState(spec, device, false);
        DeviceMemory memory = new DeviceMemory(device)) {
      KernelCheck check = new KernelCheck(memory, fast, plain, device, n, seed);
      check.prepare();
      check.encode();
      for (int t = 1; t <= STEPS; t++) {
        check.forward(t);
        check.signals(t);
        check.transpose(t);
        check.learn(t);
      }
      check.currents();
      List<Result> results = new ArrayList<>();
      check.differences.forEach((k, difference) -> results.add(new Result(k, difference)));
      return results;
    }
  }

  private void of(String name) {
    kernel = name;
    differences.putIfAbsent(kernel, null);
  }

  private void prepare() {
    Parameters p = Parameters.random(spec, random.nextWord());
    for (Synapse s : spec.synapses()) {
      for (int k = 0; k < s.size(); k++) {
        p.firstMoments(s)[k] = random.nextFloat(-0.1f, 0.1f);
        p.secondMoments(s)[k] = random.nextFloat(0, 0.1f);
      }
    }
    int[] labels = new int[n];
    Arrays.setAll(
        labels, b -> random.nextInt(spec.classes() + 1) - 1); // some samples without a label
    for (NetworkState net : List.of(fast, plain)) {
      net.reserve(n);
      net.restore(p);
      net.uploadLearning(LEARNING, 3);
      net.uploadLabels(labels, n);
      kernels.clampContext(net, true, n);
    }
  }

  /**
   * Checks the encoders. The last one, with images of all grey levels, gives the spikes for the
   * other checks.
   */
  private void encode() {
    int units = spec.input().units();
    byte[] spikes = new byte[STEPS * n * units];
    for (int k = 0; k < spikes.length; k++) {
      spikes[k] = (byte) (random.nextInt(5) == 0 ? 1 : 0);
    }
    Bytes recorded = memory.bytes("recorded", spikes.length);
    recorded.upload(spikes);
    kernels.encodeRecorded(fast, recorded, n);
    of("encode_recorded");
    for (int t = 1; t <= STEPS; t++) {
      byte[] expected = Arrays.copyOfRange(spikes, (t - 1) * n * units, t * n * units);
      same("step " + t, expected, fast.state(spec.input()).spikes(t, n));
    }

    int images = positives + 3; // the batch does not start at the first image of the order
    byte[] values = new byte[images * units];
    for (int k = 0; k < values.length; k++) {
      values[k] = (byte) Math.max(0, random.nextInt(384) - 128); // all grey levels, much black
    }
    Bytes pixels = memory.bytes("images", values.length);
    pixels.upload(values);
    int[] reversed = new int[images];
    Arrays.setAll(reversed, i -> images - 1 - i);
    Ints order = memory.ints("order", images);
    order.upload(reversed);
    Ints draw = memory.ints("draw", 5);
    draw.upload(new int[] {random.nextWord(), 17, random.nextWord(), 3, 2});
    kernels.encodeStored(fast, pixels, order, draw, positives, n);
    for (int t = 1; t <= STEPS; t++) {
      kernels.encodeStoredPlain(plain, pixels, order, draw, t, positives, n);
    }
    sameInput("encode_stored");

    Floats given = memory.floats("images", (long) n * units);
    float[] x = new float[n * units];
    for (int k = 0; k < x.length; k++) {
      x[k] = random.nextFloat(-0.5f, 1.2f);
    }
    given.upload(x);
    kernels.encode(fast, given, draw, n);
    for (int t = 1; t <= STEPS; t++) {
      kernels.encodePlain(plain, given, draw, t, n);
    }
    sameInput("encode");
  }

  private void sameInput(String name) {
    of(name);
    for (int t = 1; t <= STEPS; t++) {
      sameSpikes(spec.input(), t);
    }
  }

  private void forward(int t) {
    of("forward");
    kernels.forward(fast, t, n);
    for (Population p : spec.integrating()) {
      if (!p.fedByNewSpikes()) {
        kernels.forwardPlain(plain, p, t, n);
        sameUnits(p, t);
      }
    }
  }

  private void sameUnits(Population p, int t) {
    sameSpikes(p, t);
    same(at(p, t, "membrane"), floats(plain.state(p).membrane), floats(fast.state(p).membrane));
    if (p.adaptive()) {
      float[] expected = floats(plain.state(p).threshold);
      same(at(p, t, "threshold"), expected, floats(fast.state(p).threshold));
    }
  }

  private void signals(int t) {
    of("signals");
    kernels.signals(fast, t, n, positives, true);
    for (Population p : spec.integrating()) {
      if (p.fedByNewSpikes()) {
        kernels.forwardPlain(plain, p, t, n);
        sameUnits(p, t);
      }
    }
    kernels.signalsPlain(plain, t, n, positives, true);
    for (Population p : spec.populations()) {
      PopulationState a = plain.state(p);
      PopulationState b = fast.state(p);
      int[] counts = a.counts(t, n);
      same(at(p, t, "count"), counts, b.counts(t, n));
      same(at(p, t, "total"), ints(a.total), ints(b.total));
      if (a.list != null && !p.fedByNewSpikes()) {
        sameLists(at(p, t, "list"), ints(a.list), ints(b.list), counts, (t & 1) * n, a.stride);
      }
      if (p.integrates()) {
        same(at(p, t, "trace"), plain.traces(p, t, n), fast.traces(p, t, n));
        same(at(p, t, "read-out"), floats(a.readOut), floats(b.readOut));
      }
      if (a.error != null) {
        same(at(p, t, "error"), floats(a.error), floats(b.error));
      }
      if (a.modulator != null) {
        closeTo(at(p, t, "goodness"), floats(a.goodness), floats(b.goodness));
        closeTo(at(p, t, "modulation"), floats(a.modulator), floats(b.modulator));
        b.modulator.upload(floats(a.modulator)); // learn is compared bit for bit
      }
    }
  }

  private void transpose(int t) {
    of("transpose");
    kernels.transpose(fast, t, n);
    for (Population p : spec.populations()) {
      if (fast.presynaptic(p)) {
        kernels.transposePlain(plain, p, t, n);
        PopulationState a = plain.state(p);
        PopulationState b = fast.state(p);
        int row = t * a.stride;
        float[] sums = Arrays.copyOfRange(floats(a.columns), row, row + a.stride);
        float[] others = Arrays.copyOfRange(floats(b.columns), row, row + a.stride);
        same(at(p, t, "sum"), sums, others);
        same(at(p, t, "samples"), samples(a, t, sums), samples(b, t, sums));
      }
    }
  }

  /**
   * Returns the samples of a step, as many of each unit as it has spikes, one unit after another.
   */
  private int[] samples(PopulationState p, int t, float[] counts) {
    ByteBuffer all =
        ByteBuffer.wrap(p.samples.download(new byte[p.samples.length()]))
            .order(ByteOrder.LITTLE_ENDIAN);
    return IntStream.range(0, p.stride)
        .flatMap(
            i ->
                IntStream.range(0, (int) counts[i])
                    .map(k -> all.getChar(2 * (((t & 1) * p.stride + i) * n + k))))
        .toArray();
  }

  /** Rows may be deferred, except in the second and the last step. */
  private void learn(int t) {
    of("learn");
    boolean all = t == 2 || t == STEPS;
    kernels.learn(fast, LEARNING.synapses(), t, n, positives, all);
    for (Synapse s : spec.synapses()) {
      kernels.learnPlain(plain, s, t, n, positives);
      if (all) {
        SynapseState a = plain.synapse(s);
        SynapseState b = fast.synapse(s);
        same(s.name() + " weight, step " + t, floats(a.weights()), floats(b.weights()));
        same(s.name() + " first moment, step " + t, floats(a.first()), floats(b.first()));
        same(s.name() + " second moment, step " + t, floats(a.second()), floats(b.second()));
      }
    }
  }

  private void currents() {
    of("currents");
    for (Synapse s : spec.synapses()) {
      int size = n * Padding.stride(s.post().units());
      Floats a = memory.floats("plain currents", size);
      Floats b = memory.floats("fast currents", size);
      kernels.currentsPlain(plain, s, a, STEPS, n);
      kernels.currents(fast, s, b, STEPS, n);
      same(s.name() + " current", floats(a), floats(b));
      a.close();
      b.close();
    }
  }

  // Comparisons.

  private static String at(Population p, int t, String what) {
    return p.name() + " step " + t + " " + what;
  }

  private static float[] floats(Floats buffer) {
    return buffer.download(new float[buffer.length()]);
  }

  private static int[] ints(Ints buffer) {
    return buffer.download(new int[buffer.length()]);
  }

  private void differs(String what, int k, Object expected, Object actual) {
    // Only the first difference of a kernel is stored; before that its entry is null.
    differences.putIfAbsent(kernel, what + "[" + k + "] is " + actual + ", not " + expected);
  }

  private void sameSpikes(Population p, int t) {
    same(at(p, t, "spikes"), plain.state(p).spikes(t, n), fast.state(p).spikes(t, n));
  }

  private void same(String what, byte[] expected, byte[] actual) {
    int k = Arrays.mismatch(expected, actual);
    if (k >= 0) {
      differs(what, k, expected[k], actual[k]);
    }
  }

  private void same(String what, float[] expected, float[] actual) {
    for (int k = 0; k < expected.length; k++) {
      if (!(expected[k] == actual[k])) { // NaN fails
        differs(what, k, expected[k], actual[k]);
        return;
      }
    }
  }

  private void same(String what, int[] expected, int[] actual) {
    int k = Arrays.mismatch(expected, actual);
    if (k >= 0) {
      differs(what, k, expected[k], actual[k]);
    }
  }

  private void closeTo(String what, float[] expected, float[] actual) {
    for (int k = 0; k < expected.length; k++) {
      if (!(Math.abs(expected[k] - actual[k]) <= 2 * Math.ulp(expected[k]))) {
        differs(what, k, expected[k], actual[k]);
        return;
      }
    }
  }

  /** Compares the first counts[b] elements of each row, starting at a row. */
  private void sameLists(
      String what, int[] expected, int[] actual, int[] counts, int from, int stride) {
    for (int b = 0; b < counts.length; b++) {
      for (int k = (from + b) * stride; k < (from + b) * stride + counts[b]; k++) {
        if (expected[k] != actual[k]) {
          differs(what, k, expected[k], actual[k]);
          return;
        }
      }
    }
  }
}
