package csdp.backend.cuda.device;

import csdp.error.CsdpException;
import java.util.List;

/** Forwards all calls, counts live resources, and fails at a selected call. */
public final class CountingDevice extends ForwardingDevice {
  private final EmulatedDevice emulated;
  private int buffers;
  private int sequences;
  private int closed;
  private int calls;
  private int failing;
  private boolean capturing;
  private boolean broken; // like a GPU after an illegal address: nothing works but giving back

  /** Counts on a device that never fails by itself. */
  public CountingDevice(EmulatedDevice device) {
    super(device);
    emulated = device;
  }

  /** Fails at every call after the given number of calls. */
  public CountingDevice failingAfter(int calls) {
    failing = calls + 1;
    return this;
  }

  /** Buffers and captured sequences that are not released. */
  public List<Integer> live() {
    return List.of(buffers, sequences);
  }

  /** Bytes that are allocated now. */
  public long used() {
    return emulated.used();
  }

  public boolean closedOnce() {
    return closed == 1;
  }

  public boolean failed() {
    return broken;
  }

  private void call(String what) {
    broken |= ++calls == failing;
    if (broken) {
      throw CsdpException.failed("injected into %s", what);
    }
  }

  @Override
  public long allocate(long bytes, String what) {
    call("allocate");
    long address = super.allocate(bytes, what);
    buffers += address == 0 ? 0 : 1;
    return address;
  }

  @Override
  public void free(long address) {
    buffers--;
    super.free(address);
  }

  @Override
  public void upload(long to, Object array, int offset, int count) {
    call("upload");
    super.upload(to, array, offset, count);
  }

  @Override
  public void download(long from, Object array, int offset, int count) {
    call("download");
    super.download(from, array, offset, count);
  }

  @Override
  public void launch(String kernel, Geometry geometry, Object... arguments) {
    call("launch");
    if (!capturing) {
      super.launch(kernel, geometry, arguments);
    }
  }

  @Override
  public void synchronize() {
    call("synchronize");
    super.synchronize();
  }

  /** Calls the work once without effect, like a driver, so that it can fail there too. */
  @Override
  public Sequence capture(Runnable work) {
    call("capture");
    capturing = true;
    try {
      work.run();
    } finally {
      capturing = false;
    }
    sequences++;
    return new Sequence() {
      private boolean open = true;

      @Override
      public void run() {
        call("run");
        work.run();
      }

      @Override
      public void close() {
        sequences -= open ? 1 : 0;
        open = false;
      }
    };
  }

  @Override
  public void close() {
    closed++;
    super.close();
  }
}
