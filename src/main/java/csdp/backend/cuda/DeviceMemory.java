package csdp.backend.cuda;

import csdp.backend.cuda.DeviceBuffer.Bytes;
import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.backend.cuda.DeviceBuffer.Ints;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Hands out typed buffers on a device and knows which are live; closing it frees them all. */
public final class DeviceMemory implements AutoCloseable {
  private final GpuDevice device;
  private final Set<DeviceBuffer> live = new LinkedHashSet<>();
  private long bytes;

  /** Memory of a device. The device is not closed with it. */
  public DeviceMemory(GpuDevice device) {
    this.device = device;
  }

  /** An array of floats, contents undefined. */
  public Floats floats(String what, int length) {
    return new Floats(this, what, length);
  }

  /** An array of ints, contents undefined. */
  public Ints ints(String what, int length) {
    return new Ints(this, what, length);
  }

  /** An array of bytes, contents undefined. */
  public Bytes bytes(String what, int length) {
    return new Bytes(this, what, length);
  }

  /** Number of buffers that are not closed. */
  public int live() {
    return live.size();
  }

  /** Bytes in them. */
  public long liveBytes() {
    return bytes;
  }

  GpuDevice device() {
    return device;
  }

  long allocate(DeviceBuffer buffer) {
    long address = device.allocate(Math.max(1, buffer.bytes()), buffer.what());
    live.add(buffer);
    bytes += buffer.bytes();
    return address;
  }

  void free(DeviceBuffer buffer, long address) {
    live.remove(buffer);
    bytes -= buffer.bytes();
    device.free(address);
  }

  /** Frees every buffer. It can hand out new ones after that. */
  @Override
  public void close() {
    List.copyOf(live).forEach(DeviceBuffer::close);
  }
}
