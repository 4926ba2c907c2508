package csdp.sweep;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import csdp.checkpoint.RunFolder;
import csdp.checkpoint.RunRecord;
import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.Csv;
import csdp.io.Disk;
import csdp.io.Json;
import csdp.run.TrainingRun.End;
import csdp.train.EpochMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Results of many runs, and their summary by setting.
 *
 * @param settings names of the flags that differ
 * @param rows one for each run
 */
public record ResultTable(List<String> settings, List<Row> rows) {
  private static final String SUMMARY = "summary.csv";

  /** Copies. */
  public ResultTable {
    settings = List.copyOf(settings);
    rows = List.copyOf(rows);
  }

  /** Status of a run. */
  public enum Status {
    /** Trained and tested. */
    DONE,
    /** Trained for fewer epochs and tested: successive halving went on without it. */
    HALVED,
    /** Failed. */
    FAILED,
    /** Not completed yet. */
    UNFINISHED;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A run. All but {@code machine} is the same for the same settings, data and kind of backend.
   *
   * @param trial name
   * @param settings by name
   * @param status of the run
   * @param error one line; null unless it failed
   * @param epochs completed
   * @param bestEpoch epoch of the best parameters; null before the first validation
   * @param metrics by the names of the columns; null for those not measured
   * @param data name of the data; null if no run was started
   * @param trainSha256 hash of the training images
   * @param testSha256 hash of the test images
   * @param machine times and versions
   * @param history one entry per epoch; in no table
   */
  public record Row(
      String trial,
      Map<String, String> settings,
      Status status,
      String error,
      int epochs,
      @JsonProperty("best_epoch") Integer bestEpoch,
      Map<String, Double> metrics,
      String data,
      @JsonProperty("train_sha256") String trainSha256,
      @JsonProperty("test_sha256") String testSha256,
      Machine machine,
      @JsonIgnore List<EpochMetrics> history) {
    static Row of(String trial, Map<String, String> settings, Status status, RunResult result) {
      EpochMetrics best = result.best(result.epochs());
      RunRecord record = result.record();
      RunRecord.Data seen = record == null ? null : record.seen();
      return new Row(
          trial,
          settings,
          status,
          result.failure() == null ? null : result.failure().error(),
          result.epochs(),
          best == null ? null : best.epoch(),
          result.metrics(),
          seen == null ? null : seen.name(),
          seen == null ? null : seen.train().sha256(),
          seen == null || seen.test() == null ? null : seen.test().sha256(),
          record == null
              ? null
              : new Machine(
                  result.seconds(),
                  record.csdp4j(),
                  record.java(),
                  record.device(),
                  record.started()),
          result.history());
    }

    /** Returns true if the measurements are those of a complete run. */
    @JsonIgnore
    public boolean isComplete() {
      return switch (status) {
        case DONE, HALVED -> true;
        case FAILED, UNFINISHED -> false;
      };
    }
  }

  /**
   * Times and versions of a run, which do not decide its results.
   *
   * @param seconds of training, without validation and test
   * @param csdp4j version
   * @param java version
   * @param device on which the run was started
   * @param started time, ISO 8601
   */
  public record Machine(
      double seconds, String csdp4j, String java, String device, String started) {}

  /**
   * The runs of one setting, which differ in their seeds only.
   *
   * @param settings by name, without the seed
   * @param epochs completed, the most of its runs
   * @param metrics of the complete runs; those without a measurement are absent
   * @param rows of the setting; in no table
   */
  public record Summary(
      Map<String, String> settings,
      int epochs,
      Map<String, Statistics> metrics,
      @JsonIgnore List<Row> rows) {
    /** Returns the settings as text. */
    @JsonIgnore
    public String label() {
      return Trial.text(settings);
    }
  }

  /** Returns the summary by setting, in the order of the rows. */
  public List<Summary> summary() {
    Map<Map<String, String>, List<Row>> groups = new LinkedHashMap<>();
    for (Row row : rows) {
      groups.computeIfAbsent(Trial.group(row.settings()), g -> new ArrayList<>()).add(row);
    }
    List<Summary> summaries = new ArrayList<>();
    groups.forEach((group, members) -> summaries.add(summary(group, members)));
    return summaries;
  }

