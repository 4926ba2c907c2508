package csdp.bench;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;

import csdp.error.CsdpException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The result of a benchmark, as text and JSON. Values that were not measured are null. */
public final class BenchReport {
  /**
   * Whole steps of one kind of window.
   *
   * @param windows microseconds per step of each window by the host's clock, transfers included, in
   *     order
   * @param device the same by the device's events; null without them
   * @param samples per batch
   * @param images number of samples that count as images (training: the positives)
   * @param steps of a window
   * @param spikes per sample and step, by population
   */
  record Steps(
      List<Double> windows,
      Spread device,
      int samples,
      int images,
      int steps,
      Map<String, Double> spikes) {
    Spread micros() {
      return Spread.of(windows.stream().mapToDouble(Double::doubleValue).toArray());
    }

    double imagesPerSecond() {
      return images / (micros().median() * 1e-6 * steps);
    }

    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>(micros().toMap("us_per_step"));
      map.put("us_per_step_of_windows", windows);
      map.put("device", device == null ? null : device.toMap("us_per_step"));
      map.put("images_per_s", imagesPerSecond());
      map.put("samples", samples);
      map.put("images", images);
      map.put("steps", steps);
      map.put("spikes_per_sample_and_step", spikes);
      return map;
    }
  }

  final Map<String, Object> machine = Machine.describe();
  public final List<Check> checks = new ArrayList<>();
  final List<Row> rows = new ArrayList<>();
  final Map<String, Object> remarks = new LinkedHashMap<>();
  final String device;
  final String network;
  final BenchOptions options;
  final String data;
  Target.Ceilings ceilings = Target.Ceilings.NONE;
  Steps training;
  Steps inference;
  Map<String, Object> dense; // of dense_numpy.py
  String noDense = "not asked for (--dense-baseline)";

  BenchReport(String device, String network, String data, BenchOptions options) {
    this.device = device;
    this.network = network;
    this.data = data;
    this.options = options;
  }

  /** Returns true if every check passed. */
  public boolean passed() {
    return !checks.isEmpty() && checks.stream().allMatch(Check::passed);
  }

  /** Returns 0 if every check passed, else 1. */
  public int exitCode() {
    return passed() ? 0 : CsdpException.FAILED;
  }

  /** Returns the dense time divided by ours for a training step; null if one was not measured. */
  public Double denseRatio() {
    Object t = dense == null ? null : dense.get("training");
    return training != null && t instanceof Map<?, ?> m && m.get("us_per_step") instanceof Number us
        ? Double.valueOf(us.doubleValue() / training.micros().median())
        : null;
  }

  /** Returns the report for JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("passed", passed());
    map.put("machine", machine);
    map.put("device", device);
    map.put("network", network);
    map.put("data", data);
    Map<String, Object> o = new LinkedHashMap<>();
    o.put("hidden", options.hidden());
    o.put("batch", options.batch());
    o.put("steps", options.steps());
    o.put("repeats", options.repeats());
    o.put("warm_up_windows", BenchOptions.WARM_UP);
    o.put("trained_batches", options.trainBatches());
    o.put("seed", options.seed());
    o.put("kernels", options.kernels() == null ? null : options.kernels().pattern());
    map.put("options", o);
    map.put("checks", checks.stream().map(Check::toMap).toList());
    map.put("ceilings", ceilings.how());
    map.put("training", training == null ? null : training.toMap());
    map.put("inference", inference == null ? null : inference.toMap());
    map.put("parts", rows.stream().map(Row::toMap).toList());
    map.put("remarks", remarks);
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("ratio_of_training_steps", denseRatio());
    d.put("reason", dense == null ? noDense : null);
    d.put("measured", dense);
    map.put("dense_baseline", d);
    return map;
  }

  /** Prints the report as text. */
  public void print(PrintWriter out) {
    out.printf(Locale.ROOT, "device   %s%n", device);
    out.printf(
        Locale.ROOT,
        "machine  %s, %s cores, Java %s%n",
        machine.get("cpu"),
        machine.get("cores"),
        machine.get("java"));
    out.printf(
        Locale.ROOT,
        "network  %s, B = %d, T = %d, trained with %d batches of %s%n",
        network,
        options.batch(),
        options.steps(),
        options.trainBatches(),
        data);
    long failed = checks.stream().filter(c -> !c.passed()).count();
    out.printf(Locale.ROOT, "checks   %d passed, %d failed%n", checks.size() - failed, failed);
    checks.stream().filter(c -> !c.passed()).forEach(c -> out.println("  " + c));
    if (failed > 0 && training == null) {
      out.println("nothing was timed: verify first");
    }
    if (ceilings.bytesPerSecond() != null) {
      out.printf(
          Locale.ROOT,
          "ceilings %.1f GB/s, %.1f Gop/s (measured here, now)%n",
          ceilings.bytesPerSecond() * 1e-9,
          ceilings.operationsPerSecond() * 1e-9);
    }
    printRows(out);
    print(out, "training", training);
    print(out, "inference", inference);
    if (options.denseBaseline()) {
      Double ratio = denseRatio();
      out.println(
          ratio == null
              ? "dense    no ratio: " + noDense
              : String.format(Locale.ROOT, "dense    NumPy takes %.1f times as long", ratio));
    }
    out.flush();
  }

  private void printRows(PrintWriter out) {
    if (rows.isEmpty()) {
      return;
    }
    boolean compared = rows.stream().anyMatch(r -> r.cublas() != null);
    out.printf(
        Locale.ROOT,
        "%n%-26s %-6s %11s %10s %10s %6s %9s %8s %6s %9s %8s %6s%s%n",
        "part of a training step",
        "check",
        "us median",
        "p10",
        "p90",
        "share",
        "MB",
        "GB/s",
        "of max",
        "Mop",
        "Gop/s",
        "of max",
        compared ? String.format(Locale.ROOT, " %10s %7s", "cuBLAS us", "/ ours") : "");
    for (Row r : rows) {
      out.printf(
          Locale.ROOT,
          "%-26s %-6s %11s %10s %10s %6s %9s %8s %6s %9s %8s %6s%s%n",
          r.part(),
          r.check() == null ? "-" : r.check(),
          number(r.micros().median(), 1, 1),
          number(r.micros().p10(), 1, 1),
          number(r.micros().p90(), 1, 1),
          percent(r.share()),
          number(r.work() == null ? null : r.work().bytes(), 1e-6, 2),
          number(r.bytesPerSecond(), 1e-9, 1),
          percent(r.bandwidthShare()),
          number(r.work() == null ? null : r.work().operations(), 1e-6, 2),
          number(r.operationsPerSecond(), 1e-9, 1),
          percent(r.arithmeticShare()),
          compared ? cublas(r) : "");
    }
    rows.stream()
        .filter(r -> r.cublas() != null && r.cublas().reason() != null)
        .collect(groupingBy(r -> r.cublas().reason(), mapping(Row::part, joining(", "))))
        .forEach((reason, parts) -> out.println("no cuBLAS time for " + parts + ": " + reason));
    out.println();
  }

  private static String cublas(Row r) {
    Baseline c = r.cublas();
    return String.format(
        Locale.ROOT,
        " %10s %7s",
        number(c == null || c.micros() == null ? null : c.micros().median(), 1, 1),
        number(c == null ? null : c.ratio(r.micros()), 1, 2));
  }

  private static String number(Double value, double unit, int digits) {
    return value == null || !Double.isFinite(value)
        ? "-"
        : String.format(Locale.ROOT, "%,." + digits + "f", value * unit);
  }

  private static String percent(Double share) {
    return share == null ? "-" : String.format(Locale.ROOT, "%.0f%%", 100 * share);
  }

  private static void print(PrintWriter out, String kind, Steps s) {
    if (s == null) {
      return;
    }
    if (s.device != null) {
      out.printf(
          Locale.ROOT,
          "%-10s%,.1f us a step on the device alone (%,.1f .. %,.1f)%n",
          kind,
          s.device.median(),
          s.device.p10(),
          s.device.p90());
    }
    StringBuilder spikes = new StringBuilder();
    s.spikes.forEach((p, f) -> spikes.append(String.format(Locale.ROOT, " %s %.2f", p, f)));
    out.printf(
        Locale.ROOT,
        "%-10s%,.1f us a step (%,.1f .. %,.1f), %,.0f images/s, %d samples;"
            + " spikes per sample and step:%s%n",
        kind,
        s.micros().median(),
        s.micros().p10(),
        s.micros().p90(),
        s.imagesPerSecond(),
        s.samples,
        spikes);
  }
}
