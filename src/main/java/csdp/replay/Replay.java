package csdp.replay;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.backend.StepView;
import csdp.error.CsdpException;
import csdp.io.NpyArray;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Replays a recorded run of the released code on any backend with the recorded input spikes, and
 * measures the differences.
 */
public final class Replay {
  /** The released code divides sums over the window by T + 1. */
  private static final int EXTRA_STEP = 1;

  private final Recording recording;
  private final NetworkSpec spec;
  private final ReplayReport report;

  private Replay(Recording recording, String device, Tolerance tolerance) {
    this.recording = recording;
    this.spec = recording.spec;
    this.report = new ReplayReport(recording.file.toString(), spec.toString(), device, tolerance);
  }

  /**
   * Tolerance of a replay.
   *
   * @param spikes maximum share of differing spikes
   * @param values maximum absolute deviation of weights, moments, states and read-outs
   */
  public record Tolerance(double spikes, double values) {
    /** All spikes equal, values within 1e-5. */
    public static final Tolerance EXACT = new Tolerance(0, 1e-5);

    /**
     * For a backend with another order of sums, which changes a spike occasionally: at most 1 in
     * 100,000 spikes, values within 1e-4.
     */
    public static final Tolerance REORDERED = new Tolerance(1e-5, 1e-4);

    /** Returns the tolerance of a device. */
    public static Tolerance of(Device device) {
      return switch (device.kind().sums()) {
        case IN_ORDER -> EXACT;
        case REORDERED -> REORDERED;
      };
    }
  }

  /**
   * Replays one recorded run.
   *
   * @param file the recording (NPZ)
   * @param threads CPU threads, 0 for one per core
   */
  public static ReplayReport run(Path file, Device device, int threads) {
    return run(file, spec -> device.open(spec, threads), Tolerance.of(device));
  }

  /**
   * Replays one recorded run on any backend.
   *
   * @param open opens the backend for the recording's network; it is closed here
   */
  public static ReplayReport run(
      Path file, Function<NetworkSpec, ? extends Backend> open, Tolerance tolerance) {
    try (Recording recording = Recording.open(file);
        Backend backend = open.apply(recording.spec)) {
      Replay replay = new Replay(recording, backend.name(), tolerance);
      replay.run(backend);
      return replay.report;
    }
  }

  private void run(Backend backend) {
    backend.restore(recording.initial());
    ReadOut out = new ReadOut(spec);
    int batches = recording.batches();
    if (batches == 0) {
      throw CsdpException.badInput(
          "%s: no array train/0/s0, so there is nothing to replay", recording.file);
    }
    Parameters now = new Parameters(spec);
    for (int b = 0; b < batches; b++) {
      String prefix = "train/" + b + "/";
      Batch batch = recording.batch(prefix, true);
      Comparer comparer = new Comparer(prefix, batch, b * spec.constants().steps(), now);
      backend.run(batch, recording.learning, out, comparer::afterTrainingStep);
      readOuts(prefix, batch.size(), out);
    }
    backend.snapshot(now);
    for (Synapse s : spec.synapses()) {
      compareWeights("final/" + s.name(), s, now.weights(s), "weights");
      compareWeights("final/" + s.name() + "_m", s, now.firstMoments(s), "moments");
      compareWeights("final/" + s.name() + "_v", s, now.secondMoments(s), "moments");
    }
    if (recording.has("final/adam_t")) {
      int expected = recording.array("final/adam_t").ints()[0];
      report.deviation(
          "moments", (double) Math.abs(expected - now.plasticitySteps()), "final/adam_t");
    }
    if (recording.has("eval/s0")) {
      Batch batch = recording.batch("eval/", false);
      Comparer comparer = new Comparer("eval/", batch, 0, now);
      backend.run(batch, null, out, comparer::spikes);
      readOuts("eval/", batch.size(), out);
    }
  }

  private void compareWeights(String name, Synapse s, float[] actual, String group) {
    if (recording.has(name)) {
      compare(group, name, recording.weights(name, s), actual);
    }
  }

  private void compare(String group, String name, float[] expected, float[] actual) {
    double worst = 0;
    for (int k = 0; k < expected.length; k++) {
      double d = Math.abs((double) expected[k] - actual[k]);
      worst = d <= worst ? worst : d; // NaN propagates
      if (Double.isNaN(d)) {
        worst = Double.POSITIVE_INFINITY;
      }
    }
    report.deviation(group, worst, name);
  }

