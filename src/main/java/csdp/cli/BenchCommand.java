package csdp.cli;

import csdp.bench.Bench;
import csdp.bench.BenchOptions;
import csdp.bench.BenchReport;
import csdp.bench.GpuTarget;
import csdp.bench.Target;
import csdp.config.RunConfig.Preset;
import csdp.data.BuiltIn;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Split;
import csdp.error.CsdpException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Verifies, then times each part of a step and whole steps. */
@Command(
    name = "bench",
    description = {
      "Compare each kernel or phase of a training step with the reference, then time it. Reports"
          + " bytes, operations and their share of the device's bandwidth and arithmetic,"
          + " measured in the same run. Also times whole training and inference steps.",
      "Exit code 1 without timing if a check fails.",
      "Without data and network it uses strokes, which have the size of MNIST."
    })
final class BenchCommand implements Callable<Integer> {
  private static final BenchOptions DEMO = BenchOptions.demo();

  @Mixin private DeviceOptions device;

  @Option(
      names = "--hidden",
      paramLabel = "N,N..",
      split = ",",
      description = "Units of each hidden layer. Default: 3000,600.")
  private List<Integer> hidden = DEMO.hidden();

  @Option(
      names = "--batch",
      paramLabel = "B",
      description = "Positive samples of a batch. Default: 500.")
  private int batch = DEMO.batch();

  @Option(names = "--steps", paramLabel = "T", description = "Time steps of a window. Default: 50.")
  private int steps = DEMO.steps();

  @Option(
      names = "--kernels",
      paramLabel = "REGEX",
      description = "List only the kernels or phases whose name contains a match.")
  private String kernels;

  @Option(names = "--repeats", paramLabel = "N", description = "Timed windows. Default: 5.")
  private int repeats = DEMO.repeats();

  @Option(
      names = "--train-batches",
      paramLabel = "N",
      description = "Training batches before the timing, for realistic activity. Default: 4.")
  private int trainBatches = DEMO.trainBatches();

  @Option(names = "--seed", paramLabel = "N", description = "Default: 1234.")
  private int seed = DEMO.seed();

  @Option(
      names = "--dense-baseline",
      description = "Also time the dense NumPy step (python3 and numpy) and print the ratio.")
  private boolean denseBaseline;

  @Mixin private DataOptions data;

  @Mixin private JsonOption json;

  @Option(names = "--ceiling-floats", hidden = true) // small arrays for fast tests
  private int ceilingFloats = DEMO.ceilingFloats();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    json.check();
    PrintWriter out = json.text(spec);
    PrintWriter err = spec.commandLine().getErr();
    BenchOptions options =
        BenchOptions.builder()
            .hidden(hidden)
            .batch(batch)
            .steps(steps)
            .repeats(repeats)
            .trainBatches(trainBatches)
            .kernels(pattern(kernels))
            .seed(seed)
            .ceilingFloats(ceilingFloats)
            .denseBaseline(denseBaseline)
            .build();
    Dataset images =
        DataSources.split(
            data.over(Preset.QUICK.config().data()).request(),
            Split.TRAIN,
            BuiltIn.STROKES, // of the size of MNIST, for figures of the same network
            line -> err.println("warning: " + line));
    BenchReport report;
    try (Target target = target()) {
      report = Bench.run(options, images, target, line -> progress(err, line));
    }
    report.print(out);
    json.write(spec, report.toMap());
    return report.exitCode();
  }

  /** Requires the named GPU: no fallback, since figures of another device would mislead. */
  private Target target() {
    if (device.name().matches("\\d+|emulated")) { // the latter for trials without a GPU
      return GpuTarget.open(device.name());
    }
    return Target.of(device.resolve(spec), device.threads());
  }

  private static void progress(PrintWriter err, String line) {
    if (ProgressPrinter.isTerminal()) {
      err.println("  " + line);
      err.flush();
    }
  }

  private static Pattern pattern(String regex) {
    try {
      return regex == null ? null : Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw CsdpException.badInput(
          "--kernels %s is not a regular expression: %s", regex, e.getDescription());
    }
  }
}
