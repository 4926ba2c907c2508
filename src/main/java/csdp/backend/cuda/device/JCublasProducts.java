package csdp.backend.cuda.device;

import static jcuda.jcublas.cublasMath.CUBLAS_PEDANTIC_MATH;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasStatus.CUBLAS_STATUS_SUCCESS;

import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.driver.JCudaNatives;
import csdp.error.CsdpException;
import jcuda.Pointer;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS through JCublas, loaded on demand. Single precision without TF32, with its own workspace:
 * cuBLAS is then deterministic and does not allocate during a graph capture.
 */
final class JCublasProducts implements DenseProducts {
  /** Workspace recommended by cuBLAS for Hopper; older GPUs need less. */
  private static final int WORKSPACE = 32 << 20;

  private final cublasHandle handle = new cublasHandle();
  private final JCudaDevice device;
  private final DeviceMemory memory;

  private JCublasProducts(JCudaDevice device) {
    this.device = device;
    this.memory = new DeviceMemory(device, "--products kernels");
  }

  static JCublasProducts open(CUstream stream, JCudaDevice device) {
    try {
      JCudaNatives.load("JCublas2", "jcuda.jcublas.JCublas2");
    } catch (LinkageError e) {
      throw CsdpException.environment(
              "cuBLAS cannot be loaded (%s): install cuBLAS of CUDA 12 (its libcublas.so.12 in"
                  + " LD_LIBRARY_PATH), or leave out --products cublas",
              e.getMessage())
          .because(e);
    }
    JCublasProducts p = new JCublasProducts(device);
    Bytes workspace = p.memory.bytes("the workspace of cuBLAS", WORKSPACE);
    try {
      check(JCublas2.cublasCreate(p.handle), "starting");
      check(JCublas2.cublasSetStream(p.handle, new cudaStream_t(stream)), "taking the stream");
      check(JCublas2.cublasSetMathMode(p.handle, CUBLAS_PEDANTIC_MATH), "setting the precision");
      check(
          JCublas2.cublasSetWorkspace(
              p.handle, new JCudaDevice.Address(workspace.address()), WORKSPACE),
          "taking a workspace");
      return p;
    } catch (RuntimeException e) {
      p.close();
      throw e;
    }
  }

  /** cuBLAS is column-major, so it computes the transpose, c' = b' a'. */
  @Override
  public void multiply(
      Floats c, Floats a, Floats b, float scale, boolean add, int n, int rows, int cols) {
    device.enter();
    check(
        JCublas2.cublasSgemm(
            handle,
            CUBLAS_OP_N,
            CUBLAS_OP_N,
            cols,
            n,
            rows,
            Pointer.to(new float[] {scale}),
            new JCudaDevice.Address(b.address()),
            cols,
            new JCudaDevice.Address(a.address()),
            rows,
            Pointer.to(new float[] {add ? 1 : 0}),
            new JCudaDevice.Address(c.address()),
            cols),
        "a product of " + n + " x " + rows + " x " + cols);
  }

  private static void check(int status, String doing) {
    if (status != CUBLAS_STATUS_SUCCESS) {
      throw CsdpException.environment(
          "cuBLAS: %s failed: %s", doing, cublasStatus.stringFor(status));
    }
  }

  @Override
  public void close() {
    memory.close(); // waits for queued work, and makes the context current
    JCublas2.cublasDestroy(handle);
  }
}
