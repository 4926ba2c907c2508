package csdp.spark;

import csdp.checkpoint.SavedModel;
import csdp.cluster.Cluster;
import csdp.encode.CodesWriter;
import csdp.encode.EncodeJob;
import csdp.encode.EncodePart;
import csdp.error.CsdpException;
import csdp.io.AtomicFolder;
import csdp.io.Disk;
import csdp.model.Population;
import csdp.sweep.Engine;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/** Apache Spark, on this machine or on a cluster. */
final class SparkCluster implements Cluster {
  /** File that Spark adds to a complete result. */
  private static final String MARKER = "_SUCCESS";

  /** Parts of an encoding, if they are not smaller or larger than a task should be. */
  private static final int PARTS = 400;

  /** Least images of a part, so that a task is not mostly start. */
  private static final int LEAST = 500;

  private static final Pattern OURS = Pattern.compile("CsdpException: ([^\n]+)");

  private final JavaSparkContext context;
  private final SparkSession session;
  private final String device;

  /** Connects to Spark for {@code --engine spark}. */
  public static final class Provider implements Cluster.Provider {
    @Override
    public Cluster connect(String master, int threads, String device) {
      return new SparkCluster(master, threads, device);
    }
  }

  private SparkCluster(String master, int threads, String device) {
    this.device = device;
    SparkConf conf = new SparkConf();
    if (master != null) {
      conf.setMaster(master);
    }
    if (!conf.contains("spark.master")) {
      throw CsdpException.badInput(
          "--engine spark needs a cluster: give --master spark://HOST:PORT or local[N], or start"
              + " csdp by spark-submit");
    }
    conf.setIfMissing("spark.app.name", "csdp");
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.log.level", "ERROR");
    String options = conf.get("spark.executor.extraJavaOptions", "");
    conf.set("spark.executor.extraJavaOptions", options + " --add-modules=jdk.incubator.vector");
    conf.set("spark.ui.showConsoleProgress", "false");
    conf.set("spark.task.cpus", Integer.toString(threads));
    conf.set("spark.speculation", "false"); // two copies of a trial would write one folder
    try {
      session = SparkSession.builder().config(conf).getOrCreate();
    } catch (Exception e) { // also SparkException, which no signature names
      throw failure("cannot connect to " + conf.get("spark.master"), e);
    }
    context = JavaSparkContext.fromSparkContext(session.sparkContext());
  }

  /** Returns the error of a job: that of csdp in a task if there is one. */
  static CsdpException failure(String what, Exception e) {
    String text = String.valueOf(e.getMessage());
    Matcher ours = OURS.matcher(text);
    String line = ours.find() ? ours.group(1) : text.lines().findFirst().orElse(e.toString());
    return CsdpException.environment("Spark: %s: %s", what, line).because(e);
  }

  @Override
  public String description() {
    return String.format(
        Locale.ROOT,
        "Spark %s at %s, %s CPU threads per task",
        session.version(),
        context.master(),
        context.getConf().get("spark.task.cpus"));
  }

  @Override
  public Engine engine() {
    return new SparkEngine(context, device);
  }

  @Override
  public EncodeJob.Summary encode(EncodePart images, List<Population> layers, Path out) {
    EncodeTask task = new EncodeTask(layers.stream().map(Population::layer).toList(), device);
    SavedModel saved = images.open();
    if (out.toString().toLowerCase(Locale.ROOT).endsWith(".parquet")) {
      return summary(encode(images, saved, task, out));
    }
    Path folder = out.resolveSibling("." + out.getFileName() + ".parquet");
    try (CodesWriter codes = CodesWriter.of(out, saved.spec(), layers)) {
      Dataset<Row> rows = encode(images, saved, task, folder);
      EncodeJob.Summary summary = summary(rows);
      Iterator<Row> sorted = rows.orderBy("index").toLocalIterator();
      sorted.forEachRemaining(row -> codes.add(List.of(task.row(row))));
      codes.commit();
      return summary;
    } finally {
      Disk.remove(folder);
    }
  }

  private Dataset<Row> encode(EncodePart images, SavedModel saved, EncodeTask task, Path folder) {
    List<EncodePart> parts = images.divide(saved, PARTS, LEAST);
    JavaRDD<Row> rows = context.parallelize(parts, parts.size()).flatMap(task);
    return save(session.createDataFrame(rows, task.schema()), folder, "the encoding failed");
  }

  private static EncodeJob.Summary summary(Dataset<Row> rows) {
    Dataset<Row> failed = rows.filter("error is not null").orderBy("index").select("error");
    int errors = (int) failed.count();
    String first = errors == 0 ? null : failed.first().getString(0);
    return new EncodeJob.Summary((int) rows.count(), errors, first);
  }

  @Override
  public void parquet(Path csv, Path folder) {
    Dataset<Row> table =
        session
            .read()
            .option("header", "true")
            .option("escape", "\"")
            .option("inferSchema", "true")
            .csv(pattern(csv));
    save(table.coalesce(1), folder, "the table cannot be written as Parquet");
  }

  /** Replaces a folder of Parquet files and returns its rows. */
  private Dataset<Row> save(Dataset<Row> rows, Path folder, String error) {
    AtomicFolder.replace(
        folder,
        MARKER,
        temporary -> {
          try {
            // The folder exists, and is empty.
            rows.write().mode(SaveMode.Append).parquet("file:" + temporary);
          } catch (Exception e) { // also SparkException, which no signature names
            throw failure(error, e);
          }
        });
    return session.read().parquet(pattern(folder));
  }

  /** Returns a path as Spark reads it: escaped, since it may be a pattern. */
  private static String pattern(Path path) {
    return ("file:" + path).replaceAll("[\\\\*?{}\\[\\]]", "\\\\$0");
  }

  @Override
  public void close() {
    session.stop();
  }
}
