package csdp.backend.cuda.device;

import csdp.error.CsdpException;
import java.util.Locale;

/**
 * A CUDA device: memory, and launches of the kernels in {@code kernels/*.cu} by name. Two
 * implementations: a GPU through the driver, and {@link EmulatedDevice}, which executes the same
 * kernel sources on the host, for tests.
 *
 * <p>All work is queued in one stream and executed in the order of the calls. A call may return
 * before its work is completed; {@link #download} and {@link #synchronize} wait. Not thread-safe.
 *
 * <p>Every error is a {@link CsdpException} of one line that names the failed operation: for a
 * launch the kernel and its geometry (also if the device reports it at a later call, as far as
 * known), for an allocation its purpose, the requested and the free bytes. Closing the device after
 * an error still releases everything.
 */
public interface GpuDevice extends AutoCloseable {
  /** Returns the short name, as in the {@code --device} option. */
  String name();

  /** Returns model, memory and driver in one line. */
  String description();

  /**
   * Allocates memory, aligned to at least 256 bytes, contents undefined. Called by {@link
   * DeviceMemory}, which tracks and frees.
   *
   * @param bytes at least 1
   * @param what purpose of the memory, for messages
   * @return the address on the device; 0 if memory does not suffice
   */
  long allocate(long bytes, String what);

  /** Returns free and total memory. */
  Room room();

  /** Frees memory from {@link #allocate}. */
  void free(long address);

  /**
   * Copies to the device. The array may be modified after the return.
   *
   * @param to address on the device
   * @param array {@code float[]}, {@code int[]} or {@code byte[]}
   * @param offset first element
   * @param count number of elements
   */
  void upload(long to, Object array, int offset, int count);

  /**
   * Copies from the device, after all earlier work.
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

  /** Waits for all queued work and reports its errors. */
  void synchronize();

  /**
   * Captures a sequence of launches that can be queued repeatedly as a whole: a CUDA graph if the
   * device supports them. Addresses and arguments are fixed by the capture, so values that change
   * between runs must be in device memory.
   *
   * @param work calls only {@link #launch}; called either once during this method, without effect
   *     on memory (graph capture), or at every {@link Sequence#run}
   */
  Sequence capture(Runnable work);

  /**
   * Returns cuBLAS on this device's stream, to be closed before the device.
   *
   * @throws CsdpException if there is none
   */
  default DenseProducts cublas() {
    throw CsdpException.environment("there is no cuBLAS for the device %s", name());
  }

  /**
   * Marks this point of the stream, to measure the time between two points. A driver uses an event;
   * the default waits for all work and reads the host's clock, which adds the launch overhead to
   * short kernels.
   */
  default Mark mark() {
    synchronize();
    return new HostMark(System.nanoTime());
  }

  /** Closes the device. Memory must be freed first. */
  @Override
  void close();

  /** Bytes of memory. */
  record Room(long free, long total) {}

  /** A point of the stream. */
  interface Mark extends AutoCloseable {
    /** Returns the microseconds since an earlier mark of the same device; waits for both. */
    double microsSince(Mark earlier);

    /** Returns the kind of time measurement, for reports: {@code events} or {@code host clock}. */
    String clock();

    @Override
    void close();
  }

  /** A mark by the host's clock, after all earlier work. */
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
    /** Returns a sequence that calls the work at every run, for devices without capture. */
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

    /** Queues the work. */
    void run();

    @Override
    void close();
  }

  /**
   * Launch geometry: grid.x by grid.y blocks of a number of threads.
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
