package csdp.cli;

import csdp.backend.Device;
import csdp.cluster.Cluster;
import csdp.config.RunConfig;
import csdp.data.DataSources;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.Disk;
import csdp.io.FolderLock;
import csdp.io.Version;
import csdp.sweep.Engine;
import csdp.sweep.LocalEngine;
import csdp.sweep.ResultTable;
import csdp.sweep.Sweep;
import csdp.sweep.SweepDefinition;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains many networks and compares their settings. */
@Command(
    name = "sweep",
    description = {
      "Train many networks, several at once, and compare their settings. --vary names a flag of a"
          + " training without its dashes, and its values; all other flags hold for all trials.",
      "Values are separated by commas; those of hidden, which contain commas, by slashes:"
          + " --vary hidden=1000,300/3000,600. Whole numbers have ranges: --vary seed=1..5."
          + " With --samples, ranges of real numbers (eta=0.0005..0.005) and logarithmic ones"
          + " (eta=log:0.0005..0.005) are allowed.",
      "Each trial is a run folder in --out. The same command continues a sweep that was stopped or"
          + " killed; with more values it adds trials. Writes sweep.csv, sweep.json, summary.csv"
          + " (mean, sd and 95 %% interval of the runs that differ in the seed only) and"
          + " sweep.html."
    })
final class SweepCommand implements Callable<Integer> {
  private static final String PARQUET = "sweep.parquet";

  @Option(
      names = "--vary",
      paramLabel = "NAME=VALUES",
      description = "Flag to vary and its values; repeatable. All combinations are trained.")
  private List<String> vary;

