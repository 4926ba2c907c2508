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
 * A device to run a network, as named by the {@code --device} option.
 *
 * @param kind of backend
 * @param index of the CUDA device; 0 for the others
 * @param cuda launch options; null for other kinds
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

  /** Values of the option, for help texts. */
  public static final String OPTION =
      "auto, reference, cpu, or the index of a CUDA device (0, 1, ..)";

  /** A CUDA device. */
  public static Device cuda(int index, Cuda.Options options) {
    return new Device(Kind.CUDA, index, options);
  }

  /** Returns the name of the backend: cpu, cuda:0. */
  public String name() {
    return kind.name().toLowerCase(Locale.ROOT) + (kind == Kind.CUDA ? ":" + index : "");
  }

  /** Returns the devices that every machine has. */
  public static List<Device> everywhere() {
    return List.of(REFERENCE, CPU);
  }

  /**
   * Finds the device that a user requested.
   *
   * @param text {@code auto}, {@code reference}, {@code cpu} or a CUDA device's index
   * @param requireGpu whether a machine without the CUDA device is an error rather than a notice
   * @param notice receives one line if another device is used
   */
  public static Device of(String text, boolean requireGpu, Consumer<String> notice) {
    return of(text, requireGpu, Cuda.Options.DEFAULT, notice, Cuda::survey);
  }

  /**
   * As above, with launch options.
   *
   * @param options for a CUDA device
   * @param survey lists the CUDA devices; called only if needed
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
      if (!auto || there.expected()) { // no notice for auto on a machine without a driver
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
            "%s", line + ": use a newer one, or select one by its index");
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
   * Opens a backend on this device; its parameters are zero.
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
