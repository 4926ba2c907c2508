package csdp.backend.cuda.driver;

import java.util.List;
import java.util.Locale;

/**
 * What the CUDA driver of a machine offers.
 *
 * @param driver CUDA version of the driver, such as 12.4; null where none answers
 * @param gpus the devices, in the driver's order; empty where none can be used
 * @param problem why there are no devices, and what to do about it; null where there are some
 * @param expected whether the machine seems to be meant to have one (a driver is there, and yet no
 *     device can be used)
 */
public record CudaSurvey(String driver, List<Gpu> gpus, String problem, boolean expected) {
  /** Lowest compute capability times ten that the kernels are compiled for. */
  public static final int LOWEST_CAPABILITY = 75;

  /**
   * A device.
   *
   * @param index as {@code --device} takes it
   * @param capability compute capability times ten
   * @param memory bytes
   */
  public record Gpu(int index, String name, int capability, long memory) {
    /** Whether it can run the PTX that csdp4j comes with. */
    public boolean fit() {
      return capability >= LOWEST_CAPABILITY;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%d: %s, compute capability %d.%d, %.1f GB",
          index,
          name,
          capability / 10,
          capability % 10,
          memory / 1e9);
    }
  }

  /** A machine whose driver offers devices. */
  public static CudaSurvey of(String driver, List<Gpu> gpus) {
    return new CudaSurvey(driver, List.copyOf(gpus), null, true);
  }

  /** A machine without a driver. */
  public static CudaSurvey none(String problem) {
    return new CudaSurvey(null, List.of(), problem, false);
  }

  /** A machine with a driver that offers no device. */
  public static CudaSurvey broken(String driver, String problem) {
    return new CudaSurvey(driver, List.of(), problem, true);
  }
}
