package csdp.bench;

import csdp.CsdpException;
import csdp.backend.Backend;
import csdp.backend.cuda.CudaBackend;
import csdp.backend.cuda.DeviceCeilings;
import csdp.backend.cuda.GpuDevice;
import csdp.backend.cuda.KernelCheck;
import csdp.backend.cuda.ProductBaseline;
import csdp.model.NetworkSpec;
import csdp.model.Synapse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The CUDA backend on a device, kernel by kernel. */
public final class GpuTarget extends Target {
  private final GpuDevice device;
  private final TimedLaunches timed;
  private final boolean small;

  /**
   * On a device, which is closed with this.
   *
   * @param small whether to measure ceilings on little data, as for the emulated device
   */
  public GpuTarget(GpuDevice device, boolean small) {
    this.device = device;
    this.timed = new TimedLaunches(device);
    this.small = small;
  }

  /**
   * Opens a device.
   *
   * @param name a CUDA device's index, or {@code emulated} to try it out where there is no GPU
   */
  public static GpuTarget open(String name) {
    return new GpuTarget(Gpus.open(name), name.equals("emulated"));
  }

  @Override
  String name() {
    return device.name() + ": " + device.description();
  }

  @Override
  Backend open(NetworkSpec spec) {
    return new CudaBackend(spec, timed);
  }

  @Override
  List<Check> checks(int units, int batch) {
    return KernelCheck.run(timed, units, batch, 11).stream()
        .map(
            r ->
                new Check(
                    "kernel " + r.kernel(),
                    r.passed(),
                    r.passed()
                        ? "equals its plain twin, " + units + " units, " + batch + " samples"
                        : r.difference()))
        .toList();
  }

  @Override
  Ceilings ceilings(BenchOptions options) {
    DeviceCeilings c =
        small || options.ceilingFloats() < 1 << 20
            ? DeviceCeilings.measure(timed, 1 << 16, 1 << 10, 16, 3)
            : DeviceCeilings.measure(timed, options.ceilingFloats(), 1 << 22, 512, 20);
    Map<String, Object> how = new LinkedHashMap<>();
    how.put("copy_bytes_per_s", c.bytesPerSecond());
    how.put("operations_per_s", c.operationsPerSecond());
    how.put("clock", c.clock());
    return new Ceilings(c.bytesPerSecond(), c.operationsPerSecond(), how);
  }

  @Override
  boolean measure(Backend backend, boolean on) {
    timed.timing(on);
    return true;
  }

  @Override
  Map<String, Double> takeMicros() {
    return timed.takeMicros();
  }

  @Override
  Part part(String name, NetworkSpec spec, Activity a) {
    int blank = name.indexOf(' ');
    String kernel = blank < 0 ? name : name.substring(0, blank);
    String what = blank < 0 ? "" : name.substring(blank + 1);
    String check = "kernel " + kernel; // its twin's, where it has one
    if (kernel.startsWith("currents")) {
      return new Part(
          a.sum(Stream.of("currents " + what, "stored " + what)),
          List.of(check, "integrate " + post(spec, what)));
    }
    if (kernel.startsWith("learn_")) {
      return new Part(a.of("plasticity " + what), List.of(check, "plasticity " + what));
    }
    return switch (kernel) {
      case "encode" -> new Part(a.of("encode"), List.of(check, "encode"));
      case "encode_stored" -> new Part(a.of("encode stored"), List.of(check, "encode"));
      case "clamp_context" -> new Part(null, List.of("encode"));
      case "integrate" ->
          new Part(
              a.sum(Stream.of("integrate " + what, "read " + what, "sum " + what)),
              List.of(check, "integrate " + what));
      case "modulate" -> new Part(a.of("modulate " + what), List.of(check, "modulate " + what));
      case "list_samples" -> new Part(a.of("lists " + what), List.of(check));
      case "head_error", "reconstruction_error" ->
          new Part(a.of("error " + what), List.of("error " + what));
      default -> new Part(null, List.of(check));
    };
  }

  /** cuBLAS for the products; a machine without it gets the reason instead. */
  @Override
  Map<String, Baseline> baselines(
      Backend backend, List<String> parts, int samples, BenchOptions options) {
    Map<String, Baseline> baselines = new LinkedHashMap<>();
    List<String> products = parts.stream().filter(p -> p.matches("currents\\w* .*")).toList();
    if (products.isEmpty()) {
      return baselines;
    }
    List<Synapse> synapses =
        backend.spec().synapses().stream()
            .filter(s -> products.stream().anyMatch(p -> p.endsWith(" " + s.name())))
            .toList();
    try {
      CudaBackend cuda = (CudaBackend) backend;
      var results = ProductBaseline.measure(device, cuda, samples, synapses, options.repeats());
      products.forEach(
          p -> baselines.put(p, baseline(p, results.get(p.substring(p.indexOf(' ') + 1)))));
    } catch (CsdpException | LinkageError e) {
      products.forEach(p -> baselines.put(p, new Baseline(null, e.getMessage(), null)));
    }
    return baselines;
  }

  private static Baseline baseline(String part, ProductBaseline.Result r) {
    String name = "cuBLAS beside " + part;
    if (r.difference() != null) {
      return new Baseline(null, r.difference(), new Check(name, false, r.difference()));
    }
    String how =
        String.format(
            Locale.ROOT,
            "our sums on %,d spikes, within %.0e x scale x a sample's spikes x the largest weight",
            r.spikes(),
            ProductBaseline.TOLERANCE);
    return new Baseline(Spread.of(r.micros()), null, new Check(name, true, how));
  }

  private static String post(NetworkSpec spec, String synapse) {
    return spec.synapses().stream()
        .filter(s -> s.name().equals(synapse))
        .map(s -> s.post().name())
        .findFirst()
        .orElse("");
  }

  @Override
  Map<String, Object> remarks() {
    return Map.of("parts_by", "kernels", "clock", timed.clock());
  }

  @Override
  public void close() {
    device.close();
  }
}
