package csdp.backend.cuda.driver;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUresult.CUDA_ERROR_NO_DEVICE;
import static jcuda.driver.CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH;
import static jcuda.driver.CUresult.CUDA_SUCCESS;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Queries the driver's devices. Loaded only after JCuda's native libraries. */
public final class JCudaQuery {
  private static final int NAME_BYTES = 256;

  private JCudaQuery() {}

  public static CudaSurvey survey() {
    String driver = driverVersion();
    int result = JCudaDriver.cuInit(0);
    int[] count = new int[1];
    if (result == CUDA_SUCCESS) {
      result = JCudaDriver.cuDeviceGetCount(count);
    }
    if (result == CUDA_ERROR_NO_DEVICE || (result == CUDA_SUCCESS && count[0] == 0)) {
      return CudaSurvey.broken(
          driver,
          "the NVIDIA driver sees no GPU (look at nvidia-smi and CUDA_VISIBLE_DEVICES;"
              + " a container needs --gpus all)");
    }
    if (result != CUDA_SUCCESS) {
      return CudaSurvey.broken(
          driver,
          "the NVIDIA driver does not start ("
              + CUresult.stringFor(result)
              + "): "
              + (result == CUDA_ERROR_SYSTEM_DRIVER_MISMATCH
                  ? "its library and kernel module differ; restart the machine"
                  : "look at nvidia-smi"));
    }
    List<CudaSurvey.Gpu> gpus = new ArrayList<>();
    for (int i = 0; i < count[0]; i++) {
      CUdevice device = new CUdevice();
      byte[] name = new byte[NAME_BYTES];
      long[] memory = new long[1];
      result = JCudaDriver.cuDeviceGet(device, i);
      if (result == CUDA_SUCCESS) {
        result = JCudaDriver.cuDeviceGetName(name, name.length, device);
      }
      if (result == CUDA_SUCCESS) {
        result = JCudaDriver.cuDeviceTotalMem(memory, device);
      }
      if (result != CUDA_SUCCESS) {
        return CudaSurvey.broken(
            driver, "CUDA device " + i + " does not answer (" + CUresult.stringFor(result) + ")");
      }
      int capability =
          10 * attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
              + attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
      gpus.add(new CudaSurvey.Gpu(i, text(name), capability, memory[0]));
    }
    return CudaSurvey.of(driver, gpus);
  }

  private static String driverVersion() {
    int[] version = new int[1];
    return JCudaDriver.cuDriverGetVersion(version) == CUDA_SUCCESS
        ? version[0] / 1000 + "." + version[0] % 1000 / 10
        : "unknown";
  }

  private static int attribute(CUdevice device, int which) {
    int[] value = new int[1];
    return JCudaDriver.cuDeviceGetAttribute(value, which, device) == CUDA_SUCCESS ? value[0] : 0;
  }

  private static String text(byte[] zeroTerminated) {
    int end = 0;
    while (end < zeroTerminated.length && zeroTerminated[end] != 0) {
      end++;
    }
    return new String(zeroTerminated, 0, end, StandardCharsets.UTF_8).strip();
  }
}
