package csdp.cli;

import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.driver.CudaSurvey;
import csdp.bench.Machine;
import csdp.data.DataCatalog;
import csdp.data.DataSources;
import csdp.error.CsdpException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Reports the requirements of csdp4j on this machine, and how to install missing ones. */
@Command(
    name = "doctor",
    description =
        "Report the requirements of csdp4j on this machine, and how to install missing ones.",
    footer =
        "%nExit code 0 if training on the CPU works here, 3 if it does not, 1 if a kernel"
            + " differs from its twin.")
public final class DoctorCommand implements Callable<Integer> {
  private static final int JAVA = 17;
  private static final long HEAP = 1L << 30;
  private static final long DISK = 2L << 30;

  /** Flags of Java that say nothing about their user: those with a path or free text are not. */
  private static final Pattern FLAG =
      Pattern.compile(
          "-X(mx|ms|ss|mn)\\w+|-XX:[+-]\\w+|-XX:\\w+=\\d+[kmgKMG]?|-X(int|comp|batch)"
              + "|--add-modules=jdk\\.incubator\\.vector");

  /** Variables that affect csdp; a report names those that are set, without value. */
  private static final Set<String> VARIABLES =
      Set.of(
          "CSDP_CACHE",
          "CSDP_DATA",
          "CSDP_DEBUG",
          "CSDP_JAVA_OPTS",
          "CUDA_VISIBLE_DEVICES",
          "JAVA_TOOL_OPTIONS",
          "JDK_JAVA_OPTIONS",
          "LC_ALL",
          "LD_LIBRARY_PATH",
          "XDG_CACHE_HOME");

  /**
   * A line of the report.
   *
   * @param ok true if present
   * @param name of the requirement
   * @param found description of the finding
   * @param remedy how to install it, or the effect of its absence; null for none
   */
  record Line(boolean ok, String name, String found, String remedy) {}

  @Spec private CommandSpec spec;

  @Option(
      names = "--kernels",
      description =
          "Also compile the CUDA kernels with g++, run them on the CPU and compare them with"
              + " their plain twins.")
  private boolean kernels;

  @Option(
      names = "--report",
      description =
          "Print the data for a bug report: versions, machine, flags, and the lines below. User"
              + " name, host name and paths are left out.")
  private boolean report;

  private final Map<String, String> env;
  private final Path root;
  private final boolean windows;
  private final Supplier<CudaSurvey> survey;
  private Probe probe;
  private GpuLines gpu;

  /** Examines this machine. */
  public DoctorCommand() {
    this(
        System.getenv(),
        Path.of("/"),
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows"),
        Cuda::survey);
  }

  /** Examines the files below a root, with a given environment. */
  DoctorCommand(Map<String, String> env, Path root, boolean windows, Supplier<CudaSurvey> survey) {
    this.env = env;
    this.root = root;
    this.windows = windows;
    this.survey = survey;
    prepare(false);
  }

  private void prepare(boolean anonymous) {
    probe = new Probe(env, root, windows, anonymous);
    gpu = new GpuLines(probe, survey);
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (report) {
      prepare(true);
      printHeading(out);
    }
    Line java = java();
    List<Line> lines = new ArrayList<>();
    lines.add(java);
    lines.add(processor());
    lines.add(vectors());
    lines.addAll(gpu.all());
    lines.add(fonts());
    lines.add(dataSets());
    lines.add(disk(Path.of("")));
    for (Line line : lines) {
      out.printf(Locale.ROOT, "%-8s %-12s %s%n", line.ok ? "ok" : "missing", line.name, line.found);
      if (line.remedy != null) {
        out.printf(Locale.ROOT, "%-8s %-12s %s%n", "", "", line.remedy);
      }
    }
    out.println(
        java.ok ? "Training on the CPU works here." : "Training does not work here: see above.");
    if (gpu.ready()) {
      out.println("A CUDA device can be used: --device auto selects it.");
    }
    out.flush();
    boolean failed = kernels && !gpu.runKernels(out);
    out.flush();
    return failed ? CsdpException.FAILED : java.ok ? 0 : CsdpException.ENVIRONMENT;
  }

  /** Prints versions, machine and flags, without the user's name. */
  private void printHeading(PrintWriter out) {
    Map<String, Object> machine = Machine.describe();
    Map<String, Object> heading = new LinkedHashMap<>();
    heading.put("csdp4j", machine.get("csdp4j"));
    heading.put("Java", machine.get("java"));
    heading.put("system", machine.get("os") + ", file names in " + FileNames.encoding());
    heading.put("CPU", machine.get("cpu"));
    Stream<?> flags = machine.get("java_flags") instanceof List<?> l ? l.stream() : Stream.of();
    heading.put("flags", joined(flags.map(Object::toString).filter(FLAG.asMatchPredicate())));
    heading.put("variables", joined(env.keySet().stream().filter(VARIABLES::contains).sorted()));
    heading.forEach(
        (name, value) ->
            out.printf(
                Locale.ROOT, "%-8s %-12s %s%n", "", name, value == null ? "unknown" : value));
  }

  private static String joined(Stream<String> words) {
    String all = words.collect(Collectors.joining(" "));
    return all.isEmpty() ? "none" : all;
  }

  private static Line java() {
    Runtime.Version version = Runtime.version();
    boolean ok = version.feature() >= JAVA;
    return new Line(
        ok,
        "Java",
        System.getProperty("java.version") + ", " + System.getProperty("java.vendor"),
        ok ? null : "install a JDK of version 17 or newer and set JAVA_HOME to it");
  }

