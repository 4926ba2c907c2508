package csdp.cluster;

import csdp.encode.EncodeJob;
import csdp.encode.EncodeRequest;
import csdp.error.CsdpException;
import csdp.sweep.Engine;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;

/**
 * Machines that run tasks. They share a file system, on which models, images, runs and results have
 * the same paths.
 */
public interface Cluster extends AutoCloseable {
  /** Opens clusters of a kind; found on the class path by {@link ServiceLoader}. */
  interface Provider {
    /** Returns the name, as in the option {@code --engine}. */
    String name();

    /**
     * Connects.
     *
     * @throws CsdpException bad input or environment, if that is impossible
     */
    Cluster open(Options options);
  }

  /**
   * Options of the tasks.
   *
   * @param master address of the cluster; null for that of the launcher
   * @param threads CPU threads of a task
   * @param device name of its device, as in the option {@code --device}
   */
  record Options(String master, int threads, String device) {}

  /**
   * Connects to a cluster.
   *
   * @param name of its provider
   * @throws CsdpException environment if there is no provider of that name in this build
   */
  static Cluster open(String name, Options options) {
    List<Provider> known =
        ServiceLoader.load(Provider.class, Cluster.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .toList();
    return known.stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                CsdpException.badInput(
                    "--engine %s: %s; use --engine local",
                    name,
                    name.equals("spark")
                        ? "this csdp was built without Spark (mvn -Pspark package)"
                        : String.format(Locale.ROOT, "no such engine; there are local and spark")))
        .open(options);
  }

  /** Returns one line about the cluster. */
  String description();

  /** Returns an engine for the trials of a sweep; each is a task. */
  Engine engine();

  /**
   * Encodes images into Parquet files in a folder, which is replaced when all are done.
   *
   * @throws CsdpException bad input if no image can be read, environment or failed if a task fails
   */
  EncodeJob.Summary encode(EncodeRequest request);

  /** Writes a table in CSV as Parquet too; replaces an earlier one. */
  void parquet(Path csv, Path folder);

  @Override
  void close();
}