  /** Returns the name of the accuracy that is compared: that of the test if there is any. */
  public String accuracy() {
    return rows.stream().anyMatch(row -> row.metrics().get("test_accuracy") != null)
        ? "test_accuracy"
        : "valid_accuracy";
  }

  /** Returns the settings with a measured accuracy, the best first, at most some of them. */
  public List<Summary> best(int most) {
    String accuracy = accuracy();
    return summary().stream()
        .filter(s -> s.metrics().containsKey(accuracy))
        .sorted(Comparator.comparingDouble((Summary s) -> -s.metrics().get(accuracy).mean()))
        .limit(most)
        .toList();
  }

  private static Summary summary(Map<String, String> group, List<Row> rows) {
    Map<String, Statistics> metrics = new LinkedHashMap<>();
    for (String metric : RunResult.METRICS) {
      double[] values =
          rows.stream()
              .filter(Row::isComplete)
              .map(row -> row.metrics().get(metric))
              .filter(Objects::nonNull)
              .mapToDouble(Double::doubleValue)
              .toArray();
      if (values.length > 0) {
        metrics.put(metric, Statistics.of(values));
      }
    }
    int epochs = rows.stream().mapToInt(Row::epochs).max().orElse(0);
    return new Summary(group, epochs, metrics, List.copyOf(rows));
  }

  /**
   * Refuses a folder for a comparison that holds the results of a sweep, or other files that a
   * comparison would replace.
   *
   * @throws CsdpException bad input, naming such a file
   */
  public static void requireComparison(Path folder) {
    List<String> foreign =
        Files.exists(folder.resolve("compare.json"))
            ? List.of(Sweep.DEFINITION)
            : List.of(Sweep.DEFINITION, SUMMARY, "compare.csv", "compare.html");
    for (String name : foreign) {
      if (Files.exists(folder.resolve(name))) {
        throw CsdpException.badInput(
            "%s holds %s and is not the folder of a comparison: name another folder with --out",
            folder, name);
      }
    }
  }

  /** Returns the rows as CSV. The columns from {@code seconds} on are times and versions. */
  byte[] csv() {
    List<Object> header = new ArrayList<>(List.of("trial"));
    header.addAll(settings);
    header.addAll(List.of("status", "error", "epochs", "best_epoch"));
    header.addAll(RunResult.METRICS);
    header.addAll(List.of("data", "train_sha256", "test_sha256"));
    header.addAll(List.of("seconds", "csdp4j", "java", "device", "started"));
    Csv csv = new Csv(header);
    for (Row row : rows) {
      List<Object> values = new ArrayList<>(List.of(row.trial()));
      settings.forEach(name -> values.add(row.settings().get(name)));
      values.add(row.status());
      values.add(row.error());
      values.add(row.epochs());
      values.add(row.bestEpoch());
      RunResult.METRICS.forEach(name -> values.add(row.metrics().get(name)));
      values.add(row.data());
      values.add(row.trainSha256());
      values.add(row.testSha256());
      if (row.machine() != null) {
        Json.tree(row.machine()).forEach(v -> values.add(v.asText()));
      }
      csv.row(values);
    }
    return csv.bytes();
  }

  /** Returns the summary as CSV. */
  byte[] summaryCsv() {
    List<String> names = settings.stream().filter(n -> !n.equals(Flags.SEED)).toList();
    List<Object> header = new ArrayList<>(names);
    header.addAll(List.of("trials", "epochs"));
    for (String metric : RunResult.METRICS) {
      for (String part : List.of("n", "mean", "sd", "low95", "high95")) {
        header.add(metric + "_" + part);
      }
    }
    Csv csv = new Csv(header);
    for (Summary s : summary()) {
      List<Object> values = new ArrayList<>();
      names.forEach(name -> values.add(s.settings().get(name)));
      values.add(s.rows().size());
      values.add(s.epochs());
      for (String metric : RunResult.METRICS) {
        Statistics m = s.metrics().get(metric);
        values.add(m == null ? 0 : m.n());
        values.add(m == null ? null : m.mean());
        values.add(m == null ? null : m.sd());
        values.add(m == null ? null : m.low());
        values.add(m == null ? null : m.high());
      }
      csv.row(values);
    }
    return csv.bytes();
  }

