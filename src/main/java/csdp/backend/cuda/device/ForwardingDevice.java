package csdp.backend.cuda.device;

/**
 * Forwards to another device all calls for which {@link GpuDevice} has no default. Subclasses
 * override some of them.
 */
public abstract class ForwardingDevice implements GpuDevice {
  /** The other device. */
  protected final GpuDevice device;

  /** Forwards to a device. */
  protected ForwardingDevice(GpuDevice device) {
    this.device = device;
  }

  @Override
  public String name() {
    return device.name();
  }

  @Override
  public String description() {
    return device.description();
  }

  @Override
  public long allocate(long bytes, String what) {
    return device.allocate(bytes, what);
  }

  @Override
  public Room room() {
    return device.room();
  }

  @Override
  public void free(long address) {
    device.free(address);
  }

  @Override
  public void upload(long to, Object array, int offset, int count) {
    device.upload(to, array, offset, count);
  }

  @Override
  public void download(long from, Object array, int offset, int count) {
    device.download(from, array, offset, count);
  }

  @Override
  public void launch(String kernel, Geometry geometry, Object... arguments) {
    device.launch(kernel, geometry, arguments);
  }

  @Override
  public void synchronize() {
    device.synchronize();
  }

  @Override
  public Sequence capture(Runnable work) {
    return device.capture(work);
  }

  @Override
  public void close() {
    device.close();
  }
}
