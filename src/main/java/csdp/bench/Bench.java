package csdp.bench;

import csdp.CsdpException;
import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.reference.ReferenceBackend;
import csdp.bench.BenchReport.Steps;
import csdp.data.Dataset;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.train.Batches;
import csdp.train.Evaluator;
import csdp.train.TrainOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Verifies, then times. The network is trained for a few batches, for realistic activity. Then each
 * part of a step is compared with the reference. Only if all match, whole windows are timed, each
 * with other images, and then the same windows part by part.
 */
public final class Bench {
  private static final int CHECK_STEPS = 16;

  private final BenchOptions options;
  private final Dataset data;
  private final Target target;
  private final Consumer<String> progress;
  private final NetworkSpec spec;
  private final Batches batches;
  private final BenchReport report;
  private int shown; // batches so far: each window uses the next

  private Bench(BenchOptions options, Dataset data, Target target, Consumer<String> progress) {
    this.options = options;
    this.data = data;
    this.target = target;
    this.progress = progress;
    if (data.size() < options.batch()) {
      throw CsdpException.badInput(
          "%s has %d images, too few for batches of %d", data.name(), data.size(), options.batch());
    }
    int[] hidden = options.hidden().stream().mapToInt(Integer::intValue).toArray();
    this.spec = network(data.pixels(), hidden, data.classes(), options.batch(), options.steps());
    TrainOptions train = new TrainOptions(1, options.batch(), options.seed(), 0.5f, false);
    Dataset whole = data.subset(0, data.size() / options.batch() * options.batch());
    this.batches = new Batches(spec, whole, train);
    this.report = new BenchReport(target.name(), spec.toString(), data.name(), options);
  }

  private static NetworkSpec network(int inputs, int[] hidden, int classes, int batch, int steps) {
    Constants c = Constants.forBatch(batch);
    return new NetworkSpec(inputs, hidden, classes, true, true, withSteps(c, steps));
  }

  private static Constants withSteps(Constants c, int steps) {
    return new Constants(
        steps,
        c.dt(),
        c.tauM(),
        c.tauTrace(),
        c.resistance(),
        c.inhibitoryResistance(),
        c.thresholdRate(),
        c.goodnessThreshold(),
        c.learningRate(),
        c.weightDecay());
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
        backend.run(next(), true, out, null);
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
    int[] sizes = options.hidden().stream().mapToInt(Integer::intValue).toArray();
    report.checks.addAll(target.checks(sizes[0], Math.min(40, 2 * options.batch())));
    report.checks.addAll(target.checks(13, 7));
    // The network itself, with few samples, since the reference is slow.
    compare(
        spec.with(withSteps(spec.constants(), Math.min(CHECK_STEPS, options.steps()))), trained, 2);
    // A small network of odd sizes with many samples, from random parameters.
    int[] odd = new int[sizes.length];
    Arrays.setAll(odd, l -> Math.min(sizes[l], l == 0 ? 207 : 33));
    NetworkSpec small = network(data.pixels(), odd, data.classes(), 20, 20);
    compare(small, Parameters.random(small, options.seed()), Math.min(47, data.size()));
    if (report.checks.stream().noneMatch(c -> c.name().startsWith("hidden spikes"))) {
      report.checks.add(
          new Check("hidden spikes", false, "no hidden unit ever spiked, so nothing was checked"));
    }
  }

