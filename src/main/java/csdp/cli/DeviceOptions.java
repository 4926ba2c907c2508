package csdp.cli;

import csdp.CsdpException;
import csdp.backend.Device;
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

  Device resolve(CommandSpec spec) {
    if (threads != null && (threads < 1 || threads > 1024)) {
      throw CsdpException.badInput("--threads must lie in 1..1024, not %d", threads);
    }
    Device d =
        Device.of(
            device, requireGpu, line -> spec.commandLine().getErr().println("warning: " + line));
    if (threads != null && d == Device.REFERENCE) {
      throw CsdpException.badInput("--threads has no meaning with --device reference");
    }
    return d;
  }

  int threads() {
    return threads == null ? 0 : threads;
  }
}