  /**
   * Writes {@code NAME.csv}, {@code NAME.json} and {@code summary.csv}.
   *
   * @param definition of the sweep; null for other runs
   * @throws CsdpException environment, if they cannot be written
   */
  public void write(Path folder, String name, SweepDefinition definition) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("definition", definition);
    all.put("trials", rows);
    all.put("summary", summary());
    AtomicFile.write(folder.resolve(name + ".json"), Json.bytes(all)); // see requireComparison
    AtomicFile.write(folder.resolve(name + ".csv"), csv());
    AtomicFile.write(folder.resolve(SUMMARY), summaryCsv());
  }

  /**
   * Returns the table of existing runs. Its settings are the values of the configuration that
   * differ among them. A run that is named twice, or by a link, has one row.
   *
   * @param folders of runs, or of many runs
   * @throws CsdpException bad input, if a folder holds no run, or a run is damaged
   */
  public static ResultTable of(List<Path> folders) {
    Map<Path, Path> names = new LinkedHashMap<>(); // by the path without links
    for (Path folder : folders) {
      runs(folder)
          .forEach(r -> names.merge(Disk.real(r), r, (a, b) -> Files.isSymbolicLink(a) ? b : a));
    }
    Map<Path, RunResult> results = new LinkedHashMap<>();
    names.values().forEach(run -> results.put(run, RunResult.read(run)));
    Map<Path, Map<String, String>> values = new LinkedHashMap<>();
    results.forEach((run, result) -> values.put(run, values(result.record())));
    Set<String> flags = new LinkedHashSet<>();
    values.values().forEach(v -> flags.addAll(v.keySet()));
    flags.removeIf(name -> values.values().stream().map(v -> v.get(name)).distinct().count() < 2);
    if (flags.stream().anyMatch(DATA_FLAGS::contains)) {
      flags.remove(HASH);
    }
    List<String> settings = new ArrayList<>(flags);
    if (settings.remove(Flags.SEED)) {
      settings.add(Flags.SEED);
    }
    List<Row> rows = new ArrayList<>();
    results.forEach(
        (run, result) -> {
          Map<String, String> own = new LinkedHashMap<>();
          settings.forEach(name -> own.put(name, values.get(run).get(name)));
          rows.add(Row.of(run.toString(), own, status(result), result));
        });
    return new ResultTable(settings, rows);
  }

  private static final String HASH = "data-sha256";
  private static final Set<String> DATA_FLAGS = Set.of("data", "valid", "train-limit");

  private static Status status(RunResult result) {
    return result.isDone(result.record().run().training().epochs(), End.TEST)
        ? Status.DONE
        : result.failure() != null ? Status.FAILED : Status.UNFINISHED;
  }

  /** Returns the runs in a folder: itself, or the folders directly in it. */
  private static List<Path> runs(Path folder) {
    if (new RunFolder(folder).isRun()) {
      return List.of(folder);
    }
    if (!Files.isDirectory(folder)) {
      throw CsdpException.badInput("no folder at %s", folder);
    }
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> runs = entries.filter(e -> new RunFolder(e).isRun()).sorted().toList();
      if (runs.isEmpty()) {
        throw CsdpException.badInput(
            "%s is neither a run nor a folder of runs: name a folder that train or sweep wrote",
            folder);
      }
      return runs;
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /** Returns the values of a configuration by the names of the flags, as far as they have one. */
  private static Map<String, String> values(RunRecord record) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("data", record.seen().name());
    values.put(HASH, record.seen().train().sha256().substring(0, 12));
    for (Map.Entry<String, JsonNode> part : Json.tree(record.run()).properties()) {
      for (Map.Entry<String, JsonNode> field : part.getValue().properties()) {
        String name = field.getKey().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
        boolean path = part.getKey().equals("data") && !DATA_FLAGS.contains(name);
        if (!path) {
          values.put(name, text(field.getValue()));
        }
      }
    }
    return values;
  }

  private static String text(JsonNode value) {
    List<String> parts = new ArrayList<>();
    value.forEach(v -> parts.add(v.asText()));
    return value.isArray() ? parts.stream().collect(Collectors.joining(",")) : value.asText();
  }
}
