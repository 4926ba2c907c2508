package csdp.backend.cuda.driver;

import java.util.List;
import java.util.Locale;

/**
 * Driver and devices of a machine.
 *
 * @param driver CUDA version of the driver, such as 12.4; null if there is none
 * @param gpus the devices, in the driver's order; empty if none can be used
 * @param problem reason for an empty list, with a remedy; null otherwise
 * @param expected true if a driver is present, so that a device is expected
 */
public record CudaSurvey(String driver, List<Gpu> gpus, String problem, boolean expected) {
  /** Minimum compute capability of the kernels, times ten. */
  public static final int LOWEST_CAPABILITY = 75;

  /**
   * A device.
   *
   * @param index as in {@code --device}
   * @param capability compute capability times ten
   * @param memory bytes
   */
  public record Gpu(int index, String name, int capability, long memory) {
    /** Returns true if it can run the shipped PTX. */
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

  /** Returns the result for a machine with devices. */
  public static CudaSurvey of(String driver, List<Gpu> gpus) {
    return new CudaSurvey(driver, List.copyOf(gpus), null, true);
  }

  /** Returns the result for a machine without a driver. */
  public static CudaSurvey none(String problem) {
    return new CudaSurvey(null, List.of(), problem, false);
  }

  /** Returns the result for a machine with a driver, but no usable device. */
  public static CudaSurvey broken(String driver, String problem) {
    return new CudaSurvey(driver, List.of(), problem, true);
  }
}
