package csdp.cli;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.bench.Bench;
import csdp.bench.BenchOptions;
import csdp.bench.BenchReport;
import csdp.bench.Check;
import csdp.bench.GpuTarget;
import csdp.bench.Machine;
import csdp.bench.Target;
import csdp.bench.Verification;
import csdp.config.RunConfig.Preset;
import csdp.config.TrainOptions;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Splits;
import csdp.data.Strokes;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.io.OutputFile;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.replay.Replay;
import csdp.train.Batches;
import csdp.train.EpochMetrics;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * All checks of the CUDA backend on a device, in one JSON: kernels and their twins, networks and
 * the reference, recorded runs, benchmarks, an epoch of training. Called by {@code
 * scripts/gpu_check.sh}. The file is written after every stage, so an interrupted run keeps its
 * results.
 */
@Command(name = "device-check", mixinStandardHelpOptions = true)
public final class DeviceCheck implements Callable<Integer> {
  private static final int SEED = 1234;

  /** A stage that may throw. */
  @FunctionalInterface
  private interface Stage {
    void run();
  }

  @Option(names = "--device", defaultValue = "0", description = "Index, or emulated.")
  private String device;

  @Option(names = "--json", description = "Where to write.")
  private Path json;

  @Option(names = "--trace", paramLabel = "NPZ", description = "A recorded run; may be repeated.")
  private List<Path> traces = new ArrayList<>();

  @Option(names = "--data", defaultValue = "strokes", description = "For benchmarks and training.")
  private String data;

  @Option(names = "--fact", paramLabel = "NAME=VALUE", description = "Noted as it is.")
  private Map<String, String> facts = new LinkedHashMap<>();

  @Option(names = "--found", paramLabel = "NAME=ok|DETAIL", description = "Another tool's verdict.")
  private Map<String, String> found = new LinkedHashMap<>();

  @Option(names = "--minutes", defaultValue = "7", description = "No stage starts after these.")
  private double minutes;

  @Option(names = "--small", description = "Tiny sizes: to try the script itself.")
  private boolean small;

  @Option(names = "--only-step", description = "Only a window of a small network, for sanitizers.")
  private boolean onlyStep;

  private static final Learning FAST = new Learning(0.01f, 3e-3f);

  private final Map<String, Object> result = new LinkedHashMap<>();
  private final List<Check> checks = new ArrayList<>();
  private final List<Object> benches = new ArrayList<>();
  private final List<String> skipped = new ArrayList<>();
  private final PrintWriter out;
  private long start;

  DeviceCheck(PrintWriter out) {
    this.out = out;
  }

  /** Runs the checks and exits: 0 if all pass, 1 if one failed, 3 without the device. */
  @SuppressWarnings("DefaultCharset") // the console's encoding, which may not be UTF-8
  public static void main(String[] args) {
    System.exit(run(args, new PrintWriter(System.out, true)));
  }

  static int run(String[] args, PrintWriter out) {
    CommandLine cli = new CommandLine(new DeviceCheck(out));
    cli.setOut(out);
    cli.setExecutionExceptionHandler(
        (e, c, parsed) -> {
          if (e instanceof CsdpException known) {
            out.println("gpu_check: " + known.getMessage());
            return known.exitCode();
          }
          throw e;
        });
    return cli.execute(args);
  }

  @Override
  public Integer call() {
    start = System.nanoTime();
    try (GpuTarget target = GpuTarget.open(device)) {
      if (onlyStep) {
        step(target);
        return 0;
      }
      result.put("complete", false);
      result.put("passed", false);
      result.put("device", target.name());
      result.put("machine", Machine.describe());
      result.put("facts", facts);
      found.forEach((name, said) -> checks.add(new Check(name, said.equals("ok"), said)));
      stage("kernels", () -> kernels(target));
      stage("parity", () -> parity(target));
      for (Path trace : traces) {
        stage("replay " + trace.getFileName(), () -> replay(target, trace));
      }
      stage("whole size", () -> wholeSize(target));
      for (BenchOptions options : benches()) {
        stage("bench " + options.hidden() + " B " + options.batch(), () -> bench(target, options));
      }
      stage("epoch", () -> epoch(target));
    }
    boolean passed = checks.stream().allMatch(Check::passed) && skipped.isEmpty();
    result.put("complete", true);
    result.put("passed", passed);
    result.put("seconds", seconds());
    write();
    long failed = checks.stream().filter(c -> !c.passed()).count();
    out.printf(
        Locale.ROOT,
        "%s: %d checks passed, %d failed, %d stages skipped%n",
        passed ? "ok" : "FAILED",
        checks.size() - failed,
        failed,
        skipped.size());
    return passed ? 0 : CsdpException.FAILED;
  }

