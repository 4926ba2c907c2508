package csdp.spark;

import csdp.cluster.Cluster;
import csdp.encode.EncodeJob;
import csdp.encode.EncodeRequest;
import csdp.encode.EncodeRequest.Piece;
import csdp.error.CsdpException;
import csdp.io.AtomicFolder;
import csdp.sweep.Engine;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/** Apache Spark, locally or on a cluster. */
final class SparkCluster implements Cluster {
  /** File that Spark adds to a complete result. */
  private static final String MARKER = "_SUCCESS";

  /** Tasks of an encoding for each that runs at once, so that all machines end together. */
  private static final int WAVES = 4;

  private static final Pattern OURS = Pattern.compile("CsdpException: ([^\n]+)");

  private final SparkSession session;
  private final JavaSparkContext context;
  private final Options options;

  SparkCluster(Options options) {
    this.options = options;
    SparkConf conf = new SparkConf();
    if (options.master() != null) {
      conf.setMaster(options.master());
    }
    if (!conf.contains("spark.master")) {
      throw CsdpException.badInput(
          "--engine spark needs a cluster: give --master spark://HOST:PORT or local[N], or start"
              + " csdp by spark-submit");
    }
    conf.setIfMissing("spark.app.name", "csdp");
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.log.level", "WARN");
    conf.setIfMissing("spark.executor.extraJavaOptions", "--add-modules=jdk.incubator.vector");
    conf.set("spark.ui.showConsoleProgress", "false");
    conf.set("spark.task.cpus", Integer.toString(options.threads()));
    conf.set("spark.speculation", "false"); // two copies of a trial would write one folder
    try {
      session = SparkSession.builder().config(conf).getOrCreate();
    } catch (Exception e) {
      throw failure("cannot connect to " + conf.get("spark.master"), e);
    }
    context = JavaSparkContext.fromSparkContext(session.sparkContext());
  }

  /** Returns the error of a job: that of csdp in a task if there is one. */
  static CsdpException failure(String what, Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CsdpException known) {
        return known;
      }
    }
    String text = String.valueOf(e.getMessage());
    Matcher ours = OURS.matcher(text);
    String line = ours.find() ? ours.group(1) : text.lines().findFirst().orElse(e.toString());
    return CsdpException.environment("Spark: %s: %s", what, line).because(e);
  }

  @Override
  public String description() {
    return String.format(
        java.util.Locale.ROOT,
        "Spark %s at %s, %d CPU threads a task",
        session.version(),
        context.master(),
        options.threads());
  }

  @Override
  public Engine engine() {
    return new SparkEngine(context, options.device());
  }

  @Override
  public EncodeJob.Summary encode(EncodeRequest request) {
    int atOnce = Math.max(1, context.defaultParallelism() / options.threads());
    List<List<Piece>> tasks = request.tasks(request.open(), WAVES * atOnce);
    EncodeTask task = new EncodeTask(request.json(), options.device());
    Path out = Path.of(request.out());
    EncodeJob.Summary[] summary = new EncodeJob.Summary[1];
    AtomicFolder.replace(
        out,
        MARKER,
        folder -> {
          try {
            JavaRDD<Row> rows = context.parallelize(tasks, tasks.size()).flatMap(task);
            session
                .createDataFrame(rows, task.schema())
                .write()
                .mode(SaveMode.Append) // the folder exists, and is empty
                .parquet(uri(folder));
            summary[0] = summary(session.read().parquet(uri(folder)));
          } catch (Exception e) { // also SparkException, which no signature names
            throw failure("the encoding failed", e);
          }
          if (summary[0].failed() == summary[0].images()) {
            throw EncodeJob.noneReadable(summary[0].images(), summary[0].error());
          }
        });
    return summary[0];
  }

  private static EncodeJob.Summary summary(Dataset<Row> written) {
    Dataset<Row> failed = written.filter("error is not null").orderBy("index");
    long errors = failed.count();
    String first = errors == 0 ? null : failed.select("error").first().getString(0);
    return new EncodeJob.Summary((int) written.count(), (int) errors, first);
  }

  @Override
  public void parquet(Path csv, Path folder) {
    AtomicFolder.replace(
        folder,
        MARKER,
        temporary -> {
          try {
            session
                .read()
                .option("header", "true")
                .option("inferSchema", "true")
                .csv(uri(csv))
                .coalesce(1)
                .write()
                .mode(SaveMode.Append)
                .parquet(uri(temporary));
          } catch (Exception e) { // also SparkException, which no signature names
            throw failure("the table cannot be written", e);
          }
        });
  }

  private static String uri(Path path) {
    return path.toAbsolutePath().toUri().toString();
  }

  @Override
  public void close() {
    session.stop();
  }
}
