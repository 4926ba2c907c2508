package csdp.backend.cuda.device;

import csdp.backend.cuda.device.EmulatedLibrary.Check;
import csdp.backend.cuda.ptx.KernelSources;
import csdp.error.CsdpException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Executes the kernels of {@code kernels/*.cu} on the host: g++ compiles the same sources with a
 * header that implements CUDA's execution model. For tests and {@code doctor --kernels}; too slow
 * for training.
 *
 * <p>The arguments of each launch are checked against the kernel's C++ parameters, new memory is
 * filled with NaN, and out-of-bounds writes are reported when memory is freed.
 */
public final class EmulatedDevice implements GpuDevice {
  private final EmulatedLibrary library;
  private final long capacity;
  private final Map<Long, Allocation> allocations = new TreeMap<>();
  private long used;

  private record Allocation(long bytes, String what) {}

  private EmulatedDevice(EmulatedLibrary library, long capacity) {
    this.library = library;
    this.capacity = capacity;
  }

  /** Returns the reason why it is unavailable here; empty if it is available. */
  public static Optional<String> unavailable() {
    return EmulatedLibrary.unavailable();
  }

  /**
   * Opens a device for the kernels' sources, which are compiled unless cached.
   *
   * @param cache folder of compiled libraries
   * @param capacity simulated memory size in bytes
   */
  public static EmulatedDevice open(Path cache, long capacity) {
    return open(EmulatedLibrary.ofSources(cache, KernelSources.host(), Check.NONE), capacity);
  }

  /** Opens a device for the kernels of a library. */
  public static EmulatedDevice open(EmulatedLibrary library, long capacity) {
    return new EmulatedDevice(library, capacity);
  }

  @Override
  public String name() {
    return "emulated";
  }

  @Override
  public String description() {
    return "emulated: the CUDA kernels compiled by g++, on one CPU thread, for tests";
  }

  /** Names of all kernels in the library. */
  public List<String> kernels() {
    return library.kernels();
  }

  /** Returns the number of allocated bytes. */
  public long used() {
    return used;
  }

  @Override
  public long allocate(long bytes, String what) {
    long address = bytes <= capacity - used ? library.allocate(bytes) : 0;
    if (address != 0) {
      used += bytes;
      allocations.put(address, new Allocation(bytes, what));
    }
    return address;
  }

  @Override
  public Room room() {
    return new Room(capacity - used, capacity);
  }

  @Override
  public void free(long address) {
    Allocation a = allocations.remove(address);
    if (a == null) {
      throw new IllegalStateException("no memory was allocated at this address");
    }
    used -= a.bytes;
    if (!library.release(address, a.bytes)) {
      throw new IllegalStateException("a kernel wrote out of bounds of the memory of " + a.what);
    }
  }

  @Override
  public void upload(long to, Object array, int offset, int count) {
    int size = elementBytes(array);
    library.copy(to, array, (long) offset * size, (long) count * size, true);
  }

  @Override
  public void download(long from, Object array, int offset, int count) {
    int size = elementBytes(array);
    library.copy(from, array, (long) offset * size, (long) count * size, false);
  }

  private static int elementBytes(Object array) {
    return array instanceof byte[] ? 1 : 4;
  }

  @Override
  public void launch(String kernel, Geometry geometry, Object... arguments) {
    StringBuilder given = new StringBuilder();
    long[] values = new long[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] instanceof DeviceBuffer b) {
        values[i] = b.address();
        given.append('p');
      } else if (arguments[i] instanceof Integer n) {
        values[i] = n & 0xFFFFFFFFL;
        given.append('i');
      } else {
        values[i] = Float.floatToRawIntBits((Float) arguments[i]) & 0xFFFFFFFFL;
        given.append('f');
      }
    }
    String expected = library.parameters(kernel);
    String error =
        expected != null && !expected.contentEquals(given)
            ? "arguments " + given + " do not fit the parameters " + expected
            : library.launch(kernel, geometry, values);
    if (error != null) {
      throw CsdpException.failed("the kernel %s %s failed: %s", kernel, geometry, error);
    }
  }

  @Override
  public void synchronize() {}

  @Override
  public Sequence capture(Runnable work) {
    return Sequence.of(work);
  }

  @Override
  public void close() {
    List.copyOf(allocations.keySet()).forEach(this::free);
  }
}