  @Option(
      names = "--file",
      paramLabel = "JSON",
      description =
          "Read the sweep from a file instead: {\"base\": {\"epochs\": 3}, \"vary\": {\"seed\":"
              + " \"1..5\"}, \"samples\": N, \"sample_seed\": N, \"halving\": R}.")
  private Path file;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "Random search: N settings drawn from the values and ranges, each with every seed.")
  private Integer samples;

  @Option(
      names = "--sample-seed",
      paramLabel = "N",
      description = "Seed of the random search. Default: 1.")
  private Integer sampleSeed;

  @Option(
      names = "--halving",
      paramLabel = "R",
      description =
          "Successive halving: train all settings for few epochs, continue the best 1/R by"
              + " validation accuracy (mean of the seeds) for R times as many, up to --epochs.")
  private Integer halving;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder of the sweep.")
  private Path out;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description =
          "Trials at once, as far as memory allows. --threads are shared out among them. Default:"
              + " one per core; on a CUDA device one.")
  private Integer jobs;

  @Option(
      names = "--devices",
      paramLabel = "I,I..",
      split = ",",
      description = "Indices of CUDA devices, each for one trial at a time.")
  private List<Integer> devices;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "0",
      description = "Also write checkpoints every N batches. Default: after every epoch only.")
  private int checkpointEvery;

  @Mixin
  @SuppressWarnings("unused") // TrainFlags reads the flags that were given
  private RunOptions options;

  @Mixin private EngineOptions engine;

  @Mixin private DeviceOptions device;

  @Spec private CommandSpec spec;

  @Override
  @SuppressWarnings("try") // the lock is held while open; the variable is not used
  public Integer call() {
    check();
    boolean local = engine.isLocal();
    if (!local) {
      out = out.toAbsolutePath().normalize(); // for other machines
    }
    TrainFlags flags = new TrainFlags(this::notice);
    Map<RunConfig.Data, Splits> opened = new ConcurrentHashMap<>();
    Function<RunConfig.Data, Splits> data = d -> opened.computeIfAbsent(d, this::open);
    Sweep sweep = new Sweep(out, definition(flags), flags, checkpointEvery, data);
    SweepReport report = new SweepReport(spec);
    List<Device> available =
        !local
            ? List.of(Device.CPU)
            : devices == null ? List.of(device.resolve(spec)) : device.resolve(spec, devices);
    report.requireFonts();
    long heap = sweep.check(available.get(0).kind());
    if (local) {
      List<Device> slots = slots(available, sweep.trials().size(), heap);
      int threads = Device.threads(device.threads());
      try (FolderLock lock = sweep.lock(report::warn)) {
        introduce(sweep, opened, jobs(slots, threads), heap);
        return run(sweep, new LocalEngine(slots, threads, data, report::warn), report, () -> {});
      }
    }
    try (Cluster cluster = engine.connect(device);
        FolderLock lock = sweep.lock(report::warn)) {
      introduce(sweep, opened, cluster.description(), heap);
      return run(
          sweep,
          cluster.engine(),
          report,
          () -> cluster.parquet(out.resolve("sweep.csv"), out.resolve(PARQUET)));
    }
  }

  /**
   * Runs the sweep and writes its results.
   *
   * @param written called when the tables of a completed sweep are written
   */
  @SuppressWarnings("try") // as above
  private int run(Sweep sweep, Engine tasks, SweepReport report, Runnable written) {
    Disk.remove(out.resolve(PARQUET)); // of an earlier run, perhaps of fewer trials
    try (Interrupt interrupt =
        new Interrupt(
            tasks::stop, tasks::isCurrent, report::stopping, "continue with the same command")) {
      boolean completed = sweep.run(tasks, report);
      ResultTable table = sweep.table();
      sweep.write(table);
      if (!completed) {
        return report.stopped(table);
      }
      report.summarise(table, out, "sweep");
      written.run();
      return report.requireAllDone(table);
    }
  }

  private void check() {
    if (checkpointEvery < 0) {
      throw CsdpException.badInput("--checkpoint-every cannot be %d", checkpointEvery);
    }
    if (jobs != null && (jobs < 1 || jobs > 1024)) {
      throw CsdpException.badInput("--jobs must be in 1..1024, not %d", jobs);
    }
    if (!engine.isLocal() && (jobs != null || devices != null)) {
      throw CsdpException.badInput(
          "%s needs --engine local; a cluster runs as many trials as it has cores for",
          jobs != null ? "--jobs" : "--devices");
    }
    if (devices != null) {
      for (String other : List.of("--device", "--jobs")) {
        if (spec.commandLine().getParseResult().hasMatchedOption(other)) {
          throw CsdpException.badInput("--devices and %s exclude each other", other);
        }
      }
      if (devices.stream().distinct().count() < devices.size()) {
        throw CsdpException.badInput("--devices names a device twice");
      }
    }
  }

  private SweepDefinition definition(TrainFlags flags) {
    Map<String, String> base = flags.given(spec.commandLine().getParseResult());
    if (file == null) {
      return new SweepDefinition(base, varied(flags), samples, sampleSeed, halving).ordered(flags);
    }
    if (!base.isEmpty()
        || vary != null
        || samples != null
        || sampleSeed != null
        || halving != null) {
      throw CsdpException.badInput(
          "--file holds the whole sweep: give no --vary, no --samples, no --halving and no flags of"
              + " a training with it");
    }
    return SweepDefinition.read(file, flags);
  }

  private Map<String, String> varied(TrainFlags flags) {
    Map<String, String> varied = new LinkedHashMap<>();
    for (String text : vary == null ? List.<String>of() : vary) {
      int at = text.indexOf('=');
      if (at < 1) {
        throw CsdpException.badInput("--vary takes NAME=VALUES, such as seed=1..5, not '%s'", text);
      }
      String name = flags.find(text.substring(0, at)).name();
      if (varied.put(name, text.substring(at + 1)) != null) {
        throw CsdpException.badInput("--vary names %s twice: give all its values at once", name);
      }
    }
    return varied;
  }

  private Splits open(RunConfig.Data request) {
    return DataSources.open(request.request(), this::notice);
  }

  private void notice(String line) {
    spec.commandLine().getErr().println("notice: " + line);
  }

  /** Returns a device for each trial that runs at once. */
  private List<Device> slots(List<Device> available, int trials, long heap) {
    long free = freeHeap();
    if (heap > free) {
      throw CsdpException.environment(
          "a trial needs about %,d MB of memory, and Java may use %,d MB more: raise the limit with"
              + " -Xmx, or use a smaller --batch or fewer --hidden units",
          heap / 1_000_000, free / 1_000_000);
    }
    boolean cuda = available.get(0).kind() == Device.Kind.CUDA;
    int usual = cuda ? available.size() : Device.threads(device.threads());
    int wanted = Math.min(jobs == null ? usual : jobs, trials);
    int fit = (int) Math.min(wanted, free / heap);
    if (fit < wanted) {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "notice: %d trials at once need about %,d MB of memory, and Java may use %,d MB more:"
                  + " running %d at once%n",
              wanted,
              wanted * heap / 1_000_000,
              free / 1_000_000,
              fit);
    }
    return available.size() > 1
        ? available.subList(0, Math.min(fit, available.size()))
        : Collections.nCopies(fit, available.get(0));
  }

  /** Returns the heap that is free for trials, with a margin, in bytes. */
  private static long freeHeap() {
    Runtime java = Runtime.getRuntime();
    java.gc(); // what reading the data left is not in use
    return (long) (0.9 * java.maxMemory()) - (java.totalMemory() - java.freeMemory());
  }

  private static String jobs(List<Device> slots, int threads) {
    return String.format(
        Locale.ROOT,
        "%d at once on %s, %d CPU threads in all",
        slots.size(),
        String.join(", ", slots.stream().map(Device::name).distinct().toList()),
        threads);
  }

  private void introduce(Sweep sweep, Map<RunConfig.Data, Splits> opened, String jobs, long heap) {
    PrintWriter print = spec.commandLine().getOut();
    print.printf(Locale.ROOT, "csdp4j %s%n", Version.text());
    opened.values().stream()
        .map(s -> "data     " + s.name() + ": " + s.description())
        .distinct()
        .forEach(print::println);
    print.printf(Locale.ROOT, "sweep    %d trials%s%n", sweep.trials().size(), rungs(sweep));
    print.printf(
        Locale.ROOT, "jobs     %s; a trial needs about %,d MB of memory%n", jobs, heap / 1_000_000);
    print.printf(Locale.ROOT, "folder   %s%n", out);
    print.flush();
  }

  private static String rungs(Sweep sweep) {
    return sweep.schedule() == null ? "" : "; halving: " + sweep.schedule();
  }
}
