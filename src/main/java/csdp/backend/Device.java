package csdp.backend;

import csdp.backend.cpu.CpuBackend;
import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.driver.CudaSurvey;
import csdp.backend.cuda.driver.CudaSurvey.Gpu;
import csdp.backend.reference.ReferenceBackend;
import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
import java.util.Arrays;
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
  /**
   * The table of backends. A new backend is a package and a row here: options, replays, benchmarks
   * and the tests read this table. The name in lower case is the device's name.
   */
  public enum Kind {
    /** Dense plain loops, the executable specification. */
    REFERENCE(
        Place.EVERYWHERE,
        Threads.ONE,
        Sums.IN_ORDER,
        Timing.STEPS,
        (spec, device, threads) -> new ReferenceBackend(spec)),
    /** Event-driven, multi-threaded. */
    CPU(
        Place.EVERYWHERE,
        Threads.MANY,
        Sums.IN_ORDER,
        Timing.PHASES,
        (spec, device, threads) -> new CpuBackend(spec, threads)),
    /** Hand-written kernels on an NVIDIA GPU. Threads: of the CPU that may replace it. */
    CUDA(
        Place.GPU,
        Threads.MANY,
        Sums.REORDERED,
        Timing.KERNELS,
        (spec, device, threads) -> Cuda.open(spec, device.index, device.cuda));

    private final Place place;
    private final Threads threads;
    private final Sums sums;
    private final Timing timing;

    @SuppressWarnings("ImmutableEnumChecker") // rows have no state
    private final Opener opener;

    Kind(Place place, Threads threads, Sums sums, Timing timing, Opener opener) {
      this.place = place;
      this.threads = threads;
      this.sums = sums;
      this.timing = timing;
      this.opener = opener;
    }

    /** Returns whether the number of CPU threads can be chosen. */
    public Threads threads() {
      return threads;
    }

    /** Returns the order of sums, which determines the tolerance of comparisons. */
    public Sums sums() {
      return sums;
    }

    /** Returns the parts of a step that a benchmark times. */
    public Timing timing() {
      return timing;
    }
  }

  /** Machines that have a backend. */
  private enum Place {
    /** All. The backend is selected by its name. */
    EVERYWHERE,
    /** Those with a GPU. The backend is selected by the GPU's index. */
    GPU
  }

  /** Number of CPU threads of a backend. */
  public enum Threads {
    /** Always one. */
    ONE,
    /** Any number. */
    MANY
  }

  /** Order of a backend's sums, relative to the released code. */
  public enum Sums {
    /** The same: every spike is equal. */
    IN_ORDER,
    /** Another one is possible, which changes a spike occasionally. */
    REORDERED
  }

  /** Parts of a backend that a benchmark times. */
  public enum Timing {
    /** Whole steps only; works for every backend. */
    STEPS,
    /** The phases of a step, as the CPU backend measures them. */
    PHASES,
    /** GPU kernels. */
    KERNELS
  }

  /** Opens a backend. */
  @FunctionalInterface
  private interface Opener {
    /**
     * Opens it.
     *
     * @param threads at least 1
     */
    Backend open(NetworkSpec spec, Device device, int threads);
  }

  /** Dense plain loops, the executable specification. */
  public static final Device REFERENCE = new Device(Kind.REFERENCE, 0, null);

  /** Event-driven, multi-threaded. */
  public static final Device CPU = new Device(Kind.CPU, 0, null);

  /** A CUDA device. */
  public static Device cuda(int index, Cuda.Options options) {
    return new Device(Kind.CUDA, index, options);
  }

  /** Returns the name of the backend: cpu, cuda:0. */
  public String name() {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return switch (kind.place) {
      case EVERYWHERE -> name;
      case GPU -> name + ":" + index;
    };
  }

  /** Returns the devices that every machine has. */
  public static List<Device> everywhere() {
    return Arrays.stream(Kind.values())
        .filter(kind -> kind.place == Place.EVERYWHERE)
        .map(kind -> new Device(kind, 0, null))
        .toList();
  }

  /**
   * Finds the device that a user requested.
   *
   * @param text {@code auto}, the name of a device that every machine has, or a CUDA device's index
   * @param requireGpu whether a machine without the CUDA device is an error rather than a notice
   * @param notice receives one line if another device is used
   */
  public static Device of(String text, boolean requireGpu, Consumer<String> notice) {
    return of(text, requireGpu, Cuda.Options.DEFAULT, notice, Cuda::survey);
  }

  /**
   * Returns a device that must be there.
   *
   * @param text its name, or the index of a CUDA device
   * @throws CsdpException bad input if there is no such name, environment if there is no such CUDA
   *     device
   */
  public static Device exactly(String text) {
    boolean named = everywhere().stream().anyMatch(d -> d.name().equals(text));
    return of(text, !named, line -> {});
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
    Optional<Device> named = everywhere().stream().filter(d -> d.name().equals(text)).findFirst();
    boolean auto = text.equals("auto");
    if (named.isEmpty() && !auto && !text.matches("\\d{1,3}")) {
      throw CsdpException.badInput(
          "unknown device '%s': use auto, %s, or the index of a CUDA device (0, 1, ..)",
          text, String.join(", ", everywhere().stream().map(Device::name).toList()));
    }
    if (requireGpu && named.isPresent()) {
      throw CsdpException.badInput("--require-gpu and --device %s exclude each other", text);
    }
    if (named.isPresent()) {
      return named.get();
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
    return kind.opener.open(spec, this, threads(threads));
  }

  /**
   * Returns a number of CPU threads.
   *
   * @param requested 0 for one per core
   */
  public static int threads(int requested) {
    return requested > 0 ? requested : Runtime.getRuntime().availableProcessors();
  }
}
