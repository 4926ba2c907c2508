package csdp.backend.cuda.device;

import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.error.CsdpException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Allocates and tracks typed buffers on a device; closing frees all of them. */
public final class DeviceMemory implements AutoCloseable {
  private final GpuDevice device;
  private final Set<DeviceBuffer> live = new LinkedHashSet<>();
  private final String remedy;
  private long bytes;

  /** Uses the memory of a device, which is not closed. */
  public DeviceMemory(GpuDevice device) {
    this(device, "smaller batches (--batch) or fewer hidden units (--hidden)");
  }

  /**
   * Uses the memory of a device, which is not closed.
   *
   * @param remedy advice if memory does not suffice, for messages
   */
  public DeviceMemory(GpuDevice device, String remedy) {
    this.device = device;
    this.remedy = remedy;
  }

  /** An array of floats, contents undefined. */
  public Floats floats(String what, long length) {
    return new Floats(this, what, indexable(what, length));
  }

  /** An array of ints, contents undefined. */
  public Ints ints(String what, long length) {
    return new Ints(this, what, indexable(what, length));
  }

  /** An array of bytes, contents undefined. */
  public Bytes bytes(String what, long length) {
    return new Bytes(this, what, indexable(what, length));
  }

  /** A length that kernels and Java's arrays can index. */
  private int indexable(String what, long length) {
    if (length > Integer.MAX_VALUE) {
      throw CsdpException.badInput(
          "%s: %,d elements are more than the %,d of one buffer: use %s",
          what, length, Integer.MAX_VALUE, remedy);
    }
    return (int) length;
  }

  /** Number of buffers that are not closed. */
  public int live() {
    return live.size();
  }

  /** Number of bytes in them. */
  public long liveBytes() {
    return bytes;
  }

  GpuDevice device() {
    return device;
  }

  long allocate(DeviceBuffer buffer) {
    long address = device.allocate(Math.max(1, buffer.bytes()), buffer.what());
    if (address == 0) {
      GpuDevice.Room room = device.room();
      throw CsdpException.environment(
          "out of memory on %s: %s needs %,d bytes, %,d of %,d are free: use %s",
          device.name(), buffer.what(), buffer.bytes(), room.free(), room.total(), remedy);
    }
    live.add(buffer);
    bytes += buffer.bytes();
    return address;
  }

  void free(DeviceBuffer buffer, long address) {
    live.remove(buffer);
    bytes -= buffer.bytes();
    device.free(address);
  }

  /** Frees every buffer, then reports errors of any. It can be used again afterwards. */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (DeviceBuffer buffer : List.copyOf(live)) {
      try {
        buffer.close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
