package csdp.sweep;

import csdp.backend.Device;
import csdp.checkpoint.RunFolder;
import csdp.config.RunConfig;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.AtomicFolder;
import csdp.io.Disk;
import csdp.io.FolderLock;
import csdp.io.Json;
import csdp.model.NetworkSpec;
import csdp.run.TrainingRun;
import csdp.run.TrainingRun.End;
import csdp.run.TrainingRun.Start;
import csdp.sweep.ResultTable.Row;
import csdp.sweep.ResultTable.Status;
import csdp.sweep.ResultTable.Summary;
import csdp.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A sweep in its folder:
 *
 * <ul>
 *   <li>{@code definition.json}: the definition ({@link SweepDefinition})
 *   <li>a run folder for each trial, named from its settings; {@code error.json} in it if it failed
 *   <li>{@code sweep.csv}, {@code sweep.json}: a row for each trial; {@code summary.csv}: a row for
 *       each setting. Written at the end and after a stop
 * </ul>
 *
 * <p>The state of a sweep is in the run folders only, so a killed sweep continues when it runs
 * again.
 */
public final class Sweep {
  static final String DEFINITION = "definition.json";

  /** Epochs that a test and the start of a trial cost, about. */
  private static final double EXTRA_WORK = 0.1;

  private final Path folder;
  private final SweepDefinition definition;
  private final Flags flags;
  private final List<Trial> trials;
  private final int checkpointEvery;
  private final Function<RunConfig.Data, Splits> data;
  private final Map<String, Integer> target = new LinkedHashMap<>(); // epochs of halved trials

  /** Receives the progress of a sweep. */
  public interface Progress extends Engine.Progress {
    /**
     * Called before the tasks of a rung; without successive halving there is one rung.
     *
     * @param rung from 1
     * @param of number of rungs
     * @param tasks that are left
     * @param later expected work of later rungs, in the unit of the tasks
     */
    default void rung(int rung, int of, List<TrialTask> tasks, double later) {}
  }

  /**
   * Prepares a sweep; nothing is written.
   *
   * @param definition with ordered flags
   * @param checkpointEvery interval of checkpoints within an epoch, in batches; 0 for never
   * @param data opens the data of a configuration, the same object for the same configuration
   * @throws CsdpException bad input: invalid settings, a folder with other files or another sweep
   */
  public Sweep(
      Path folder,
      SweepDefinition definition,
      Flags flags,
      int checkpointEvery,
      Function<RunConfig.Data, Splits> data) {
    this.folder = folder;
    this.definition = definition;
    this.flags = flags;
    this.checkpointEvery = checkpointEvery;
    this.data = data;
    this.trials = definition.trials(flags);
    rungs();
    requireOurs();
  }

