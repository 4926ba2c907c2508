package csdp.backend.cuda;

import csdp.backend.Backend;
import csdp.backend.ReadOut;
import csdp.backend.cpu.CpuBackend;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.train.Batches;
import csdp.train.TrainOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Counts warp instructions and bytes of each kernel in a step by executing the PTX on the host.
 * Both are repeatable to the last digit, unlike times. {@code scripts/kernel_report.sh} prints
 * them.
 */
final class KernelCosts {
  /**
   * Work of a kernel.
   *
   * @param instructions of warps per step, as {@link PtxTranslator} weighs them
   * @param bytes of device memory read and written per step, each sector once a launch
   */
  record Cost(String kernel, double instructions, double bytes) {}

  /**
   * The case that is counted.
   *
   * @param batch images; a training step has a negative for each
   * @param steps of a window
   * @param trained windows of training, by the CPU backend, before the one that is counted
   */
  record Case(int[] hidden, int batch, int steps, int trained, boolean learn) {}

  private KernelCosts() {}

  /** Counts one window; a cost for each kernel, in order of launch names. */
  static List<Cost> count(EmulatedLibrary library, Case c, Dataset images) {
    Constants demo = Constants.forBatch(c.batch);
    Constants constants =
        new Constants(
            c.steps,
            demo.dt(),
            demo.tauM(),
            demo.tauTrace(),
            demo.resistance(),
            demo.inhibitoryResistance(),
            demo.thresholdRate(),
            demo.goodnessThreshold(),
            demo.learningRate(),
            demo.weightDecay());
    NetworkSpec spec =
        new NetworkSpec(images.pixels(), c.hidden, images.classes(), true, true, constants);
    Parameters parameters = Parameters.random(spec, 1234);
    Batches batches = new Batches(spec, images, TrainOptions.epochs(1000).withBatch(c.batch));
    int perEpoch = images.size() / c.batch;
    ReadOut out = new ReadOut(spec);
    if (c.trained > 0) {
      try (Backend cpu = new CpuBackend(spec, Runtime.getRuntime().availableProcessors())) {
        cpu.restore(parameters);
        for (int w = 0; w < c.trained; w++) {
          cpu.run(batches.get(w / perEpoch, w % perEpoch), true, out, null);
        }
        cpu.snapshot(parameters);
      }
    }
    try (CudaBackend cuda = new CudaBackend(spec, EmulatedDevice.open(library, 16L << 30))) {
      cuda.restore(parameters);
      library.takeCounts();
      cuda.run(batches.get(c.trained / perEpoch, c.trained % perEpoch), c.learn, out, null);
    }
    long samples = (long) c.batch * (c.learn ? 2 : 1) * c.steps;
    for (Population p : spec.populations()) {
      System.out.printf(
          Locale.ROOT, "%s %.2f  ", p.name(), out.spikes()[p.index()] / (double) samples);
    }
    System.out.println("spikes per sample and step");
    return library.takeCounts().stream()
        .map(
            k ->
                new Cost(
                    k.kernel(),
                    (double) k.instructions() / c.steps,
                    (double) (k.read() + k.written()) / c.steps))
        .toList();
  }

  /**
   * Prints a table.
   *
   * @param args folder for compiled libraries, data set, hidden sizes, batch, steps, windows of
   *     training before, and "learn" or "infer"
   */
  public static void main(String[] args) {
    int[] hidden = Arrays.stream(args[2].split(",")).mapToInt(Integer::parseInt).toArray();
    Case c =
        new Case(
            hidden,
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            Integer.parseInt(args[5]),
            args[6].equals("learn"));
    Dataset images = DataSources.open(DataRequest.of(args[1], 10_000, 0), m -> {}).train();
    String ptx = Ptx.shipped(75).orElseThrow().text();
    EmulatedLibrary library = EmulatedLibrary.ofPtx(Path.of(args[0]), ptx, true);
    double instructions = 0;
    double bytes = 0;
    System.out.printf(
        Locale.ROOT, "%-16s %22s %12s%n", "kernel", "warp instructions/step", "MB/step");
    for (Cost k : count(library, c, images)) {
      System.out.printf(
          Locale.ROOT,
          "%-16s %20.3f M %12.2f%n",
          k.kernel(),
          k.instructions() * 1e-6,
          k.bytes() * 1e-6);
      instructions += k.instructions();
      bytes += k.bytes();
    }
    System.out.printf(
        Locale.ROOT, "%-16s %20.3f M %12.2f%n", "all", instructions * 1e-6, bytes * 1e-6);
  }
}
