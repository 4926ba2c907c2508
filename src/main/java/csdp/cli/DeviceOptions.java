package csdp.cli;

import csdp.backend.Device;
import csdp.backend.cuda.Cuda;
import csdp.error.CsdpException;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Device options, shared by all commands that run a network. */
final class DeviceOptions {
  @Option(
      names = "--device",
      defaultValue = "auto",
      paramLabel = "DEVICE",
      completionCandidates = Names.class,
      description =
          "auto (a CUDA device if there is one, else cpu), ${COMPLETION-CANDIDATES}, or a CUDA"
              + " device's index. Default: ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--require-gpu",
      description = "Exit with 3 if there is no CUDA device, instead of falling back to the CPU.")
  private boolean requireGpu;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "CPU threads. Results do not depend on it. Default: one per core.")
  private Integer threads;

  @Option(
      names = "--products",
      paramLabel = "HOW",
      description =
          "On a CUDA device, how spikes and weights are multiplied: ${COMPLETION-CANDIDATES}"
              + " (cuBLAS of CUDA 12, dense). Default: kernels.")
  private Cuda.Products products;

  @Option(
      names = "--sync-launches",
      description =
          "Synchronise after each kernel launch, so that an error names the kernel;"
              + " slow, for debugging.")
  private boolean syncLaunches;

  /** The devices that every machine has, for the help text. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Device.everywhere().stream().map(Device::name).iterator();
    }
  }

  Device resolve(CommandSpec spec) {
    return resolve(spec, device, requireGpu);
  }

  /** Returns the CUDA devices of some indices, which must exist. */
  List<Device> resolve(CommandSpec spec, List<Integer> indices) {
    return indices.stream().map(i -> resolve(spec, Integer.toString(i), true)).toList();
  }

  private Device resolve(CommandSpec spec, String name, boolean required) {
    requireThreads();
    Device d =
        Device.of(
            name,
            required,
            new Cuda.Options(products == null ? Cuda.Products.KERNELS : products, syncLaunches),
            line -> spec.commandLine().getErr().println("warning: " + line),
            Cuda::survey);
    if (threads != null && d.kind().threads() == Device.Threads.ONE) {
      throw CsdpException.badInput("--threads cannot be used with --device %s", d.name());
    }
    if (products == Cuda.Products.CUBLAS && d.kind() != Device.Kind.CUDA) {
      throw CsdpException.badInput(
          "--products cublas needs a CUDA device, and this run is on the CPU");
    }
    return d;
  }

  /** Returns the device as written on the command line. */
  String name() {
    return device;
  }

  private void requireThreads() {
    if (threads != null && (threads < 1 || threads > 1024)) {
      throw CsdpException.badInput("--threads must be in 1..1024, not %d", threads);
    }
  }

  /**
   * Returns the name of the device of tasks on other machines: {@code auto} is the CPU there.
   *
   * @throws CsdpException bad input: an unknown name, or an option for this machine only
   */
  String ofTasks() {
    requireThreads();
    if (requireGpu || products != null || syncLaunches) {
      throw CsdpException.badInput(
          "--require-gpu, --products and --sync-launches need --engine local");
    }
    String name = device.equals("auto") ? Device.CPU.name() : device;
    Device.of(name, false, line -> {});
    return name;
  }

  int threads() {
    return threads == null ? 0 : threads;
  }
}
