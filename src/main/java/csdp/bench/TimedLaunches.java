package csdp.bench;

import csdp.backend.cuda.device.ForwardingDevice;
import csdp.backend.cuda.device.GpuDevice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A device that can time each kernel launch: captured work is then launched kernel by kernel, with
 * a mark before and after each. Otherwise it forwards all calls.
 */
final class TimedLaunches extends ForwardingDevice {
  private final List<Launch> launches = new ArrayList<>();
  private Launch whole; // last captured work; null if none
  private boolean timing;
  private String clock = "";

  private record Launch(String kernel, Mark before, Mark after) {}

  TimedLaunches(GpuDevice device) {
    super(device);
  }

  void timing(boolean on) {
    timing = on;
  }

  String clock() {
    return clock;
  }

  /** Returns microseconds by kernel since the last call. */
  Map<String, Double> takeMicros() {
    Map<String, Double> micros = new HashMap<>();
    for (Launch l : launches) {
      micros.merge(l.kernel, l.after.microsSince(l.before), Double::sum);
      clock = l.after.clock();
      forget(l);
    }
    launches.clear();
    return micros;
  }

  /** Microseconds of the last captured work; null if none since the last call. */
  Double takeWhole() {
    Double micros = whole == null ? null : Double.valueOf(whole.after.microsSince(whole.before));
    forget(whole);
    whole = null;
    return micros;
  }

  private static void forget(Launch l) {
    if (l != null) {
      l.before.close();
      l.after.close();
    }
  }

  @Override
  public void launch(String kernel, Geometry geometry, Object... arguments) {
    if (!timing) {
      device.launch(kernel, geometry, arguments);
      return;
    }
    Mark before = device.mark();
    device.launch(kernel, geometry, arguments);
    launches.add(new Launch(kernel, before, device.mark()));
  }

  @Override
  public Mark mark() {
    return device.mark();
  }

  @Override
  public Sequence capture(Runnable work) {
    return new Sequence() {
      private Sequence captured;

      @Override
      public void run() {
        if (timing) {
          work.run();
          return;
        }
        if (captured == null) {
          captured = device.capture(work);
        }
        Mark before = device.mark();
        captured.run();
        forget(whole);
        whole = new Launch("", before, device.mark());
      }

      @Override
      public void close() {
        if (captured != null) {
          captured.close();
        }
      }
    };
  }

  /** Does nothing: the device is closed by its owner. */
  @Override
  public void close() {
    forget(whole);
    whole = null;
  }
}
