package csdp.backend.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Optional;

/** The emulated device for tests, which are skipped with the reason where there can be none. */
public final class Emulated {
  private Emulated() {}

  /** A device with so many bytes of memory. */
  public static EmulatedDevice device(long capacity) {
    Optional<String> reason = EmulatedDevice.unavailable();
    assumeTrue(reason.isEmpty(), () -> "the CUDA kernels are not executed: " + reason.get());
    return EmulatedDevice.open(Path.of("target", "emulated"), capacity);
  }

  /** A device with enough memory. */
  public static EmulatedDevice device() {
    return device(1L << 30);
  }
}