  private void requireOurs() {
    Path stored = folder.resolve(DEFINITION);
    if (Files.exists(stored)) {
      definition.requireExtends(SweepDefinition.read(stored), flags, folder);
      return;
    }
    if (!Files.exists(folder)) {
      AtomicFolder.requireWritable(folder);
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw CsdpException.badInput("%s is a file; name a folder with --out", folder);
    }
    try (Stream<Path> entries = Files.list(folder)) {
      if (entries.anyMatch(e -> !e.getFileName().toString().startsWith("."))) {
        throw CsdpException.badInput(
            "%s holds other files and no %s: name a new or an empty folder with --out",
            folder, DEFINITION);
      }
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
    AtomicFolder.requireWritable(folder);
  }

  /** Returns all trials. */
  public List<Trial> trials() {
    return trials;
  }

  /** Returns the rungs of successive halving; one, of all settings, without it. */
  private List<Halving.Rung> rungs() {
    int settings = (int) trials.stream().map(Trial::group).distinct().count();
    int epochs = trials.get(0).config().training().epochs();
    if (definition.halving() == null) {
      return List.of(new Halving.Rung(Integer.MAX_VALUE, settings));
    }
    if (definition.vary().containsKey("epochs")) {
      throw CsdpException.badInput("--halving varies the epochs itself: do not vary them");
    }
    return Halving.rungs(settings, epochs, definition.halving());
  }

  /** Returns the rungs as text: {@code 9 settings to epoch 1, 3 to 3, 1 to 9}; null without. */
  public String schedule() {
    if (definition.halving() == null) {
      return null;
    }
    List<String> parts = new ArrayList<>();
    for (Halving.Rung rung : rungs()) {
      String to = parts.isEmpty() ? " settings to epoch " : " to ";
      parts.add(rung.settings() + to + rung.epochs());
    }
    return String.join(", ", parts);
  }

  /**
   * Refuses trials that would fail later: sizes that do not fit the data, earlier runs of other
   * data.
   *
   * @return the heap that the largest trial needs, in bytes, estimated
   * @throws CsdpException bad input or environment, naming the trial
   */
  public long check(Device.Kind kind) {
    long heap = 0;
    for (Trial trial : trials) {
      try {
        Splits splits =
            data.apply(trial.config().data()).inSteps(trial.config().constants().steps());
        if (definition.halving() != null && splits.valid() == null) {
          throw CsdpException.badInput(
              "--halving needs validation images: set some aside with --valid N");
        }
        NetworkSpec spec = spec(trial);
        Trainer.check(spec, splits.train(), splits.valid(), trial.config().training());
        RunFolder run = new RunFolder(folder.resolve(trial.name()));
        if (run.isRun()) {
          new TrainingRun(run, Device.CPU, 1, Start.RESUME, line -> {})
              .requireContinues(trial.config(), splits);
        }
        int batch = Math.min(trial.config().training().batch(), splits.train().size());
        heap = Math.max(heap, TrainingRun.heap(spec, splits.train(), batch, kind));
      } catch (CsdpException e) {
        throw e.in("trial %s", Trial.text(trial.settings()));
      }
    }
    return heap;
  }

  private NetworkSpec spec(Trial trial) {
    Splits splits = data.apply(trial.config().data());
    return trial.config().spec(splits.train().pixels(), splits.train().classes());
  }

  /**
   * Locks the folder and writes the definition.
   *
   * @param warning receives one line for a guarantee that the file system does not give
   * @throws CsdpException bad input if another sweep holds it, environment if it cannot be written
   */
  public FolderLock lock(Consumer<String> warning) {
    FolderLock lock = FolderLock.take(folder, warning);
    try {
      AtomicFile.write(folder.resolve(DEFINITION), Json.bytes(definition));
      return lock;
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Runs all that is left to do. The caller holds the {@link #lock}.
   *
   * @return false after a stop
   */
  public boolean run(Engine engine, Progress progress) {
    for (Trial trial : trials) {
      Failure failure = Failure.in(run(trial));
      if (failure != null && failure.retry()) {
        Failure.clear(run(trial));
      }
    }
    List<Halving.Rung> rungs = rungs();
    Map<Map<String, String>, List<Trial>> alive = new LinkedHashMap<>();
    trials.forEach(t -> alive.computeIfAbsent(t.group(), g -> new ArrayList<>()).add(t));
    for (int r = 0; r < rungs.size(); r++) {
      Halving.Rung rung = rungs.get(r);
      boolean last = r == rungs.size() - 1;
      List<TrialTask> tasks = new ArrayList<>();
      for (Trial trial : trials) {
        if (target.containsKey(trial.name())) {
          addUnlessDone(tasks, trial, target.get(trial.name()), End.TEST);
        } else {
          addUnlessDone(tasks, trial, rung.epochs(), last ? End.TEST : End.NO_TEST);
        }
      }
      progress.rung(r + 1, rungs.size(), tasks, later(rungs, r));
      engine.run(tasks, progress);
      for (TrialTask task : tasks) {
        RunResult result = RunResult.read(Path.of(task.folder()));
        if (result.failure() == null
            && !result.isDone(task.config().training().epochs(), task.end())) {
          return false;
        }
      }
      if (!last) {
        drop(alive, rung, rungs.get(r + 1).settings());
      }
    }
    return true;
  }

  /** Keeps the best settings; the others are tested as they are. */
  private void drop(Map<Map<String, String>, List<Trial>> alive, Halving.Rung rung, int keep) {
    List<Summary> competing =
        table().summary().stream().filter(s -> alive.containsKey(s.settings())).toList();
    for (Summary loser : Halving.ranked(competing, rung.epochs()).subList(keep, competing.size())) {
      alive.remove(loser.settings()).forEach(t -> target.put(t.name(), rung.epochs()));
    }
  }

  /** Returns the expected work of the rungs after one. */
  private double later(List<Halving.Rung> rungs, int r) {
    double mean = trials.stream().mapToDouble(this::workPerEpoch).average().orElse(0);
    double seeds = (double) trials.size() / rungs.get(0).settings();
    double work = 0;
    for (int i = r + 1; i < rungs.size(); i++) {
      int epochs = rungs.get(i).epochs() - rungs.get(i - 1).epochs();
      work += rungs.get(i).settings() * seeds * mean * (epochs + EXTRA_WORK);
    }
    return work;
  }

  private double workPerEpoch(Trial trial) {
    double images = data.apply(trial.config().data()).train().size();
    return images * trial.config().constants().steps() * spec(trial).weightCount();
  }

  private void addUnlessDone(List<TrialTask> tasks, Trial trial, int atMost, End end) {
    int epochs = Math.min(atMost, trial.config().training().epochs());
    RunResult result = RunResult.read(run(trial));
    if (result.failure() != null || result.isDone(epochs, end)) {
      return;
    }
    RunConfig config = trial.config();
    RunConfig now =
        new RunConfig(
            config.network(),
            config.training().withEpochs(epochs),
            config.data(),
            config.constants());
    tasks.add(
        new TrialTask(
            trial.name(),
            run(trial).toString(),
            now,
            end,
            checkpointEvery,
            data.apply(config.data()).train().sha256(),
            workPerEpoch(trial) * (Math.max(0, epochs - result.epochs()) + EXTRA_WORK)));
  }

  private Path run(Trial trial) {
    return folder.resolve(trial.name());
  }

  /** Returns the results so far. */
  public ResultTable table() {
    List<Row> rows = new ArrayList<>();
    for (Trial trial : trials) {
      RunResult result = RunResult.read(run(trial));
      Integer halved = target.get(trial.name());
      int epochs = halved != null ? halved : trial.config().training().epochs();
      Status status =
          result.failure() != null
              ? Status.FAILED
              : !result.isDone(epochs, End.TEST)
                  ? Status.UNFINISHED
                  : halved != null ? Status.HALVED : Status.DONE;
      rows.add(Row.of(trial.name(), trial.settings(), status, result));
    }
    return new ResultTable(List.copyOf(definition.vary().keySet()), rows);
  }

  /** Writes the tables. */
  public void write(ResultTable table) {
    table.write(folder, "sweep", definition);
  }
}
