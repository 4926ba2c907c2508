package csdp.cli;

import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.KernelCheck;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.driver.CudaSurvey;
import csdp.backend.cuda.driver.DriverLibrary;
import csdp.backend.cuda.driver.UserCache;
import csdp.cli.DoctorCommand.Line;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/** The doctor's section about GPUs. Training on the CPU needs none of it. */
final class GpuLines {
  private static final String CPU = "not needed: training runs on the CPU";
  private static final int[][] UNITS_AND_BATCH = {{13, 7}, {207, 40}};

  private final Probe probe;
  private final Supplier<CudaSurvey> survey;

  GpuLines(Probe probe, Supplier<CudaSurvey> survey) {
    this.probe = probe;
    this.survey = survey;
  }

  List<Line> all() {
    return List.of(driver(), devices(), kernels(), cublas(), nvcc());
  }

  /** Returns true if --device auto selects a GPU. */
  boolean ready() {
    return survey.get().gpus().stream().anyMatch(CudaSurvey.Gpu::fit) && kernels().ok();
  }

  /** Returns the line about the driver: kernel module and library. */
  Line driver() {
    Optional<Path> library = DriverLibrary.cuda(probe.env(), probe.root(), probe.windows());
    String module = Probe.firstLine(probe.root().resolve("proc/driver/nvidia/version"));
    if (library.isEmpty() && module == null) {
      return new Line(
          false, "CUDA driver", "none found", CPU + "; for a GPU install NVIDIA's driver");
    }
    String cuda = survey.get().driver();
    return new Line(
        library.isPresent(),
        "CUDA driver",
        (module == null ? "" : Probe.version(module) + ", ")
            + (cuda == null ? "" : "for CUDA " + cuda + ", ")
            + library.map(probe::shown).orElse("but no libcuda"),
        library.isPresent()
            ? null
            : "install the driver's user part (in a container: start it with --gpus all)");
  }

  /** Returns the line about the driver's devices. */
  Line devices() {
    CudaSurvey s = survey.get();
    if (s.gpus().isEmpty()) {
      return new Line(
          false,
          "CUDA devices",
          s.expected() ? probe.shown(s.problem()) : "none",
          s.expected() ? null : CPU);
    }
    boolean fit = s.gpus().stream().anyMatch(CudaSurvey.Gpu::fit);
    return new Line(
        fit,
        "CUDA devices",
        String.join("; ", s.gpus().stream().map(CudaSurvey.Gpu::toString).toList()),
        fit ? null : "the kernels need compute capability 7.5 (a T4) or newer");
  }

  /** Returns the line about the shipped PTX. */
  Line kernels() {
    String state = Cuda.ptxState();
    boolean ok = state.startsWith("ok: ");
    return new Line(
        ok,
        "kernels",
        ok ? "PTX fits the sources, " + state.substring(4) : probe.shown(state),
        ok
            ? null
            : "rebuild them with scripts/ship_ptx.sh, or with mvn compile and nvcc on the"
                + " PATH");
  }

  /** Returns the line about cuBLAS, which only --products cublas needs. */
  Line cublas() {
    Optional<Path> library = DriverLibrary.cublas(probe.env(), probe.root(), probe.windows());
    return new Line(
        library.isPresent(),
        "cuBLAS 12",
        library.map(probe::shown).orElse("not found"),
        library.isPresent() ? null : "optional: only --products cublas needs it");
  }

  /** Returns the line about the CUDA compiler. */
  Line nvcc() {
    Optional<Path> nvcc = probe.program("nvcc");
    if (nvcc.isEmpty()) {
      return new Line(
          false,
          "nvcc",
          "not on the PATH",
          "optional: compiled kernels are included; nvcc helps if a driver refuses them");
    }
    String release =
        Probe.output(nvcc.get().toString(), "--version")
            .flatMap(text -> text.lines().filter(l -> l.contains("release")).findFirst())
            .map(Probe::version)
            .orElse("does not respond");
    return new Line(true, "nvcc", release + ", " + probe.shown(nvcc.get()), null);
  }

  /**
   * Runs each kernel on the emulated device.
   *
   * @return false only if one differs from its twin
   */
  boolean runKernels(PrintWriter out) {
    Optional<String> reason = EmulatedDevice.unavailable();
    if (reason.isPresent()) {
      out.println(
          "The kernels cannot be run here without a GPU: " + probe.shown(reason.get()) + ".");
      return true;
    }
    boolean good = true;
    try (EmulatedDevice device = EmulatedDevice.open(UserCache.folder("emulated"), 1L << 30)) {
      for (int[] size : UNITS_AND_BATCH) {
        for (KernelCheck.Result r : KernelCheck.run(device, size[0], size[1], 1)) {
          good &= r.passed();
          out.printf(
              Locale.ROOT,
              "%-8s kernel %-24s %d units, batch %d%s%n",
              r.passed() ? "ok" : "failed",
              r.kernel(),
              size[0],
              size[1],
              r.passed() ? "" : ": " + r.difference());
        }
      }
    }
    out.println(
        good
            ? "All kernels match their plain twins (compiled by g++, run on the CPU)."
            : "A kernel differs from its plain twin: see above.");
    return good;
  }
}