  private double seconds() {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** A failing stage is a failed check; the next one still runs. */
  private void stage(String name, Stage stage) {
    if (seconds() > 60 * minutes) {
      skipped.add(name);
      out.println("skipped for lack of time: " + name);
    } else {
      int before = checks.size();
      try {
        stage.run();
      } catch (RuntimeException | Error e) {
        String said = e instanceof CsdpException ? e.getMessage() : e.toString();
        checks.add(new Check(name, false, said));
      }
      List<Check> those = checks.subList(before, checks.size());
      out.printf(Locale.ROOT, "%6.1f s  %s%n", seconds(), name);
      those.stream().filter(c -> !c.passed()).forEach(c -> out.println("          " + c));
    }
    write();
  }

  private void write() {
    result.put("skipped", skipped);
    result.put("checks", checks.stream().map(Check::toMap).toList());
    result.put("benches", benches);
    if (json != null) {
      OutputFile.of(json).write(Json.bytes(result), bytes -> Main.print(out, bytes));
    }
  }

  private static NetworkSpec network(int... hidden) {
    // Strong currents and fast, asymmetric learning, so that mistakes show within a few steps.
    Constants c =
        Constants.builder()
            .steps(12)
            .resistance(0.4f)
            .inhibitoryResistance(0.03f)
            .thresholdRate(0.002f)
            .goodnessThreshold(2f)
            .build();
    return NetworkSpec.builder(Strokes.SIDE * Strokes.SIDE, Strokes.CLASSES)
        .hidden(hidden)
        .constants(c)
        .build();
  }

  private static Batch batch(NetworkSpec spec, int positives) {
    Dataset images = Strokes.draw("strokes", 7, 0, Math.max(positives, 2));
    TrainOptions options = TrainOptions.epochs(1).withBatch(positives).withSeed(SEED);
    return new Batches(spec, images, options).get(0, 0);
  }

  private void step(Target target) {
    NetworkSpec spec = network(64, 33);
    try (Backend b = target.open(spec)) {
      b.restore(Parameters.random(spec, SEED));
      b.run(batch(spec, 7), FAST, new ReadOut(spec), view -> {});
      b.run(batch(spec, 7), FAST, new ReadOut(spec), null);
      b.run(batch(spec, 5), null, new ReadOut(spec), null);
    }
    out.println("a small window ran");
  }

  private void kernels(Target target) {
    int[][] sizes = {{1, 1}, {13, 7}, {207, 40}, {1025, 7}, {600, 200}};
    for (int[] s : small ? Arrays.copyOf(sizes, 2) : sizes) {
      checks.addAll(target.checks(s[0], s[1]));
    }
  }

  private void parity(Target target) {
    int[][] nets = {{13}, {40, 33, 21}, {207, 64}, {1025, 13}};
    for (int[] hidden : small ? Arrays.copyOf(nets, 2) : nets) {
      for (int positives : new int[] {1, 7, 20}) {
        NetworkSpec spec = network(hidden);
        try (Backend reference = Device.REFERENCE.open(spec, 1);
            Backend other = target.open(spec)) {
          Parameters from = Parameters.random(spec, SEED);
          Verification v = Verification.of(reference, other, from, batch(spec, positives), FAST);
          String what = Arrays.toString(hidden) + ", " + 2 * positives + " samples: ";
          v.parts()
              .forEach(
                  (part, d) ->
                      checks.add(
                          new Check(
                              "parity " + part, d == null, what + (d == null ? "same bits" : d))));
        }
      }
    }
  }

  private void replay(Target target, Path trace) {
    var report = Replay.run(trace, target::open, Replay.Tolerance.REORDERED);
    checks.add(
        new Check(
            "replay " + trace.getFileName(),
            report.passed(),
            report.spikesDiffering()
                + " of "
                + report.spikesCompared()
                + " spikes differ"
                + (report.firstDifference() == null
                    ? ""
                    : ", first at " + report.firstDifference())));
  }

  /** The released demo's network, whole windows, against the CPU backend. */
  private void wholeSize(Target target) {
    NetworkSpec net = network(small ? new int[] {60, 20} : new int[] {3000, 600});
    NetworkSpec spec = net.with(Constants.demo());
    Parameters start = Parameters.random(spec, SEED);
    List<ReadOut> outs = new ArrayList<>();
    List<Parameters> ends = new ArrayList<>();
    for (boolean gpu : new boolean[] {false, true}) {
      try (Backend b = gpu ? target.open(spec) : Device.CPU.open(spec, 0)) {
        b.restore(start);
        ReadOut readOut = new ReadOut(spec);
        b.run(batch(spec, small ? 5 : 50), Learning.forBatch(500), readOut, null);
        outs.add(readOut);
        ends.add(b.parameters());
      }
    }
    long differing = 0;
    double worst = 0;
    for (int p = 0; p < spec.populations().size(); p++) {
      differing += Math.abs(outs.get(0).spikes()[p] - outs.get(1).spikes()[p]);
    }
    for (var s : spec.synapses()) {
      float[] a = ends.get(0).weights(s);
      float[] b = ends.get(1).weights(s);
      for (int k = 0; k < a.length; k++) {
        double gap = Math.abs(a[k] - b[k]);
        worst = gap <= worst ? worst : Double.isNaN(gap) ? Double.MAX_VALUE : gap;
      }
    }
    checks.add(
        new Check(
            "whole size",
            differing == 0 && worst <= 1e-4,
            "spike sums differ by " + differing + ", weights by " + worst));
  }

  private List<BenchOptions> benches() {
    if (small) {
      return List.of(
          benchOptions()
              .hidden(List.of(30, 12))
              .batch(5)
              .steps(6)
              .repeats(2)
              .ceilingFloats(1 << 16)
              .build());
    }
    return List.of(
        benchOptions().build(),
        benchOptions().batch(100).build(),
        benchOptions().hidden(List.of(500, 100)).batch(100).build());
  }

  private static BenchOptions.Builder benchOptions() {
    return BenchOptions.builder().repeats(20).trainBatches(10);
  }

  private void bench(Target target, BenchOptions options) {
    Dataset images = splits().train();
    BenchReport report = Bench.run(options, images, target, line -> {});
    report.print(out);
    benches.add(report.toMap());
    checks.add(
        new Check(
            "bench " + options.hidden() + " B " + options.batch(),
            report.passed(),
            report.checks.size() + " checks before timing"));
  }

  private Splits splits() {
    return DataSources.open(DataRequest.of(data, 10_000, 0), out::println);
  }

  /** An epoch of the released demo. */
  private void epoch(Target target) {
    Splits s = splits();
    Dataset train = small ? s.train().limit(60) : s.train();
    Dataset valid = s.valid() == null ? s.test() : s.valid();
    valid = small ? valid.limit(40) : valid;
    int batch = small ? 20 : 500;
    NetworkSpec spec =
        small ? network(20, 10) : Preset.DEMO.config().spec(train.pixels(), train.classes());
    List<EpochMetrics> metrics = new ArrayList<>();
    try (Backend backend = target.open(spec)) {
      backend.restore(Parameters.random(spec, SEED));
      TrainListener listener =
          new TrainListener() {
            @Override
            public void epochDone(Trainer t, EpochMetrics m, boolean best) {
              metrics.add(m);
            }
          };
      TrainOptions o = TrainOptions.epochs(1).withBatch(batch);
      new Trainer(backend, train, valid, o, TrainState.start(), List.of(listener)).run();
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("data", train.name());
    map.put("network", spec.toString());
    map.put("batch", batch);
    map.put("images", train.size());
    map.put("before", Json.tree(metrics.get(0)));
    map.put("after", Json.tree(metrics.get(1)));
    result.put("epoch", map);
    double before = metrics.get(0).validAccuracy();
    double after = metrics.get(1).validAccuracy();
    checks.add(
        new Check(
            "epoch",
            small || after > before,
            "validation accuracy " + before + " before, " + after + " after"));
  }
}