  private static Line processor() {
    long heap = Runtime.getRuntime().maxMemory();
    boolean ok = heap >= HEAP;
    return new Line(
        ok,
        "CPU, memory",
        Runtime.getRuntime().availableProcessors() + " cores, at most " + size(heap) + " of heap",
        ok ? null : "not enough for large networks: start Java with, for example, -Xmx2g");
  }

  private static Line vectors() {
    String name = "Vector API";
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return new Line(
          false,
          name,
          "the module jdk.incubator.vector is not enabled",
          "optional, for speed: start Java with --add-modules jdk.incubator.vector (Maven: add"
              + " it to .mvn/jvm.config)");
    }
    try {
      Object species =
          Class.forName("jdk.incubator.vector.FloatVector").getField("SPECIES_PREFERRED").get(null);
      Object bits =
          Class.forName("jdk.incubator.vector.VectorSpecies")
              .getMethod("vectorBitSize")
              .invoke(species);
      return new Line(true, name, "jdk.incubator.vector, " + bits + " bits wide", null);
    } catch (ReflectiveOperationException | LinkageError e) {
      return new Line(
          false,
          name,
          "jdk.incubator.vector does not work in this Java: " + e,
          "optional, for speed: try another JDK of version 17 or newer");
    }
  }

  /** Returns the GPU section. */
  GpuLines gpu() {
    return gpu;
  }

  /** Returns the line about fonts, which plots need for text. */
  Line fonts() {
    long listed =
        probe
            .program("fc-list")
            .flatMap(p -> Probe.output(p.toString()))
            .map(text -> text.lines().filter(line -> !line.isBlank()).count())
            .orElse(0L);
    if (listed > 0) {
      return new Line(true, "fonts", listed + " known to fontconfig", null);
    }
    List<Path> folders = new ArrayList<>();
    for (String f :
        new String[] {
          "usr/share/fonts", "usr/local/share/fonts", "Library/Fonts", "System/Library/Fonts"
        }) {
      folders.add(root.resolve(f));
    }
    if (env.get("HOME") != null) {
      folders.add(Path.of(env.get("HOME"), ".fonts"));
      folders.add(Path.of(env.get("HOME"), ".local/share/fonts"));
    }
    if (windows) {
      folders.add(Path.of(env.getOrDefault("SystemRoot", "C:\\Windows"), "Fonts"));
    }
    for (Path folder : folders) {
      if (hasFont(folder)) {
        return new Line(true, "fonts", "in " + probe.shown(folder), null);
      }
    }
    return new Line(
        false,
        "fonts",
        "none found",
        "needed for text in plots: apt-get install fontconfig fonts-dejavu-core (Debian, Ubuntu)");
  }

  private static boolean hasFont(Path folder) {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> all = Files.walk(folder, 6)) {
      return all.anyMatch(
          p -> p.toString().toLowerCase(Locale.ROOT).matches(".*\\.(ttf|otf|ttc|pfb)"));
    } catch (IOException | java.io.UncheckedIOException e) {
      return false;
    }
  }

  /** Returns the line about data sets that were found. */
  Line dataSets() {
    String folder = env.get("CSDP_DATA");
    String fault = folder == null || folder.isBlank() ? null : fault(folder);
    if (fault != null) {
      return new Line(
          false, "data sets", "CSDP_DATA is " + fault, "set it to the folder of the data");
    }
    DataSources sources = DataSources.system(folder, line -> {});
    StringBuilder found = new StringBuilder("digits and strokes (built in)");
    List<String> absent = new ArrayList<>();
    for (DataCatalog.SetEntry set : sources.manifest().sets()) {
      Path place = sources.place(set);
      if (place == null) {
        absent.add(set.name());
      } else {
        String state = set.check(place).name().toLowerCase(Locale.ROOT);
        found.append(", ").append(set.name()).append(" in ").append(probe.shown(place));
        found.append(" (").append(state).append(")");
      }
    }
    return new Line(
        !absent.contains("mnist"),
        "data sets",
        found.toString(),
        absent.isEmpty()
            ? null
            : "not found: "
                + String.join(", ", absent)
                + "; download with csdp data fetch NAME, or name a folder with --data or"
                + " CSDP_DATA");
  }

  /** Returns why a value of CSDP_DATA is not a folder; null if it is one. */
  private String fault(String folder) {
    try {
      Path path = DataSources.path(folder);
      return Files.isDirectory(path) ? null : probe.shown(path) + ", which is not a folder";
    } catch (CsdpException e) {
      return probe.shown(e.getMessage());
    }
  }

  /** Returns the line about disk space for results. */
  Line disk(Path folder) {
    Path here = folder.toAbsolutePath();
    try {
      long free = Files.getFileStore(here).getUsableSpace();
      boolean writable = Files.isWritable(here);
      return new Line(
          writable && free >= DISK,
          "disk",
          size(free)
              + " free in "
              + probe.shown(here)
              + (writable ? "" : ", which is not writable"),
          !writable
              ? "run csdp in a writable folder, or name one for the results"
              : free >= DISK ? null : "two checkpoints of the full-size network take 0.25 GB each");
    } catch (IOException e) {
      return new Line(
          false,
          "disk",
          probe.shown(here + " cannot be examined: " + e.getMessage()),
          "run csdp elsewhere");
    }
  }

  private static String size(long bytes) {
    return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }
}
