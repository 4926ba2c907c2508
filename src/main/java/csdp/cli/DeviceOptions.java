package csdp.cli;

import csdp.backend.Device;
import csdp.backend.cuda.Cuda;
import csdp.error.CsdpException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Where to run: the same options for every command that runs a network. */
final class DeviceOptions {
  @Option(
      names = "--device",
      defaultValue = "auto",
      paramLabel = "DEVICE",
      description =
          "auto (a CUDA device if there is one, else cpu), reference, cpu, or a CUDA device's index."
              + " Default: ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--require-gpu",
      description = "Without a CUDA device stop with exit code 3 instead of running on the CPU.")
  private boolean requireGpu;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "CPU threads. Results do not depend on it. Default: one per core.")
  private Integer threads;

  @Option(
      names = "--products",
      paramLabel = "WHO",
      description =
          "On a CUDA device, who multiplies spikes and weights: ${COMPLETION-CANDIDATES} (cuBLAS of"
              + " CUDA 12, dense). Default: kernels.")
  private Cuda.Products products;

  @Option(
      names = "--sync-launches",
      description = "Wait for every kernel, so that a failure names its own; slow, for debugging.")
  private boolean syncLaunches;

  Device resolve(CommandSpec spec) {
    if (threads != null && (threads < 1 || threads > 1024)) {
      throw CsdpException.badInput("--threads must lie in 1..1024, not %d", threads);
    }
    Device d =
        Device.of(
            device,
            requireGpu,
            new Cuda.Options(products == null ? Cuda.Products.KERNELS : products, syncLaunches),
            line -> spec.commandLine().getErr().println("warning: " + line),
            Cuda::survey);
    if (threads != null && d.equals(Device.REFERENCE)) {
      throw CsdpException.badInput("--threads has no meaning with --device reference");
    }
    if (products == Cuda.Products.CUBLAS && d.kind() != Device.Kind.CUDA) {
      throw CsdpException.badInput(
          "--products cublas needs a CUDA device, and this run is on the CPU");
    }
    return d;
  }

  /** What was asked for, as it was written. */
  String name() {
    return device;
  }

  int threads() {
    return threads == null ? 0 : threads;
  }
}
