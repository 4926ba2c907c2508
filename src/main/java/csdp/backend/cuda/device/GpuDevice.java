package csdp.backend.cuda.device;

import csdp.error.CsdpException;
import java.util.Locale;

/**
 * What the orchestrator needs of a CUDA device: memory, and launches of the kernels in {@code
 * kernels/*.cu} by name. Two implementations: a GPU through the driver, and {@link EmulatedDevice},
 * which executes the very same kernel sources on the host, for tests.
 *
 * <p>All work goes into one queue (stream) and takes effect in the order of the calls. A call may
 * return before its work is done; {@link #download} and {@link #synchronize} wait. Not for use by
 * several threads at once.
 *
 * <p>Every failure is a {@link CsdpException} of one line that names what was tried: for a launch
 * the kernel and its geometry (also where the device reports it only at a later call, as far as
 * that is known), for an allocation what it was for, the bytes asked for and the bytes free.
 * Closing the device after one still gives everything back.
 */
public interface GpuDevice extends AutoCloseable {
  /** Short name, as the {@code --device} option takes it. */
  String name();

  /** One line for people: model, memory, driver. */
  String description();

  /**
   * Allocates memory, aligned to at least 256 bytes, contents undefined. Called by {@link
   * DeviceMemory}, which counts and frees.
   *
   * @param bytes at least 1
   * @param what for messages: whose memory this is
   * @return the address on the device; 0 where there is no room
   */
  long allocate(long bytes, String what);

  /** Memory that is free now, and all there is. */
  Room room();

  /** Frees what {@link #allocate} returned. */
  void free(long address);

  /**
   * Copies to the device. The array can be changed as soon as this returns.
   *
   * @param to address on the device
   * @param array {@code float[]}, {@code int[]} or {@code byte[]}
   * @param offset first element
   * @param count number of elements
   */
  void upload(long to, Object array, int offset, int count);

  /**
   * Copies from the device, after all work queued before it.
   *
   * @param from address on the device
   * @param array {@code float[]}, {@code int[]} or {@code byte[]}
   * @param offset first element
   * @param count number of elements
   */
  void download(long from, Object array, int offset, int count);

  /**
   * Queues a kernel. Arguments are given in the order of the kernel's parameters: a {@link
   * DeviceBuffer} for a pointer, an {@code Integer} for an int, a {@code Float} for a float;
   * nothing else. Only {@code Kernels} calls this.
   *
   * @param kernel name of an {@code extern "C" __global__} function
   */
  void launch(String kernel, Geometry geometry, Object... arguments);

  /** Waits until all queued work is done and reports what failed in it. */
  void synchronize();

  /**
   * Turns a sequence of launches and clears into something that is queued as a whole, many times: a
   * CUDA graph where the device has them. Addresses and arguments are those of the capture, so what
   * changes from run to run has to lie in device memory.
   *
   * @param work calls only {@link #launch} and {@link #clear}; it may be called once, now, without
   *     effect on memory (graph capture), or at every {@link Sequence#run}
   */
  Sequence capture(Runnable work);

  /**
   * cuBLAS on this device's queue, to be closed before the device.
   *
   * @throws CsdpException if there is none
   */
  default DenseProducts cublas() {
    throw CsdpException.environment("there is no cuBLAS for the device %s", name());
  }

  /**
   * Marks this point of the queue, to measure the time between two points. A driver overrides this
   * with an event; without one it waits for all work and takes the host's clock, so that short
   * kernels seem longer by a launch.
   */
  default Mark mark() {
    synchronize();
    return new HostMark(System.nanoTime());
  }

  /** Frees the device. Memory must have been freed before. */
  @Override
  void close();

  /** Bytes of memory. */
  record Room(long free, long total) {}

  /** A point of the queue. */
  interface Mark extends AutoCloseable {
    /** Microseconds from an earlier mark of the same device to this one; waits for both. */
    double microsSince(Mark earlier);

    /** How the time is taken, for reports: {@code events} or {@code host clock}. */
    String clock();

    @Override
    void close();
  }

  /** A mark by the host's clock, taken when all earlier work was done. */
  record HostMark(long nanos) implements Mark {
    @Override
    public double microsSince(Mark earlier) {
      return (nanos - ((HostMark) earlier).nanos) * 1e-3;
    }

    @Override
    public String clock() {
      return "host clock";
    }

    @Override
    public void close() {}
  }

  /** Captured work. */
  interface Sequence extends AutoCloseable {
    /** For a device that cannot capture: the work itself, called at every run. */
    static Sequence of(Runnable work) {
      return new Sequence() {
        @Override
        public void run() {
          work.run();
        }

        @Override
        public void close() {}
      };
    }

    /** Queues it once more. */
    void run();

    @Override
    void close();
  }

  /**
   * Launch geometry: grid.x by grid.y blocks of so many threads.
   *
   * @param gridX blocks along x, 1..2^31-1
   * @param gridY blocks along y, 1..65535
   * @param block threads of a block, 1..1024
   * @param sharedBytes dynamic shared memory of a block
   */
  record Geometry(int gridX, int gridY, int block, int sharedBytes) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "<<<(%d, %d), %d, %d bytes>>>", gridX, gridY, block, sharedBytes);
    }
  }
}
