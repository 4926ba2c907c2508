package csdp.backend.cuda;

import csdp.backend.cuda.DeviceBuffer.Bytes;
import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.backend.cuda.DeviceBuffer.Ints;
import csdp.backend.cuda.PopulationState.SpikeBuffers;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.List;

/**
 * Every fast kernel against its readable twin, on a device, from the same random state. Both take
 * their sums in the same order, so the results must be the same bits; only goodness, which the
 * twins sum in double in two orders, may differ in the last place.
 */
public final class KernelCheck {
  private static final int STEPS = 5;
  private static final Constants CONSTANTS =
      new Constants(STEPS, 3f, 100f, 13f, 0.4f, 0.03f, 0.002f, 2f, 0.01f, 3e-3f);

  /**
   * How a kernel did.
   *
   * @param difference the first one; null where the kernel equals its twin
   */
  public record Result(String kernel, String difference) {
    /** Whether it equals its twin. */
    public boolean passed() {
      return difference == null;
    }
  }

  private final DeviceMemory memory;
  private final Kernels kernels;
  private final NetworkSpec spec;
  private final int n;
  private final int positives;
  private final Philox.Stream random;
  private final List<Result> results = new ArrayList<>();
  private String difference;

  private KernelCheck(DeviceMemory memory, GpuDevice device, int units, int n, int seed) {
    this.memory = memory;
    this.kernels = new Kernels(device);
    this.spec = new NetworkSpec(units, new int[] {units}, 3, true, true, CONSTANTS);
    this.n = n;
    this.positives = (n + 1) / 2;
    this.random = Philox.stream(seed, Purpose.STROKES, units, n, 0);
  }

  /**
   * Checks all kernels that have a twin.
   *
   * @param units of the populations
   * @param n samples of a batch
   */
  public static List<Result> run(GpuDevice device, int units, int n, int seed) {
    try (DeviceMemory memory = new DeviceMemory(device)) {
      KernelCheck check = new KernelCheck(memory, device, units, n, seed);
      check.encode();
      check.encodeStored();
      check.listSamples();
      check.currents("currents", check.kernels::currents);
      check.currents("currents_tiled", check.kernels::currentsTiled);
      check.integrateAndModulate();
      check.learnContrastive("learn_contrastive", check.kernels::learnContrastive);
      check.learnContrastive("learn_contrastive_tiled", check.kernels::learnContrastiveTiled);
      check.learnError();
      return check.results;
    }
  }

  private void done(String kernel) {
    results.add(new Result(kernel, difference));
    difference = null;
  }

  private void encode() {
    Population p = spec.input();
    PopulationState plain = state(p);
    PopulationState fast = state(p);
    Floats images = floats(n * p.units(), -0.5f, 1.2f);
    Ints draw = memory.ints("draw", 4);
    draw.upload(new int[] {random.nextWord(), 17, random.nextWord(), 3});
    for (int t = 1; t <= 2; t++) {
      kernels.encodePlain(images, draw, t, plain, plain.spikes(t), n);
      kernels.listUnitsPlain(plain, plain.spikes(t), n);
      kernels.encode(images, draw, t, fast, fast.spikes(t), n);
      sameLists(plain, fast, t);
    }
    done("encode");

    Bytes recorded = memory.bytes("recorded", 2 * n * p.units());
    byte[] spikes = randomSpikes(2 * n * p.units());
    recorded.upload(spikes);
    byte[] second = java.util.Arrays.copyOfRange(spikes, n * p.units(), spikes.length);
    plain.spikes(2).dense().upload(second);
    plain.total.clear();
    fast.total.clear();
    kernels.listUnitsPlain(plain, plain.spikes(2), n);
    kernels.encodeRecorded(recorded, 2, fast, fast.spikes(2), n);
    sameLists(plain, fast, 2);
    done("encode_recorded");
    memory.close();
  }

  private void encodeStored() {
    Population p = spec.input();
    PopulationState plain = state(p);
    PopulationState fast = state(p);
    int images = positives + 3; // a batch starts behind the first image of the order
    byte[] values = new byte[images * p.units()];
    for (int k = 0; k < values.length; k++) {
      values[k] = (byte) Math.max(0, random.nextInt(384) - 128); // every grey, much black
    }
    Bytes pixels = memory.bytes("images", values.length);
    pixels.upload(values);
    int[] reversed = new int[images];
    java.util.Arrays.setAll(reversed, i -> images - 1 - i);
    Ints order = memory.ints("order", images);
    order.upload(reversed);
    Ints draw = memory.ints("draw", 5);
    for (int t = 1; t <= 2; t++) {
      draw.upload(new int[] {random.nextWord(), 17, random.nextWord(), 3, t});
      kernels.encodeStoredPlain(pixels, order, draw, t, plain, plain.spikes(t), positives, n);
      kernels.listUnitsPlain(plain, plain.spikes(t), n);
      kernels.encodeStored(pixels, order, draw, t, fast, fast.spikes(t), positives, n);
      sameLists(plain, fast, t);
    }
    done("encode_stored");
    memory.close();
  }

