package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.bench.BenchReport.Steps;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.train.Batches;
import csdp.train.Evaluator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Verifies, then times. The network is trained for a few batches, for realistic activity. Then each
 * part of a step is compared with the reference. Only if all match, whole windows are timed, each
 * with other images, and then the same windows part by part.
 */
public final class Bench {
  private static final int CHECK_STEPS = 16;

  /** The time of a step that is in none of its timed parts. */
  private static final Target.Part BETWEEN = new Target.Part("between parts", List.of(), List.of());

  /** A part as the target described it last, and its microseconds per step in each window. */
  private record Measured(Target.Part part, List<Double> micros) {}

  private final BenchOptions options;
  private final Dataset data;
  private final Target target;
  private final Consumer<String> progress;
  private final NetworkSpec spec;
  private final Learning learning;
  private final Batches batches;
  private final BenchReport report;
  private int shown; // batches so far: each window uses the next

  private Bench(BenchOptions options, Dataset data, Target target, Consumer<String> progress) {
    this.options = options;
    this.data = data;
    this.target = target;
    this.progress = progress;
    data.requireImages("bench, which draws its input spikes,");
    if (data.size() < options.batch()) {
      throw CsdpException.badInput(
          "%s has %d images, too few for batches of %d", data.name(), data.size(), options.batch());
    }
    this.spec = network(data, options.hidden(), options.steps());
    TrainOptions train = TrainOptions.epochs(1).withBatch(options.batch()).withSeed(options.seed());
    this.learning = train.learning();
    Dataset whole = data.subset(0, data.size() / options.batch() * options.batch());
    this.batches = new Batches(spec, whole, train);
    this.report = new BenchReport(target.name(), spec.toString(), data.name(), options);
  }

  private static NetworkSpec network(Dataset data, List<Integer> hidden, int steps) {
    return NetworkSpec.builder(data.pixels(), data.classes())
        .hidden(hidden)
        .constants(Constants.demo().withSteps(steps))
        .build();
  }

  /**
   * Runs a benchmark.
   *
   * @param data images with labels
   * @param target the backend to measure; not closed
   * @param progress receives lines about the progress
   */
  public static BenchReport run(
      BenchOptions options, Dataset data, Target target, Consumer<String> progress) {
    Bench bench = new Bench(options, data, target, progress);
    bench.run();
    return bench.report;
  }

  private void run() {
    Parameters trained = new Parameters(spec);
    try (Backend backend = target.open(spec)) {
      progress.accept("training " + options.trainBatches() + " batches");
      backend.restore(Parameters.random(spec, options.seed()));
      ReadOut out = new ReadOut(spec);
      for (int k = 0; k < options.trainBatches(); k++) {
        backend.run(next(), learning, out, null);
      }
      backend.snapshot(trained);
    }
    progress.accept("checking");
    verify(trained);
    if (!report.passed()) {
      return;
    }
    progress.accept("measuring the ceilings");
    report.ceilings = target.ceilings(options);
    try (Backend backend = target.open(spec)) {
      backend.restore(trained);
      trained = null;
      time(backend);
    }
    if (options.denseBaseline()) {
      progress.accept("timing the dense NumPy step");
      DenseBaseline.run(report, data, spec, options);
    }
  }

  private Batch next() {
    int k = shown++;
    return batches.get(k / batches.count(), k % batches.count());
  }

  // Verify.

  private void verify(Parameters trained) {
    List<Integer> sizes = options.hidden();
    report.checks.addAll(target.checks(sizes.get(0), Math.min(40, 2 * options.batch())));
    report.checks.addAll(target.checks(13, 7));
    // The network itself, with few samples, since the reference is slow.
    int steps = Math.min(CHECK_STEPS, options.steps());
    boolean active = compare(spec.with(spec.constants().withSteps(steps)), trained, learning, 2);
    // A small network of odd sizes with many samples, from random parameters.
    List<Integer> odd =
        IntStream.range(0, sizes.size())
            .mapToObj(l -> Math.min(sizes.get(l), l == 0 ? 207 : 33))
            .toList();
    NetworkSpec small = network(data, odd, 20);
    Parameters random = Parameters.random(small, options.seed());
    active |= compare(small, random, Learning.forBatch(20), Math.min(47, data.size()));
    if (!active) {
      report.checks.add(
          new Check("hidden spikes", false, "no hidden unit ever spiked, so nothing was checked"));
    }
  }

