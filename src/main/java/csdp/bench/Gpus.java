package csdp.bench;

import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice;
import csdp.error.CsdpException;
import java.nio.file.Path;

/** Opens devices for measurements of kernels. */
final class Gpus {
  private Gpus() {}

  /**
   * Opens a device.
   *
   * @param name a CUDA device's index, or {@code emulated}: the kernels on the host, for trials
   *     without a GPU
   */
  static GpuDevice open(String name) {
    if (name.equals("emulated")) {
      return EmulatedDevice.open(
          Path.of(System.getProperty("java.io.tmpdir"), "csdp-emulated"), 4L << 30);
    }
    if (!name.matches("\\d{1,3}")) {
      throw CsdpException.badInput("%s is not the index of a CUDA device", name);
    }
    return Cuda.device(Integer.parseInt(name), false);
  }
}
