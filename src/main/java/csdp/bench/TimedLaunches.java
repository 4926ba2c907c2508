package csdp.bench;

import csdp.backend.cuda.DeviceBuffer;
import csdp.backend.cuda.GpuDevice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A device that times every kernel that is launched on it, while it is told to: then captured work
 * is launched kernel by kernel, with a mark before and after each. Otherwise it passes everything
 * on.
 */
final class TimedLaunches implements GpuDevice {
  private static final Pattern WEIGHTS = Pattern.compile("weights of (\\w+)");
  private static final Pattern POPULATION = Pattern.compile(" of (z\\w+)");

  private final GpuDevice device;
  private final List<Launch> launches = new ArrayList<>();
  private boolean timing;
  private String clock = "";

  private record Launch(String label, Mark before, Mark after) {}

  TimedLaunches(GpuDevice device) {
    this.device = device;
  }

  void timing(boolean on) {
    timing = on;
  }

  String clock() {
    return clock;
  }

  /** Microseconds by kernel and what it worked on, since the last call. */
  Map<String, Double> takeMicros() {
    Map<String, Double> micros = new HashMap<>();
    for (Launch l : launches) {
      micros.merge(l.label, l.after.microsSince(l.before), Double::sum);
      clock = l.after.clock();
      l.before.close();
      l.after.close();
    }
    launches.clear();
    return micros;
  }

  /** A kernel and the synapse or population that its arguments belong to. */
  static String label(String kernel, Object... arguments) {
    String population = kernel;
    for (Object a : arguments) {
      if (a instanceof DeviceBuffer b) {
        Matcher weights = WEIGHTS.matcher(b.what());
        if (weights.find()) {
          return kernel + " " + weights.group(1);
        }
        Matcher p = POPULATION.matcher(b.what());
        if (p.find()) { // results come last
          population = kernel + " " + p.group(1);
        }
      }
    }
    return population;
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
  public void clear(long address, long bytes) {
    device.clear(address, bytes);
  }

  @Override
  public void launch(String kernel, Geometry geometry, Object... arguments) {
    if (!timing) {
      device.launch(kernel, geometry, arguments);
      return;
    }
    Mark before = device.mark();
    device.launch(kernel, geometry, arguments);
    launches.add(new Launch(label(kernel, arguments), before, device.mark()));
  }

  @Override
  public void synchronize() {
    device.synchronize();
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
        captured.run();
      }

      @Override
      public void close() {
        if (captured != null) {
          captured.close();
        }
      }
    };
  }

  /** The device stays open: whoever opened it closes it. */
  @Override
  public void close() {}
}
