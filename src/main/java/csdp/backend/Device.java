package csdp.backend;

import csdp.CsdpException;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.reference.ReferenceBackend;
import csdp.model.NetworkSpec;
import java.util.Locale;
import java.util.function.Consumer;

/** Where a network runs: what the {@code --device} option names. */
public enum Device {
  /** Dense plain loops, the executable specification. */
  REFERENCE,
  /** Event-driven, multi-threaded. */
  CPU;

  /** What the option takes, for help texts. */
  public static final String OPTION =
      "auto, reference, cpu, or the index of a CUDA device (0, 1, ..)";

  /**
   * Finds the device that a user asked for.
   *
   * @param text {@code auto}, {@code reference}, {@code cpu} or a CUDA device's index
   * @param requireGpu whether a machine without the CUDA device is an error rather than a notice
   * @param notice takes one line if the device is not the one that was named
   */
  public static Device of(String text, boolean requireGpu, Consumer<String> notice) {
    boolean cpuOnly = text.equals("reference") || text.equals("cpu");
    if (!cpuOnly && !text.equals("auto") && !text.matches("\\d{1,3}")) {
      throw CsdpException.badInput("unknown device '%s': use %s", text, OPTION);
    }
    if (requireGpu && cpuOnly) {
      throw CsdpException.badInput("--require-gpu and --device %s exclude each other", text);
    }
    if (cpuOnly) {
      return text.equals("cpu") ? CPU : REFERENCE;
    }
    // There is no CUDA backend yet, so every machine counts as one without a CUDA device.
    if (requireGpu) {
      throw CsdpException.environment(
          "no CUDA device can be used (this version of csdp4j has no CUDA backend):"
              + " leave out --require-gpu to run on the CPU");
    }
    if (!text.equals("auto")) {
      notice.accept(
          "no CUDA device "
              + text
              + " here (this version of csdp4j has no CUDA backend):"
              + " running on the CPU instead");
    }
    return CPU;
  }

  /** As the option names it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Opens a backend on this device, its parameters all zero.
   *
   * @param threads CPU threads, 0 for one per core
   */
  public Backend open(NetworkSpec spec, int threads) {
    return switch (this) {
      case REFERENCE -> new ReferenceBackend(spec);
      case CPU ->
          new CpuBackend(spec, threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
    };
  }
}