  private void listSamples() {
    PopulationState plain = state(spec.input());
    PopulationState fast = state(spec.input());
    byte[] spikes = randomSpikes(n * plain.units);
    plain.spikes(0).dense().upload(spikes);
    fast.spikes(0).dense().upload(spikes);
    kernels.listSamplesPlain(plain, plain.spikes(0), n, positives);
    kernels.listSamples(fast, fast.spikes(0), n, positives);
    int[] counts = ints(plain.spikes(0).sampleCount());
    same("sampleCount", counts, ints(fast.spikes(0).sampleCount()));
    same(
        "positiveCount",
        ints(plain.spikes(0).positiveCount()),
        ints(fast.spikes(0).positiveCount()));
    sameHeads("samples", plain.spikes(0).samples(), fast.spikes(0).samples(), counts, n);
    done("list_samples");
    memory.close();
  }

  /** What queues a synapse's currents. */
  private interface Currents {
    void launch(PopulationState post, SpikeBuffers pre, SynapseState k, boolean add, int n);
  }

  private void currents(String kernel, Currents fastKernel) {
    for (Synapse s : spec.incoming(spec.populations(Population.Role.HIDDEN).get(0))) {
      SynapseState k = synapse(s);
      PopulationState pre = state(s.pre());
      PopulationState plain = state(s.post());
      PopulationState fast = state(s.post());
      spike(pre, 0);
      for (boolean add : new boolean[] {false, true}) {
        kernels.currentsPlain(plain, pre.spikes(0), k, add, n);
        fastKernel.launch(fast, pre.spikes(0), k, add, n);
        same(s.name() + " current", floats(plain.current), floats(fast.current));
      }
      memory.close(); // large networks: one synapse at a time
    }
    done(kernel);
  }

  private void integrateAndModulate() {
    String modulation = null;
    Floats powers = memory.floats("powers of a trace", STEPS);
    powers.upload(CudaBackend.powers(CONSTANTS));
    for (Population p : spec.integrating()) {
      PopulationState plain = state(p);
      PopulationState fast = state(p);
      Floats thresholds = floats(p.units(), 0.03f, 0.08f);
      kernels.rest(thresholds, plain, n);
      kernels.rest(thresholds, fast, n);
      for (int t = 1; t <= STEPS; t++) {
        float[] j = randoms(n * p.units(), -2f, 4f);
        plain.current.upload(j);
        fast.current.upload(j);
        kernels.integratePlain(plain, t, CONSTANTS, n);
        kernels.listUnitsPlain(plain, plain.spikes(t), n);
        kernels.integrate(fast, t, CONSTANTS, n);
        sameLists(plain, fast, t);
        String where = p.name() + " step " + t + " ";
        same(where + "membrane", floats(plain.membrane), floats(fast.membrane));
        same(where + "threshold", floats(plain.threshold), floats(fast.threshold));
        same(where + "trace", floats(plain.trace), floats(fast.trace));
        same(where + "read-out", floats(plain.readOut), floats(fast.readOut));
        if (p.role() == Population.Role.HIDDEN && modulation == null) {
          kernels.modulatePlain(plain, CONSTANTS, positives, n);
          kernels.modulate(fast, powers, t, CONSTANTS, positives, n);
          modulation = closeTo(where + "goodness", floats(plain.goodness), floats(fast.goodness));
          if (modulation == null) {
            modulation = closeTo(where + "factor", floats(plain.factor), floats(fast.factor));
          }
        }
      }
    }
    done("integrate");
    difference = modulation;
    done("modulate");
    memory.close();
  }

  /** What queues a contrastive update. */
  private interface Contrastive {
    void launch(
        SynapseState k,
        SpikeBuffers pre,
        PopulationState post,
        Floats adam,
        int step,
        float decay,
        int n);
  }

  private void learnContrastive(String kernel, Contrastive fastKernel) {
    for (Synapse s : spec.synapses()) {
      if (s.rule() == Synapse.Rule.CONTRASTIVE) {
        PopulationState pre = state(s.pre());
        PopulationState post = state(s.post());
        spike(pre, 0);
        spike(post, 1);
        post.trace.upload(randoms(n * post.units, 0, 1));
        post.factor.upload(randoms(n, -1, 1));
        SynapseState plain = synapse(s);
        SynapseState fast = copy(plain);
        Floats adam = adam();
        kernels.learnContrastivePlain(plain, pre.spikes(0), post, adam, 1, 0.01f, n);
        fastKernel.launch(fast, pre.spikes(0), post, adam, 1, 0.01f, n);
        sameWeights(plain, fast);
        memory.close();
      }
    }
    done(kernel);
  }

  private void learnError() {
    for (Synapse s : spec.synapses()) {
      if (s.rule() == Synapse.Rule.ERROR) {
        PopulationState pre = state(s.pre());
        PopulationState post = state(s.post());
        spike(pre, 0);
        post.error.upload(randoms(n * post.units, -1, 1));
        SynapseState plain = synapse(s);
        SynapseState fast = copy(plain);
        Floats adam = adam();
        kernels.learnErrorPlain(plain, pre.spikes(0), post, adam, 1, positives);
        kernels.learnError(fast, pre.spikes(0), post, adam, 1, n);
        sameWeights(plain, fast);
        memory.close();
      }
    }
    done("learn_error");
  }

