package csdp.backend.cuda.ptx;

import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_PTX;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_SOURCE;
import static jcuda.driver.CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND;
import static jcuda.driver.CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU;
import static jcuda.driver.CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
import static jcuda.driver.CUresult.CUDA_SUCCESS;

import csdp.backend.cuda.driver.CudaSurvey;
import csdp.backend.cuda.driver.UserCache;
import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Loads the kernels: the PTX of the classes, or, if the driver refuses it, machine code from this
 * machine's nvcc. Loaded only after JCuda's native libraries.
 */
public final class JCudaKernels {
  private static final Set<Integer> KERNELS_REFUSED =
      Set.of(
          CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
          CUDA_ERROR_INVALID_PTX,
          CUDA_ERROR_INVALID_SOURCE,
          CUDA_ERROR_NO_BINARY_FOR_GPU,
          CUDA_ERROR_JIT_COMPILER_NOT_FOUND);

  private JCudaKernels() {}

  /**
   * Loads the kernels, or throws the reason in one line.
   *
   * @return the driver's result if it does not concern the kernels
   */
  public static int load(CUmodule module, CudaSurvey.Gpu gpu, String driver) {
    List<String> refusals = new ArrayList<>();
    Optional<Ptx> ptx = Ptx.forDevice(gpu.capability(), refusals);
    if (ptx.isPresent()) {
      int result = JCudaDriver.cuModuleLoadData(module, ptx.get().image());
      if (!KERNELS_REFUSED.contains(result)) {
        return result;
      }
      refusals.add("the driver (CUDA " + driver + ") says " + CUresult.stringFor(result));
    }
    byte[] cubin = Nvcc.find().map(n -> compiled(n, gpu, refusals)).orElse(null);
    if (cubin != null) {
      int result = JCudaDriver.cuModuleLoadData(module, cubin);
      if (result == CUDA_SUCCESS) {
        return result;
      }
      refusals.add("it also refuses the code of nvcc: " + CUresult.stringFor(result));
    }
    throw CsdpException.environment(
        "the kernels cannot run on %s: %s: %s, or use --device cpu",
        gpu,
        String.join("; ", refusals),
        gpu.fit()
            ? "update the NVIDIA driver, or put an nvcc that fits it on the PATH"
            : "use a newer GPU, or put an nvcc that supports this one on the PATH");
  }

  /** Returns machine code for this GPU from this machine's nvcc, cached. */
  private static byte[] compiled(Nvcc nvcc, CudaSurvey.Gpu gpu, List<String> refusals) {
    KernelSources sources = KernelSources.device();
    String architecture = "sm_" + gpu.capability();
    String hash = sources.hash(architecture, nvcc.version(), String.join(" ", Nvcc.FLAGS));
    Path file =
        UserCache.folder("kernels").resolve(architecture + "-" + hash.substring(0, 16) + ".cubin");
    try {
      if (!Files.exists(file)) {
        UserCache.write(file, nvcc.cubin(sources, architecture));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      refusals.add(
          "nvcc " + nvcc.version() + " does not help: " + e.getMessage().replace('\n', ' '));
      return null;
    }
  }
}
