package csdp.backend.cuda.device;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.backend.cuda.device.EmulatedLibrary.Check;
import csdp.backend.cuda.ptx.KernelSources;
import csdp.backend.cuda.ptx.Ptx;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The emulated device for tests, which are skipped with the reason if it is unavailable. The system
 * property {@code csdp.kernels} selects the kernels, so that each test can run on each kind: {@code
 * mvn test -Dtest=KernelCheckTest -Dcsdp.kernels=ptx}.
 */
public final class Emulated {
  /** The kernels that a device runs. */
  public enum Kernels {
    /** The sources, compiled by g++. */
    SOURCES,
    /** The PTX that comes with the classes. */
    PTX,
    /** The sources with a check for races. */
    RACES,
    /** The sources with a check for undefined behaviour. */
    UNDEFINED
  }

  public static final Path CACHE = Path.of("target", "emulated");

  private Emulated() {}

  /** The kernels that this run of the tests asks for. */
  public static Kernels kernels() {
    String asked = System.getProperty("csdp.kernels", "sources");
    return Kernels.valueOf(asked.toUpperCase(Locale.ROOT));
  }

  /** Skips a test where no kernel can be executed. */
  public static void require() {
    Optional<String> reason = EmulatedDevice.unavailable();
    assumeTrue(reason.isEmpty(), () -> "the CUDA kernels are not executed: " + reason.get());
  }

  /** Skips a test if the kernels cannot be compiled with run-time checks. */
  public static void requireChecks() {
    require();
    assumeTrue(
        System.getProperty("os.name").equals("Linux"),
        "the kernels' accesses are checked on Linux only");
  }

  public static EmulatedLibrary library() {
    return library(kernels());
  }

  public static EmulatedLibrary library(Kernels kernels) {
    require();
    return switch (kernels) {
      case SOURCES -> sources(Check.NONE);
      case PTX -> EmulatedLibrary.ofPtx(CACHE, Ptx.shippedText(75), false);
      case RACES -> sources(Check.RACES);
      case UNDEFINED -> sources(Check.UNDEFINED);
    };
  }

  private static EmulatedLibrary sources(Check check) {
    if (check != Check.NONE) {
      requireChecks();
    }
    return EmulatedLibrary.ofSources(CACHE, KernelSources.host(), check);
  }

  /** Returns a device with a given memory size in bytes. */
  public static EmulatedDevice device(long capacity) {
    return EmulatedDevice.open(library(), capacity);
  }

  /** A device with enough memory. */
  public static EmulatedDevice device() {
    return device(1L << 30);
  }

  public static EmulatedDevice device(Kernels kernels) {
    return EmulatedDevice.open(library(kernels), 1L << 30);
  }

  /** A device that runs the kernels of a PTX. */
  public static EmulatedDevice ofPtx(String ptx) {
    require();
    return EmulatedDevice.open(EmulatedLibrary.ofPtx(CACHE, ptx, false), 1L << 30);
  }

  /** A device that runs the kernels of other sources. */
  public static EmulatedDevice ofSources(KernelSources sources) {
    require();
    return EmulatedDevice.open(EmulatedLibrary.ofSources(CACHE, sources, Check.NONE), 1L << 30);
  }
}
