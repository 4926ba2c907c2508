package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.cuda.CudaBackend;
import csdp.backend.cuda.DeviceCeilings;
import csdp.backend.cuda.KernelCheck;
import csdp.backend.cuda.ProductBaseline;
import csdp.backend.cuda.device.DenseProducts;
import csdp.backend.cuda.device.GpuDevice;
import csdp.bench.StepPart.Kind;
import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
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
  public String name() {
    return device.name() + ": " + device.description();
  }

  @Override
  public Backend open(NetworkSpec spec) {
    return new CudaBackend(spec, timed);
  }

  @Override
  public List<Check> checks(int units, int batch) {
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
  List<Timed> takeTimes(NetworkSpec spec) {
    List<Timed> times = new ArrayList<>();
    timed.takeMicros().forEach((kernel, us) -> times.add(new Timed(part(kernel, spec), us)));
    return times;
  }

  @Override
  Double takeWindowMicros() {
    return timed.takeWhole();
  }

  /** Returns a kernel as a part: checked by its twin, if any, and by the parts that it computes. */
  private static Part part(String kernel, NetworkSpec spec) {
    return switch (kernel) {
      case "encode" -> part(kernel, Stream.of(StepPart.ENCODE));
      case "encode_stored" ->
          new Part(
              kernel,
              List.of(StepPart.ENCODE_STORED),
              List.of(check(kernel), StepPart.ENCODE.toString()));
      case "clamp_context" -> Part.of(kernel, List.of(), List.of(StepPart.ENCODE));
      case "forward" -> part(kernel, driven(spec, false));
      case "signals" ->
          part(
              kernel,
              Stream.of(
                      driven(spec, true),
                      StepPart.signals(spec, true).stream(),
                      Stream.ofNullable(spec.reconstruction()).map(p -> StepPart.of(Kind.SUM, p)),
                      StepPart.signals(spec, false).stream())
                  .flatMap(parts -> parts));
      case "transpose" -> part(kernel, StepPart.lists(spec).stream());
      case "learn" -> part(kernel, StepPart.plasticity(spec).stream());
      default -> throw new IllegalStateException("kernel " + kernel + " is no part of a step");
    };
  }

  private static Part part(String kernel, Stream<StepPart> of) {
    List<StepPart> does = of.toList();
    Stream<String> results =
        does.stream().filter(p -> p.kind() != Kind.CURRENTS).map(StepPart::toString);
    return new Part(kernel, does, Stream.concat(Stream.of(check(kernel)), results).toList());
  }

  private static String check(String kernel) {
    return "kernel " + kernel;
  }

  /** Currents and integration of the populations that spikes of the same step drive, or not. */
  private static Stream<StepPart> driven(NetworkSpec spec, boolean newSpikes) {
    return spec.integrating().stream()
        .filter(p -> p.fedByNewSpikes() == newSpikes)
        .flatMap(
            p ->
                Stream.concat(
                    StepPart.currents(spec, p), Stream.of(StepPart.of(Kind.INTEGRATE, p))));
  }

  /** Also times cuBLAS's products; without cuBLAS the reason is reported. */
  @Override
  List<Product> products(
      Backend backend, Predicate<String> wanted, int samples, BenchOptions options) {
    List<Synapse> synapses =
        backend.spec().synapses().stream()
            .filter(s -> wanted.test(StepPart.of(Kind.CURRENTS, s).toString()))
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
      for (Synapse s : synapses) {
        ProductBaseline.Result r = results.get(s.name());
        StepPart currents = StepPart.of(Kind.CURRENTS, s);
        List<StepPart> does = List.of(currents, StepPart.of(Kind.CURRENTS_STORED, s));
        Part part = new Part(currents.toString(), does, List.of(check("currents")));
        Baseline b = reason == null ? baseline(part.name(), r) : new Baseline(null, reason, null);
        products.add(new Product(part, Spread.of(r.ours()), b));
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