  /** Compares with the reference; returns whether a hidden unit spiked. */
  private boolean compare(NetworkSpec net, Parameters from, Learning rates, int positives) {
    TrainOptions train = TrainOptions.epochs(1).withBatch(positives).withSeed(options.seed() + 1);
    Batch batch = new Batches(net, data.limit(Math.max(positives, 2)), train).get(0, 0);
    Parameters start = new Parameters(net);
    start.copyFrom(from);
    Verification v;
    String whole;
    try (Backend reference = Device.REFERENCE.open(net, 1);
        Backend other = target.open(net)) {
      v = Verification.of(reference, other, start, batch, rates);
      whole = v.passed() ? unobserved(reference, other, start, batch, rates) : null;
    }
    String how = "the reference's bits, " + net + ", " + batch.size() + " samples, ";
    v.parts()
        .forEach(
            (part, difference) ->
                report.checks.add(
                    new Check(
                        part.toString(),
                        difference == null,
                        difference == null
                            ? how + v.steps() + " steps"
                            : net + ": " + difference)));
    if (v.passed()) {
      report.checks.add(
          new Check("whole window", whole == null, whole == null ? how + "unobserved" : whole));
    }
    if (v.active()) {
      report.checks.add(new Check("hidden spikes in " + net, true, null));
    }
    return v.active();
  }

  /**
   * Compares the sums of a window without observer, which may run as a whole. Returns null if
   * equal.
   */
  private static String unobserved(
      Backend reference, Backend other, Parameters from, Batch batch, Learning rates) {
    ReadOut expected = new ReadOut(reference.spec());
    ReadOut actual = new ReadOut(reference.spec());
    for (boolean learn : new boolean[] {true, false}) {
      reference.restore(from);
      other.restore(from);
      reference.run(batch, learn ? rates : null, expected, null);
      other.run(batch, learn ? rates : null, actual, null);
      if (!Arrays.equals(expected.spikes(), actual.spikes())
          || !Arrays.equals(expected.classSpikes(), actual.classSpikes())
          || !Arrays.equals(expected.reconstruction(), actual.reconstruction())) {
        return (learn ? "training" : "inference") + " without an observer differs";
      }
    }
    return null;
  }

  // Then time.

  private void time(Backend backend) {
    ReadOut out = new ReadOut(spec, false);
    // Work is counted in a separate window, since an observer takes time.
    Batch counted = next();
    Activity activity = new Activity(spec, counted, true);
    backend.run(counted, learning, out, activity);

    List<Double> steps = new ArrayList<>();
    List<Double> device = new ArrayList<>();
    Map<String, Measured> parts = new TreeMap<>();
    double[] fired = new double[spec.populations().size()];
    for (int r = -BenchOptions.WARM_UP; r < options.repeats(); r++) {
      progress.accept("training windows " + (r + 1) + " of " + options.repeats());
      double micros = window(backend, next(), learning, out);
      Double onDevice = target.takeWindowMicros();
      if (r >= 0) {
        addStep(device, onDevice);
        steps.add(micros);
        addSpikes(fired, out);
      }
      if (target.measure(backend, true)) {
        double whole = window(backend, next(), learning, out);
        List<Target.Timed> took = target.takeTimes(spec);
        target.measure(backend, false);
        if (r >= 0) {
          double sum = 0;
          for (Target.Timed t : took) {
            double step = t.micros() / options.steps();
            sum += step;
            addPart(parts, t.part(), step);
          }
          addPart(parts, BETWEEN, whole - sum);
        }
      }
    }
    report.training = steps(steps, device, fired, 2 * options.batch());
    progress.accept("timing products and libraries");
    var products = target.products(backend, options::wants, 2 * options.batch(), options);
    products.stream().map(p -> p.baseline().check()).forEach(this::addCheck);
    rows(parts, activity, products);

    steps.clear();
    device.clear();
    Arrays.fill(fired, 0);
    for (int r = -BenchOptions.WARM_UP; r < options.repeats(); r++) {
      progress.accept("inference windows " + (r + 1) + " of " + options.repeats());
      double micros = window(backend, unlabelled(), null, out);
      Double onDevice = target.takeWindowMicros();
      if (r >= 0) {
        addStep(device, onDevice);
        steps.add(micros);
        addSpikes(fired, out);
      }
    }
    report.inference = steps(steps, device, fired, options.batch());
    report.remarks.putAll(target.remarks());
  }