  private void readOuts(String prefix, int n, ReadOut out) {
    int classes = spec.classes();
    int window = spec.constants().steps() + EXTRA_STEP;
    compareReadOut(prefix + "y_count", out.classSpikes(), 1, n, classes);
    for (Population p : spec.populations(Role.HIDDEN)) {
      compareReadOut(prefix + "rate" + p.layer(), out.hiddenSpikes(p), window, n, p.units());
    }
    if (spec.reconstruction() != null) {
      compareReadOut(prefix + "recon", out.reconstruction(), window, n, spec.input().units());
    }
    if (recording.has(prefix + "y_hat")) {
      float[] probabilities = new float[n * classes];
      for (int b = 0; b < n; b++) {
        double[] p = out.probabilities(b);
        for (int k = 0; k < classes; k++) {
          probabilities[b * classes + k] = (float) p[k];
        }
      }
      compareReadOut(prefix + "y_hat", probabilities, 1, n, classes);
    }
  }

  private void compareReadOut(String name, float[] sums, int divisor, int n, int units) {
    if (recording.has(name)) {
      float[] mean = new float[sums.length];
      for (int k = 0; k < mean.length; k++) {
        mean[k] = sums[k] / divisor;
      }
      compare("read-outs", name, recording.array(name, n, units).floats(), mean);
    }
  }

  /** Compares every step of a batch with the recording. */
  private final class Comparer {
    final String prefix;
    final Batch batch;
    final int stepsBefore;
    final Parameters scratch;
    final Map<String, Object> recorded = new TreeMap<>();

    Comparer(String prefix, Batch batch, int stepsBefore, Parameters scratch) {
      this.prefix = prefix;
      this.batch = batch;
      this.stepsBefore = stepsBefore;
      this.scratch = scratch;
    }

    void afterTrainingStep(StepView view) {
      spikes(view);
      for (Population p : spec.integrating()) {
        state("v_" + p.name(), p, view, view::membranes);
        state("thr_" + p.name(), p, view, view::thresholds);
        state("trace_" + p.name(), p, view, view::traces);
        String signal =
            switch (p.role()) {
              case HIDDEN -> "mod_g" + p.layer();
              case HEAD -> "err_ey";
              case RECONSTRUCTION -> "err_eR";
              case INPUT, CONTEXT -> throw new IllegalStateException(p.name());
            };
        state(signal, p, view, view::signals);
        if (p.hasGoodness()) {
          loss(p, view);
        }
      }
      String step = String.format(Locale.ROOT, "weights/%04d/", stepsBefore + view.step());
      if (recording.has(step + spec.synapses().get(0).name())) {
        view.snapshot(scratch);
        for (Synapse s : spec.synapses()) {
          compareWeights(step + s.name(), s, scratch.weights(s), "weights");
        }
      }
    }

    void spikes(StepView view) {
      for (Population p : spec.integrating()) {
        byte[] expected = (byte[]) whole("s_" + p.name(), p);
        if (expected == null) {
          continue;
        }
        byte[] actual = view.spikes(p);
        int from = (view.step() - 1) * actual.length;
        for (int k = 0; k < actual.length; k++) {
          if (expected[from + k] != actual[k]) {
            report.spikeDiffers(
                String.format(
                    Locale.ROOT,
                    "%sstep %d, %s, sample %d, unit %d",
                    prefix,
                    view.step(),
                    p.name(),
                    k / p.units(),
                    k % p.units()));
          }
        }
        report.spikesCompared(actual.length);
      }
    }

    private void state(
        String key,
        Population p,
        StepView view,
        java.util.function.Function<Population, float[]> f) {
      float[] expected = (float[]) whole(key, p);
      if (expected != null) {
        float[] actual = f.apply(p);
        int from = (view.step() - 1) * actual.length;
        compare(
            "states",
            prefix + key + " step " + view.step(),
            java.util.Arrays.copyOfRange(expected, from, from + actual.length),
            actual);
      }
    }

    /** Compares the loss: mean over samples of the cross-entropy of sigmoid(G - theta). */
    private void loss(Population p, StepView view) {
      String name = prefix + "loss_g" + p.layer();
      if (!recording.has(name)) {
        return;
      }
      float[] goodness = view.goodness(p);
      double sum = 0;
      for (int b = 0; b < goodness.length; b++) {
        double x = (double) goodness[b] - spec.constants().goodnessThreshold();
        double positive = b < batch.positives() ? 1 : 0;
        sum += Math.max(x, 0) - x * positive + Math.log1p(Math.exp(-Math.abs(x)));
      }
      float expected = recording.array(name, spec.constants().steps()).floats()[view.step() - 1];
      compare(
          "states",
          name + " step " + view.step(),
          new float[] {expected},
          new float[] {(float) (sum / goodness.length)});
    }

    /** Returns a (T, N, units) array of this batch, or null if not recorded. */
    private Object whole(String key, Population p) {
      String name = prefix + key;
      if (!recording.has(name)) {
        return null;
      }
      return recorded.computeIfAbsent(
          key,
          k -> {
            NpyArray a = recording.array(name, spec.constants().steps(), batch.size(), p.units());
            return key.startsWith("s_") ? a.bytes() : a.floats();
          });
    }
  }
}
