package csdp.backend;

import csdp.backend.cpu.CpuBackend;
import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.driver.CudaSurvey;
import csdp.backend.cuda.driver.CudaSurvey.Gpu;
import csdp.backend.reference.ReferenceBackend;
import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Where a network runs: what the {@code --device} option names.
 *
 * @param kind which backend
 * @param index of the CUDA device; 0 for the others
 * @param cuda how kernels are launched; null for the others
 */
public record Device(Kind kind, int index, Cuda.Options cuda) {
  /** The backends. */
  public enum Kind {
    /** Dense plain loops, the executable specification. */
    REFERENCE,
    /** Event-driven, multi-threaded. */
    CPU,
    /** Hand-written kernels on an NVIDIA GPU. */
    CUDA
  }

  /** Dense plain loops, the executable specification. */
  public static final Device REFERENCE = new Device(Kind.REFERENCE, 0, null);

  /** Event-driven, multi-threaded. */
  public static final Device CPU = new Device(Kind.CPU, 0, null);

  /** What the option takes, for help texts. */
  public static final String OPTION =
      "auto, reference, cpu, or the index of a CUDA device (0, 1, ..)";

  /** A CUDA device. */
  public static Device cuda(int index, Cuda.Options options) {
    return new Device(Kind.CUDA, index, options);
  }

  /** As the command line takes it, and as backends call themselves: cpu, cuda:0. */
  public String name() {
    return kind.name().toLowerCase(Locale.ROOT) + (kind == Kind.CUDA ? ":" + index : "");
  }

  /** The devices that every machine has. */
  public static List<Device> everywhere() {
    return List.of(REFERENCE, CPU);
  }

  /**
   * Finds the device that a user asked for.
   *
   * @param text {@code auto}, {@code reference}, {@code cpu} or a CUDA device's index
   * @param requireGpu whether a machine without the CUDA device is an error rather than a notice
   * @param notice takes one line if the device is not the one that was named
   */
  public static Device of(String text, boolean requireGpu, Consumer<String> notice) {
    return of(text, requireGpu, Cuda.Options.DEFAULT, notice, Cuda::survey);
  }

  /**
   * The same with the way kernels are launched.
   *
   * @param options for a CUDA device
   * @param survey says what CUDA devices there are; asked only where that matters
   */
  public static Device of(
      String text,
      boolean requireGpu,
      Cuda.Options options,
      Consumer<String> notice,
      Supplier<CudaSurvey> survey) {
    boolean cpuOnly = text.equals("reference") || text.equals("cpu");
    boolean auto = text.equals("auto");
    if (!cpuOnly && !auto && !text.matches("\\d{1,3}")) {
      throw CsdpException.badInput("unknown device '%s': use %s", text, OPTION);
    }
    if (requireGpu && cpuOnly) {
      throw CsdpException.badInput("--require-gpu and --device %s exclude each other", text);
    }
    if (cpuOnly) {
      return text.equals("cpu") ? CPU : REFERENCE;
    }
    CudaSurvey there = survey.get();
    if (there.gpus().isEmpty()) {
      if (requireGpu) {
        throw CsdpException.environment("no CUDA device can be used: %s", there.problem());
      }
      if (!auto || there.expected()) { // auto on a machine without a driver is no surprise
        notice.accept(
            (auto ? "running on the CPU: " : "no CUDA device " + text + ", running on the CPU: ")
                + there.problem());
      }
      return CPU;
    }
    if (!auto) {
      int index = Integer.parseInt(text);
      if (there.gpus().stream().noneMatch(g -> g.index() == index)) {
        throw CsdpException.environment(
            "there is no CUDA device %d: %s", index, Cuda.whatThereIs(there));
      }
      return cuda(index, options);
    }
    Optional<Gpu> fit = there.gpus().stream().filter(Gpu::fit).findFirst();
    if (fit.isEmpty()) {
      String line =
          "no GPU here has compute capability 7.5 or newer (" + Cuda.whatThereIs(there) + ")";
      if (requireGpu) {
        throw CsdpException.environment(
            "%s", line + ": take a newer one, or name one by its index");
      }
      notice.accept("running on the CPU: " + line);
      return CPU;
    }
    return cuda(fit.get().index(), options);
  }

  @Override
  public String toString() {
    return name();
  }

  /**
   * Opens a backend on this device, its parameters all zero.
   *
   * @param threads CPU threads, 0 for one per core
   */
  public Backend open(NetworkSpec spec, int threads) {
    return switch (kind) {
      case REFERENCE -> new ReferenceBackend(spec);
      case CPU ->
          new CpuBackend(spec, threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
      case CUDA -> Cuda.open(spec, index, cuda);
    };
  }
}