  /** Returns microseconds per step of a window by the clock, including transfers. */
  private double window(Backend backend, Batch batch, Learning rates, ReadOut out) {
    long start = System.nanoTime();
    backend.run(batch, rates, out, null);
    return (System.nanoTime() - start) * 1e-3 / options.steps();
  }

  private Batch unlabelled() {
    Batch b = next();
    return Evaluator.unlabelled(
        b.images(), options.batch(), options.seed(), shown * options.batch());
  }

  private void addSpikes(double[] fired, ReadOut out) {
    for (int p = 0; p < fired.length; p++) {
      fired[p] += (double) out.spikes()[p] / out.size() / options.steps() / options.repeats();
    }
  }

  private void addStep(List<Double> steps, Double windowMicros) {
    if (windowMicros != null) {
      steps.add(windowMicros / options.steps());
    }
  }

  private Steps steps(List<Double> micros, List<Double> device, double[] fired, int samples) {
    Map<String, Double> spikes = new LinkedHashMap<>();
    for (Population p : spec.populations()) {
      spikes.put(p.name(), fired[p.index()]);
    }
    Spread onDevice = device.isEmpty() ? null : spread(device);
    return new Steps(
        List.copyOf(micros), onDevice, samples, options.batch(), options.steps(), spikes);
  }

  private static Spread spread(List<Double> values) {
    return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private void addCheck(Check c) {
    if (c != null) {
      report.checks.add(c);
    }
  }

  private static void addPart(Map<String, Measured> parts, Target.Part part, double micros) {
    Measured old = parts.get(part.name());
    List<Double> all = old == null ? new ArrayList<>() : old.micros;
    all.add(micros);
    parts.put(part.name(), new Measured(part, all));
  }

  private void rows(Map<String, Measured> parts, Activity activity, List<Target.Product> products) {
    double all = 0;
    for (Measured m : parts.values()) {
      all += spread(m.micros).median();
    }
    for (Measured m : parts.values()) {
      if (options.wants(m.part.name())) {
        Spread micros = spread(m.micros);
        report.rows.add(row(m.part, micros, micros.median() / all, activity, null));
      }
    }
    for (Target.Product p : products) {
      report.rows.add(row(p.part(), p.micros(), null, activity, p.baseline()));
    }
    report.rows.sort(Comparator.comparingDouble((Row r) -> -r.micros().median()));
  }

  private Row row(
      Target.Part part, Spread micros, Double share, Activity activity, Baseline baseline) {
    Work work = activity.sum(part.does());
    String check = check(part.checkedBy());
    return new Row(part.name(), micros, share, work, check, report.ceilings, baseline);
  }

  private String check(List<String> names) {
    List<Check> those = report.checks.stream().filter(c -> names.contains(c.name())).toList();
    return those.isEmpty() ? null : those.stream().allMatch(Check::passed) ? "ok" : "FAILED";
  }
}
