package csdp.cli;

import csdp.cluster.Cluster;
import csdp.error.CsdpException;
import picocli.CommandLine.Option;

/** Where the tasks of a job run: --engine and --master. */
final class EngineOptions {
  private static final String LOCAL = "local";

  @Option(
      names = "--engine",
      defaultValue = LOCAL,
      paramLabel = "NAME",
      description =
          "local, or spark: tasks on Apache Spark, each with --threads CPU threads (default: 1);"
              + " all machines share the paths. Default: ${DEFAULT-VALUE}.")
  private String engine;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "With --engine spark: address of the cluster, spark://HOST:PORT, or local[N]. Default:"
              + " that of spark-submit.")
  private String master;

  /** Returns true if tasks run in this process. */
  boolean isLocal() {
    if (engine.equals(LOCAL) && master != null) {
      throw CsdpException.badInput("--master needs --engine spark");
    }
    return engine.equals(LOCAL);
  }

  /** Connects to the cluster. */
  Cluster open(DeviceOptions device) {
    int threads = Math.max(1, device.threads());
    return Cluster.open(engine, new Cluster.Options(master, threads, device.name()));
  }
}
