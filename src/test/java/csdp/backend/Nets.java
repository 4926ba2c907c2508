package csdp.backend;

import csdp.backend.cpu.PlainLoops;
import csdp.backend.cuda.CudaBackend;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.model.NetworkSpec;
import csdp.model.Philox;
import csdp.model.Philox.Purpose;
import csdp.model.Philox.Stream;
import java.util.function.Function;

/** Small batches and every backend, for tests. */
final class Nets {
  private Nets() {}

  /**
   * Every backend that is compared with the reference, by name; only the emulated device if a test
   * run selects kernels.
   */
  static java.util.stream.Stream<Maker> others() {
    java.util.stream.Stream.Builder<Maker> b = java.util.stream.Stream.builder();
    if (Emulated.kernels() == Emulated.Kernels.SOURCES) {
      for (Device d : Device.everywhere()) {
        if (!d.equals(Device.REFERENCE) && d.kind().sums() == Device.Sums.IN_ORDER) {
          b.add(new Maker(d + ", 1 thread", s -> d.open(s, 1)));
          b.add(new Maker(d + ", 3 threads", s -> d.open(s, 3)));
        }
      }
      b.add(new Maker("cpu, plain loops", s -> PlainLoops.open(s, 2)));
    }
    if (EmulatedDevice.unavailable().isEmpty()) { // EmulatedDeviceTest says why there is none
      b.add(new Maker("cuda, emulated", s -> new CudaBackend(s, Emulated.device())));
    }
    return b.build();
  }

  /** The reference and every backend that is compared with it. */
  static java.util.stream.Stream<Maker> all() {
    return java.util.stream.Stream.concat(
        java.util.stream.Stream.of(new Maker("reference", Nets::reference)), others());
  }

  record Maker(String name, Function<NetworkSpec, Backend> make) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Backend reference(NetworkSpec spec) {
    return Device.REFERENCE.open(spec, 1);
  }

  /** Positives first, then negatives with wrong labels; images with black, grey and white. */
  static Batch batch(NetworkSpec spec, int positives, int negatives, int seed) {
    int n = positives + negatives;
    int units = spec.input().units();
    Stream r = Philox.stream(seed, Purpose.STROKES, 9, 9, 9);
    float[] x = new float[n * units];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.min(1, Math.max(0, r.nextFloat(-0.7f, 1.1f)));
    }
    int[] labels = new int[n];
    for (int b = 0; b < n; b++) {
      labels[b] = r.nextInt(spec.classes());
    }
    return new Batch(
        n,
        positives,
        new Batch.Given(units, x),
        labels,
        new Batch.RandomSpikes(seed, Purpose.TRAIN_SPIKES, seed, 0));
  }
}
