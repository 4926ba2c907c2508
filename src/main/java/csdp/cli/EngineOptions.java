package csdp.cli;

import csdp.cluster.Cluster;
import csdp.error.CsdpException;
import picocli.CommandLine.Option;

/** Where the tasks of a job run: --engine and --master. */
final class EngineOptions {
  private enum Name {
    LOCAL,
    SPARK
  }

  @Option(
      names = "--engine",
      defaultValue = "local",
      paramLabel = "NAME",
      description =
          "local, or spark: tasks on Apache Spark with --threads CPU threads each (default: 1);"
              + " paths are on a file system that all machines share, and --device auto is the CPU."
              + " Default: ${DEFAULT-VALUE}.")
  private Name engine;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "With --engine spark: spark://HOST:PORT or local[N]. Default: that of spark-submit.")
  private String master;

  /**
   * Returns true if all runs in this process.
   *
   * @throws CsdpException bad input if other options contradict
   */
  boolean isLocal() {
    if (engine == Name.LOCAL && master != null) {
      throw CsdpException.badInput("--master needs --engine spark");
    }
    return engine == Name.LOCAL;
  }

  Cluster connect(DeviceOptions device) {
    return Cluster.connect(master, Math.max(1, device.threads()), device.ofTasks());
  }
}
