package csdp.bench;

import csdp.CsdpException;
import csdp.backend.cuda.EmulatedDevice;
import csdp.backend.cuda.GpuDevice;
import java.nio.file.Path;

/** Opens the devices that kernels are measured on. */
final class Gpus {
  private Gpus() {}

  /**
   * Opens a device.
   *
   * @param name a CUDA device's index, or {@code emulated}: the kernels on the host, to try the
   *     checks where there is no GPU
   */
  static GpuDevice open(String name) {
    if (name.equals("emulated")) {
      return EmulatedDevice.open(
          Path.of(System.getProperty("java.io.tmpdir"), "csdp-emulated"), 4L << 30);
    }
    throw CsdpException.environment(
        "no CUDA device %s can be used: this version of csdp4j has no driver binding", name);
  }
}
