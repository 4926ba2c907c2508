package csdp.cluster;

import csdp.encode.EncodeJob;
import csdp.encode.EncodePart;
import csdp.error.CsdpException;
import csdp.model.Population;
import csdp.sweep.Engine;
import java.nio.file.Path;
import java.util.List;

/**
 * Machines that run tasks. They share a file system, where models, images, runs and results have
 * the same absolute paths.
 */
public interface Cluster extends AutoCloseable {
  /** Connects to a cluster. The profile {@code spark} adds the one class; it is found by name. */
  interface Provider {
    /** See {@link Cluster#connect}. */
    Cluster connect(String master, int threads, String device);
  }

  /**
   * Connects.
   *
   * @param master address; null for that of the launcher
   * @param threads CPU threads of a task
   * @param device of a task: a name, or the index of a CUDA device
   * @throws CsdpException bad input or environment: no address, no such cluster, no Spark here
   */
  static Cluster connect(String master, int threads, String device) {
    try {
      return Class.forName("csdp.spark.SparkCluster$Provider")
          .asSubclass(Provider.class)
          .getConstructor()
          .newInstance()
          .connect(master, threads, device);
    } catch (ReflectiveOperationException e) {
      throw CsdpException.environment(
              "this csdp was built without Spark: build it with mvn -Pspark package, or use"
                  + " --engine local")
          .because(e);
    } catch (NoClassDefFoundError e) {
      throw CsdpException.environment(
              "Spark is not on the class path: start csdp by spark-submit, or use --engine local")
          .because(e);
    }
  }

  /** Returns a line about the cluster. */
  String description();

  /** Returns an engine that makes each trial of a sweep a task. */
  Engine engine();

  /**
   * Encodes images.
   *
   * @param layers hidden layers whose codes are written, in order
   * @param out a folder {@code NAME.parquet}, or a file for {@link csdp.encode.CodesWriter};
   *     replaced when all images are done
   */
  EncodeJob.Summary encode(EncodePart images, List<Population> layers, Path out);

  /** Writes a CSV table as Parquet too; replaces an earlier folder. */
  void parquet(Path csv, Path folder);

  @Override
  void close();
}
