package csdp.bench;

import csdp.CsdpException;
import csdp.backend.Backend;
import csdp.backend.cuda.CudaBackend;
import csdp.backend.cuda.DenseProducts;
import csdp.backend.cuda.DeviceCeilings;
import csdp.backend.cuda.GpuDevice;
import csdp.backend.cuda.KernelCheck;
import csdp.backend.cuda.ProductBaseline;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The CUDA backend on a device, kernel by kernel. */
public final class GpuTarget extends Target {
  private final GpuDevice device;
  private final TimedLaunches timed;
  private final boolean small;

  /**
   * Uses a device, which is closed with this.
   *
   * @param small true to measure ceilings on little data, as for the emulated device
   */
  public GpuTarget(GpuDevice device, boolean small) {
    this.device = device;
    this.timed = new TimedLaunches(device);
    this.small = small;
  }

  /**
   * Opens a device.
   *
   * @param name a CUDA device's index, or {@code emulated} for trials without a GPU
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
  Double takeWindowMicros() {
    return timed.takeWhole();
  }

  @Override
  Part part(String name, NetworkSpec spec, Activity a) {
    String kernel = "kernel " + name; // its check against its twin, where it has one
    return switch (name) {
      case "encode" -> part(a, Stream.of("encode"), kernel);
      case "encode_stored" -> part(a, Stream.of("encode stored"), kernel, "encode");
      case "clamp_context" -> new Part(null, List.of("encode"));
      case "forward" ->
          part(
              a,
              driven(spec, false)
                  .flatMap(p -> Stream.concat(currents(spec, p), Stream.of("integrate " + p))),
              kernel);
      case "settle" ->
          part(
              a,
              Stream.concat(
                  driven(spec, true)
                      .flatMap(
                          p ->
                              Stream.concat(
                                  currents(spec, p),
                                  Stream.of("integrate " + p, "sum " + p, "error " + p))),
                  samples(spec).stream()),
              kernel);
      case "transpose" -> part(a, lists(spec).stream(), kernel);
      case "learn" -> part(a, plasticity(spec).stream(), kernel);
      default ->
          name.startsWith("currents ")
              ? new Part(
                  a.sum(Stream.of(name, name.replace("currents", "stored"))),
                  List.of("kernel currents"))
              : new Part(null, List.of(kernel));
    };
  }

  /** Returns work and checks of a part that combines parts of the model. */
  private static Part part(Activity a, Stream<String> of, String... checks) {
    List<String> parts = of.toList();
    return new Part(
        a.sum(parts.stream()),
        Stream.concat(Stream.of(checks), parts.stream().filter(p -> !p.startsWith("currents")))
            .toList());
  }

  private static Stream<String> driven(NetworkSpec spec, boolean byNewSpikes) {
    return spec.integrating().stream()
        .filter(p -> p.fedByNewSpikes() == byNewSpikes)
        .map(Population::name);
  }

  /** Also times cuBLAS's products; without cuBLAS the reason is reported. */
  @Override
  List<Product> products(
      Backend backend, Predicate<String> wanted, int samples, BenchOptions options) {
    List<Synapse> synapses =
        backend.spec().synapses().stream()
            .filter(s -> wanted.test("currents " + s.name()))
            .toList();
    if (synapses.isEmpty()) {
      return List.of();
    }
    CudaBackend cuda = (CudaBackend) backend;
    String reason = null;
    DenseProducts opened = null;
    try {
      opened = device.cublas();
    } catch (CsdpException | LinkageError e) {
      reason = e.getMessage();
    }
    List<Product> products = new ArrayList<>();
    try (DenseProducts cublas = opened) {
      var results =
          ProductBaseline.measure(device, cublas, cuda, samples, synapses, options.repeats());
      for (var e : results.entrySet()) {
        String name = "currents " + e.getKey();
        Baseline b =
            reason == null ? baseline(name, e.getValue()) : new Baseline(null, reason, null);
        products.add(new Product(name, Spread.of(e.getValue().ours()), b));
      }
    }
    return products;
  }

  private static Baseline baseline(String part, ProductBaseline.Result r) {
    String name = "cuBLAS for " + part;
    if (r.difference() != null) {
      return new Baseline(null, r.difference(), new Check(name, false, r.difference()));
    }
    String how =
        String.format(
            Locale.ROOT,
            "our sums on %,d spikes, within %.0e x scale x a sample's spikes x the largest weight",
            r.spikes(),
            ProductBaseline.TOLERANCE);
    return new Baseline(Spread.of(r.cublas()), null, new Check(name, true, how));
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
