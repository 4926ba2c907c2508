package csdp.backend.cuda;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.EmulatedLibrary;
import csdp.backend.cuda.ptx.Ptx;
import csdp.config.TrainOptions;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import csdp.train.Batches;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Counts warp instructions and bytes of each kernel in a step by executing the shipped PTX on the
 * host, and compares the window with the CPU backend bit for bit. Counts, unlike times, are exactly
 * repeatable. {@code scripts/kernel_report.sh} prints them.
 */
final class KernelCosts {
  /**
   * A window to count.
   *
   * @param batch images; the window has a negative for each
   * @param steps of a window
   * @param trained training windows on the CPU backend before the counted one
   */
  record Window(int[] hidden, int batch, int steps, int trained, boolean learn) {
    private NetworkSpec network(Dataset images) {
      return NetworkSpec.builder(images.pixels(), images.classes())
          .hidden(hidden)
          .constants(Constants.demo().withSteps(steps))
          .build();
    }
  }

  /**
   * Costs of a window.
   *
   * @param kernels in the order of their names
   * @param spikes per sample and step, by population
   * @param difference from the CPU backend; null if all spikes and parameters are bit-identical
   */
  record Costs(
      Window window, List<EmulatedLibrary.Counts> kernels, double[] spikes, String difference) {
    /** Returns warp instructions per step. */
    double instructions() {
      return kernels.stream().mapToLong(EmulatedLibrary.Counts::instructions).sum()
          / (double) window.steps;
    }

    /** Returns bytes of device memory read and written per step, each sector once per launch. */
    double bytes() {
      return kernels.stream().mapToLong(k -> k.read() + k.written()).sum() / (double) window.steps;
    }
  }

  private KernelCosts() {}

  /** Counts a window on real images. */
  static Costs count(EmulatedLibrary library, Window w, Dataset images) {
    NetworkSpec spec = w.network(images);
    Parameters before = Parameters.random(spec, 1234);
    Parameters expected = new Parameters(spec);
    Parameters actual = new Parameters(spec);
    ReadOut expectedOut = new ReadOut(spec);
    ReadOut out = new ReadOut(spec);
    TrainOptions training = TrainOptions.epochs(1000).withBatch(w.batch);
    Learning learning = w.learn ? training.learning() : null;
    Batches batches = new Batches(spec, images, training);
    int perEpoch = images.size() / w.batch;
    Batch counted = batches.get(w.trained / perEpoch, w.trained % perEpoch);
    try (Backend cpu = new CpuBackend(spec, Runtime.getRuntime().availableProcessors())) {
      cpu.restore(before);
      for (int k = 0; k < w.trained; k++) {
        cpu.run(batches.get(k / perEpoch, k % perEpoch), training.learning(), out, null);
      }
      cpu.snapshot(before);
      cpu.run(counted, learning, expectedOut, null);
      cpu.snapshot(expected);
    }
    List<EmulatedLibrary.Counts> kernels;
    try (CudaBackend cuda = new CudaBackend(spec, EmulatedDevice.open(library, 16L << 30))) {
      cuda.restore(before);
      library.takeCounts();
      cuda.run(counted, learning, out, null);
      kernels = library.takeCounts();
      cuda.snapshot(actual);
    }
    double samples = (double) counted.size() * w.steps;
    return new Costs(
        w,
        kernels,
        Arrays.stream(out.spikes()).mapToDouble(s -> s / samples).toArray(),
        difference(expected, expectedOut, actual, out));
  }

  private static String difference(Parameters a, ReadOut outA, Parameters b, ReadOut outB) {
    if (!Arrays.equals(outA.spikes(), outB.spikes())) {
      return "spikes " + Arrays.toString(outA.spikes()) + " and " + Arrays.toString(outB.spikes());
    }
    for (Synapse s : a.spec().synapses()) {
      if (!Arrays.equals(a.weights(s), b.weights(s))
          || !Arrays.equals(a.firstMoments(s), b.firstMoments(s))
          || !Arrays.equals(a.secondMoments(s), b.secondMoments(s))) {
        return "parameters of " + s.name();
      }
    }
    return null;
  }

  /**
   * Prints a table; ends with 1 if the window differs from the CPU backend's.
   *
   * @param args folder for compiled libraries, data set, hidden sizes, batch, steps, windows of
   *     training before, and "learn" or "infer"
   */
  public static void main(String[] args) {
    Window w =
        new Window(
            Arrays.stream(args[2].split(",")).mapToInt(Integer::parseInt).toArray(),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            Integer.parseInt(args[5]),
            args[6].equals("learn"));
    String ptx = Ptx.shippedText(Ptx.TARGETS.get(0));
    Dataset images = DataSources.open(DataRequest.of(args[1], 10_000, 0), m -> {}).train();
    Costs costs = count(EmulatedLibrary.ofPtx(Path.of(args[0]), ptx, true), w, images);
    print(costs, images);
    System.exit(costs.difference == null ? 0 : 1);
  }

  private static void print(Costs costs, Dataset images) {
    Window w = costs.window;
    NetworkSpec spec = w.network(images);
    System.out.printf(
        "%s, hidden %s, batch %d, %d steps, %s after %d windows of training%n",
        images.name(),
        Arrays.toString(w.hidden),
        w.batch,
        w.steps,
        w.learn ? "training" : "inference",
        w.trained);
    System.out.print("spikes per sample and step:");
    for (Population p : spec.populations()) {
      System.out.printf(Locale.ROOT, " %s %.2f", p.name(), costs.spikes[p.index()]);
    }
    System.out.printf("%n%-16s %18s %12s%n", "kernel", "warp instr./step", "MB/step");
    for (EmulatedLibrary.Counts k : costs.kernels) {
      row(
          k.kernel(),
          k.instructions() / (double) w.steps,
          (k.read() + k.written()) / (double) w.steps);
    }
    row("all", costs.instructions(), costs.bytes());
    System.out.println(
        costs.difference == null
            ? "bit for bit as the CPU backend"
            : "differs from the CPU backend: " + costs.difference);
  }

  private static void row(String kernel, double instructions, double bytes) {
    System.out.printf(
        Locale.ROOT, "%-16s %16.3f M %12.2f%n", kernel, instructions * 1e-6, bytes * 1e-6);
  }
}