  private void compare(NetworkSpec net, Parameters from, int positives) {
    TrainOptions train = new TrainOptions(1, positives, options.seed() + 1, 0.5f, false);
    Batch batch = new Batches(net, data.limit(Math.max(positives, 2)), train).get(0, 0);
    Parameters start = new Parameters(net);
    copy(from, start);
    Verification v;
    String whole;
    try (Backend reference = new ReferenceBackend(net);
        Backend other = target.open(net)) {
      v = Verification.of(reference, other, start, batch);
      whole = v.passed() ? unobserved(reference, other, start, batch) : null;
    }
    String how = "the reference's bits, " + net + ", " + batch.size() + " samples, ";
    v.parts()
        .forEach(
            (part, difference) ->
                report.checks.add(
                    new Check(
                        part,
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
  }

  /** The same weights; the network may have other constants. */
  private static void copy(Parameters from, Parameters to) {
    from.spec()
        .synapses()
        .forEach(
            s -> {
              System.arraycopy(from.weights(s), 0, to.weights(s), 0, s.size());
              System.arraycopy(from.firstMoments(s), 0, to.firstMoments(s), 0, s.size());
              System.arraycopy(from.secondMoments(s), 0, to.secondMoments(s), 0, s.size());
            });
    for (Population p : from.spec().integrating()) {
      System.arraycopy(from.thresholds(p), 0, to.thresholds(p), 0, p.units());
    }
    to.plasticitySteps(from.plasticitySteps());
  }

  /**
   * Compares the sums of a window without observer, which may run as a whole. Returns null if
   * equal.
   */
  private static String unobserved(Backend reference, Backend other, Parameters from, Batch batch) {
    ReadOut expected = new ReadOut(reference.spec());
    ReadOut actual = new ReadOut(reference.spec());
    for (boolean learn : new boolean[] {true, false}) {
      reference.restore(from);
      other.restore(from);
      reference.run(batch, learn, expected, null);
      other.run(batch, learn, actual, null);
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
    backend.run(counted, true, out, activity);

    List<Double> steps = new ArrayList<>();
    List<Double> device = new ArrayList<>();
    Map<String, List<Double>> parts = new TreeMap<>();
    double[] fired = new double[spec.populations().size()];
    for (int r = -BenchOptions.WARM_UP; r < options.repeats(); r++) {
      progress.accept("training windows " + (r + 1) + " of " + options.repeats());
      double micros = window(backend, next(), true, out);
      Double onDevice = target.takeWindowMicros();
      if (r >= 0) {
        addStep(device, onDevice);
        steps.add(micros);
        addSpikes(fired, out);
      }
      if (target.measure(backend, true)) {
        double whole = window(backend, next(), true, out);
        Map<String, Double> took = target.takeMicros();
        target.measure(backend, false);
        if (r >= 0) {
          double sum = 0;
          for (Map.Entry<String, Double> e : took.entrySet()) {
            double step = e.getValue() / options.steps();
            sum += step;
            parts.computeIfAbsent(e.getKey(), k -> new ArrayList<>()).add(step);
          }
          parts.computeIfAbsent("between parts", k -> new ArrayList<>()).add(whole - sum);
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
      double micros = window(backend, unlabelled(), false, out);
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
  private double window(Backend backend, Batch batch, boolean learn, ReadOut out) {
    long start = System.nanoTime();
    backend.run(batch, learn, out, null);
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

  private void rows(
      Map<String, List<Double>> parts, Activity activity, List<Target.Product> products) {
    double all = 0;
    for (List<Double> p : parts.values()) {
      all += spread(p).median();
    }
    for (Map.Entry<String, List<Double>> e : parts.entrySet()) {
      if (options.wants(e.getKey())) {
        Spread micros = spread(e.getValue());
        report.rows.add(row(e.getKey(), micros, micros.median() / all, activity, null));
      }
    }
    for (Target.Product p : products) {
      report.rows.add(row(p.name(), p.micros(), null, activity, p.baseline()));
    }
    report.rows.sort(Comparator.comparingDouble((Row r) -> -r.micros().median()));
  }

  private Row row(String name, Spread micros, Double share, Activity activity, Baseline baseline) {
    Target.Part part = target.part(name, spec, activity);
    String check = check(part.checkedBy());
    return new Row(name, micros, share, part.work(), check, report.ceilings, baseline);
  }

  private String check(List<String> names) {
    List<Check> those = report.checks.stream().filter(c -> names.contains(c.name())).toList();
    return those.isEmpty() ? null : those.stream().allMatch(Check::passed) ? "ok" : "FAILED";
  }
}
