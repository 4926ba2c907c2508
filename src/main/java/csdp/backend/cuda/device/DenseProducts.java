package csdp.backend.cuda.device;

import csdp.backend.cuda.device.DeviceBuffer.Floats;

/** Dense matrix products on a device, queued like kernels: an alternative for spikes x weights. */
public interface DenseProducts extends AutoCloseable {
  /**
   * Queues Queues c = scale * a b, or c += scale * a b. Row-major; the order of sums is not
   * defined.
   *
   * @param c n x cols
   * @param a n x rows
   * @param b rows x cols
   */
  void multiply(Floats c, Floats a, Floats b, float scale, boolean add, int n, int rows, int cols);

  @Override
  void close();
}