  // Random states.

  private PopulationState state(Population p) {
    PopulationState s = new PopulationState(memory, p, n, STEPS);
    s.clear();
    return s;
  }

  private SynapseState synapse(Synapse s) {
    SynapseState k = new SynapseState(memory, s);
    k.weights().upload(randoms(s.size(), -1, 1));
    k.first().upload(randoms(s.size(), -0.1f, 0.1f));
    k.second().upload(randoms(s.size(), 0, 0.1f));
    return k;
  }

  private SynapseState copy(SynapseState from) {
    SynapseState k = new SynapseState(memory, from.synapse());
    k.weights().upload(floats(from.weights()));
    k.first().upload(floats(from.first()));
    k.second().upload(floats(from.second()));
    return k;
  }

  private Floats adam() {
    Adam a = Adam.at(3, 0.01f);
    Floats adam = memory.floats("adam", 2 * STEPS);
    float[] values = new float[2 * STEPS];
    values[0] = a.rate();
    values[1] = a.secondScale();
    adam.upload(values);
    return adam;
  }

  /** Random spikes of a step, in all three forms, by the plain kernels. */
  private void spike(PopulationState p, int t) {
    SpikeBuffers s = p.spikes(t);
    s.dense().upload(randomSpikes(n * p.units));
    kernels.listUnitsPlain(p, s, n);
    kernels.listSamplesPlain(p, s, n, positives);
  }

  private byte[] randomSpikes(int count) {
    byte[] spikes = new byte[count];
    for (int k = 0; k < count; k++) {
      spikes[k] = (byte) (random.nextInt(5) == 0 ? 1 : 0);
    }
    return spikes;
  }

  private float[] randoms(int count, float low, float high) {
    float[] values = new float[count];
    for (int k = 0; k < count; k++) {
      values[k] = random.nextFloat(low, high);
    }
    return values;
  }

  private Floats floats(int count, float low, float high) {
    Floats buffer = memory.floats("random numbers", count);
    buffer.upload(randoms(count, low, high));
    return buffer;
  }

  // Comparisons. The first difference of a kernel is kept.

  private static float[] floats(Floats buffer) {
    return buffer.download(new float[buffer.length()]);
  }

  private static int[] ints(Ints buffer) {
    return buffer.download(new int[buffer.length()]);
  }

  private void same(String what, float[] expected, float[] actual) {
    for (int k = 0; k < expected.length && difference == null; k++) {
      if (!(expected[k] == actual[k])) { // what is not a number fails
        difference = differs(what, k, expected[k], actual[k]);
      }
    }
  }

  private void same(String what, int[] expected, int[] actual) {
    for (int k = 0; k < expected.length && difference == null; k++) {
      if (expected[k] != actual[k]) {
        difference = differs(what, k, expected[k], actual[k]);
      }
    }
  }

  private static String closeTo(String what, float[] expected, float[] actual) {
    for (int k = 0; k < expected.length; k++) {
      if (!(Math.abs(expected[k] - actual[k]) <= 2 * Math.ulp(expected[k]))) {
        return differs(what, k, expected[k], actual[k]);
      }
    }
    return null;
  }

  private static String differs(String what, int k, Object expected, Object actual) {
    return what + "[" + k + "] is " + actual + ", not " + expected;
  }

  private void sameWeights(SynapseState a, SynapseState b) {
    String name = a.synapse().name();
    same(name + " weight", floats(a.weights()), floats(b.weights()));
    same(name + " first moment", floats(a.first()), floats(b.first()));
    same(name + " second moment", floats(a.second()), floats(b.second()));
  }

  private void sameLists(PopulationState a, PopulationState b, int t) {
    String where = a.p.name() + " step " + t + " ";
    SpikeBuffers x = a.spikes(t);
    SpikeBuffers y = b.spikes(t);
    byte[] expected = x.dense().download(new byte[n * a.units]);
    byte[] actual = y.dense().download(new byte[n * a.units]);
    int k = java.util.Arrays.mismatch(expected, actual);
    if (k >= 0 && difference == null) {
      difference = differs(where + "spikes", k, expected[k], actual[k]);
    }
    int[] counts = ints(x.count());
    same(where + "count", counts, ints(y.count()));
    same(where + "total", ints(a.total), ints(b.total));
    sameHeads(where + "list", x.list(), y.list(), counts, a.units);
  }

  /** The first counts[r] elements of each row. */
  private void sameHeads(String what, Ints a, Ints b, int[] counts, int stride) {
    int[] expected = ints(a);
    int[] actual = ints(b);
    for (int r = 0; r < counts.length; r++) {
      for (int k = r * stride; k < r * stride + counts[r] && difference == null; k++) {
        if (expected[k] != actual[k]) {
          difference = differs(what, k, expected[k], actual[k]);
        }
      }
    }
  }
}
