package csdp.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.AtomicFolder;
import csdp.io.Disk;
import csdp.io.FolderLock;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.train.EpochMetrics;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The output directory of a run: {@code config.json}, {@code metrics.jsonl} with one line an epoch,
 * the arrays that the released code writes ({@code acc1234.npy}, ...), and the checkpoints {@code
 * best/} (parameters by validation accuracy) and {@code last/} (to resume from).
 *
 * <p>Whoever trains into it holds its {@link #lock}. Reading works at any time.
 */
public final class RunFolder implements TrainListener {
  private static final String CONFIG = "config.json";
  private static final String METRICS = "metrics.jsonl";
  private static final long MAX_HISTORY = 64L << 20;
  private static final String RECORDS =
      "(acc|nll|bce|mse|trAcc|trNll)-?\\d+\\.npy|metrics\\.jsonl|test\\.json";
  private static final String PARTS = "best|last|plots|tsne";
  private static final String TEMPORARIES =
      "(" + RECORDS + "|config\\.json|(best|last)(\\.old)?|\\.probe)\\.\\d+-\\d+\\.tmp";

  private final Path folder;
  private final int everyBatches;
  private volatile boolean current = true; // nothing was trained yet

  /** A folder, which need not be there yet; training into it writes checkpoints after epochs. */
  public RunFolder(Path folder) {
    this(folder, 0);
  }

  /**
   * A folder, which need not be there yet.
   *
   * @param everyBatches how often training into it writes {@code last/} within an epoch; 0 for
   *     never
   */
  public RunFolder(Path folder, int everyBatches) {
    this.folder = folder;
    this.everyBatches = everyBatches;
  }

  /**
   * Keeps others from training into the folder until it is closed, clears up what a training that
   * crashed left here, and tries every operation that writing a run needs.
   *
   * @param warning told, in a line, of a guarantee that the file system does not give
   * @throws CsdpException bad input when another training holds it, environment when the folder
   *     cannot be written
   */
  public FolderLock lock(Consumer<String> warning) {
    FolderLock lock = FolderLock.take(folder, warning);
    try {
      clearUp();
      Disk.probe(folder, warning);
      AtomicFolder.probe(best());
      AtomicFolder.probe(last());
      return lock;
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private void clearUp() {
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.toList()) {
        if (entry.getFileName().toString().matches(TEMPORARIES)) {
          Disk.delete(entry); // whoever wrote it is gone: this process holds the lock
        }
      }
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
    Checkpoint.recover(best());
    Checkpoint.recover(last());
  }

  /** Where it is. */
  public Path path() {
    return folder;
  }

  /** The checkpoint of the best parameters. */
  public Path best() {
    return folder.resolve("best");
  }

  /** The checkpoint to resume from. */
  public Path last() {
    return folder.resolve("last");
  }

  /** Whether a run was started here. */
  public boolean isRun() {
    return Files.exists(folder.resolve(CONFIG));
  }

  /** Whether there is anything to resume. */
  public boolean canResume() {
    return isRun() && Checkpoint.exists(last());
  }

  /**
   * Refuses a place that cannot be written, before data is read for it.
   *
   * @throws CsdpException environment
   */
  public void requireWritable() {
    AtomicFolder.requireWritable(folder);
  }

  /**
   * Refuses a disk without room for a checkpoint.
   *
   * @param clearing whether {@link #clear} will make room first
   * @throws CsdpException environment
   */
  public void requireSpace(NetworkSpec spec, boolean clearing) {
    long needed = 3L * Float.BYTES * spec.weightCount();
    try {
      FileStore store = Files.getFileStore(folder);
      long free = store.getUsableSpace();
      if (store.getTotalSpace() > 0 && free + (clearing ? size(last()) : 0) < needed) {
        throw CsdpException.environment(
            "cannot write %s: no space left on the disk for a checkpoint (%.1f MB, %.1f MB are"
                + " free); free some or choose a folder elsewhere",
            folder, needed / 1e6, free / 1e6);
      }
    } catch (IOException e) {
      // A file system that does not tell.
    }
  }

  /** What decided the run. */
  public RunRecord record() {
    if (!isRun()) {
      throw CsdpException.badInput("%s is not a run: it has no %s", folder, CONFIG);
    }
    Path file = folder.resolve(CONFIG);
    return RunRecord.of(Json.tree(file), file);
  }

  /**
   * Starts a run, or goes on with one after a change that its continuation allows.
   *
   * @throws CsdpException environment, when the folder cannot be written
   */
  public void write(RunRecord record) {
    try {
      Disk.makeFolder(folder);
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
    AtomicFile.write(folder.resolve(CONFIG), Json.bytes(record));
  }

  /**
   * The recorded epochs, the network before training first; empty before the first is done.
   *
   * @throws CsdpException bad input, when the record is damaged
   */
  public List<EpochMetrics> history() {
    Path file = folder.resolve(METRICS);
    if (!Files.exists(file)) {
      return List.of();
    }
    return new String(Json.bytes(file, MAX_HISTORY), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.getBytes(StandardCharsets.UTF_8))
        .map(line -> Json.value(Json.tree(line, file), EpochMetrics.class, file))
        .toList();
  }

  /** Removes the files of an earlier run, and nothing else. */
  public void clear() {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.toList()) {
        String name = entry.getFileName().toString();
        if (name.matches(RECORDS)) {
          Files.delete(entry);
        } else if (name.matches("(best|last)(\\.old)?")) {
          Disk.discard(entry, entry);
        }
      }
      Files.deleteIfExists(folder.resolve(CONFIG));
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /**
   * Refuses a folder in which a run would overwrite what no run of csdp4j wrote, or that is a part
   * of another run, whether an earlier run is to be replaced or not.
   *
   * @throws CsdpException bad input, naming a file that is in the way
   */
  public void requireOurs() {
    Path parent = folder.toAbsolutePath().normalize().getParent();
    String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    if (parent != null && name.matches(PARTS) && new RunFolder(parent).isRun()) {
      throw notOurs("is a part of the run in " + parent);
    }
    if (Checkpoint.exists(folder) || NgcLearnModel.isIn(folder)) {
      throw notOurs("is a model itself");
    }
    if (!Files.isDirectory(folder) || Checkpoint.exists(last()) || Checkpoint.exists(best())) {
      return;
    }
    if (isRun()) {
      JsonNode tree = null;
      try {
        tree = Json.tree(folder.resolve(CONFIG));
      } catch (CsdpException e) {
        // Not even JSON: no run wrote it.
      }
      if (tree == null || !tree.has("csdp4j")) {
        throw notOurs("holds a config.json that is not of a run");
      }
      return;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.sorted().toList()) {
        String file = entry.getFileName().toString();
        if (file.matches(RECORDS + "|best|last")) {
          throw notOurs("is no run of csdp, but holds " + file);
        }
      }
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  private CsdpException notOurs(String why) {
    return CsdpException.badInput(
        "%s %s, which a run would overwrite: name another folder with --out", folder, why);
  }

  /** Reads the last checkpoint. */
  public TrainState resume(Parameters into) {
    return Checkpoint.read(last(), into, TrainState.class);
  }

  /** Whether there is a checkpoint, whole or not: a damaged one is not to be passed over. */
  private static boolean isThere(Path checkpoint) {
    return Checkpoint.exists(checkpoint) || Files.exists(checkpoint);
  }

  /** Reads parameters; those of the best epoch unless there is none. */
  public Parameters parameters(NetworkSpec spec, boolean latest) {
    Path from = !latest && isThere(best()) ? best() : last();
    if (!isThere(from)) {
      throw CsdpException.badInput("%s holds no checkpoint yet: train it first", folder);
    }
    Checkpoint.requireFit(from, spec);
    Parameters p = new Parameters(spec);
    Checkpoint.readParameters(from, p);
    return p;
  }

  /** After a crash the records may lag behind the checkpoint. */
  @Override
  public void started(Trainer trainer) {
    if (!trainer.state().history().isEmpty()) {
      writeRecords(trainer);
    }
  }

  @Override
  public void batchDone(Trainer trainer) {
    current = false;
    int done = trainer.state().batch();
    if (everyBatches > 0 && done % everyBatches == 0 && done < trainer.batches()) {
      writeLast(trainer, snapshot(trainer));
    }
  }

  @Override
  public void epochTrained(Trainer trainer) {
    writeLast(trainer, snapshot(trainer));
  }

  private void writeLast(Trainer trainer, Parameters now) {
    Checkpoint.write(last(), now, true, trainer.state());
    current = true;
  }

  /** Whether a process that ends now loses no more than the batch or the validation at hand. */
  public boolean isCurrent() {
    return current;
  }

  @Override
  public void epochDone(Trainer trainer, EpochMetrics metrics, boolean best) {
    current = false;
    Parameters now = snapshot(trainer);
    if (best) {
      Checkpoint.write(best(), now, false, null);
    }
    writeLast(trainer, now);
    writeRecords(trainer);
  }

  private void writeRecords(Trainer trainer) {
    List<EpochMetrics> history = trainer.state().history();
    AtomicFile.write(folder.resolve(METRICS), lines(history));
    int seed = trainer.options().seed();
    double chance = 1.0 / trainer.spec().classes();
    array("acc", seed, history, m -> m.validAccuracy());
    array("nll", seed, history, m -> m.validNll());
    array("bce", seed, history, m -> m.validBce());
    array("mse", seed, history, m -> m.validMse());
    array("trAcc", seed, history, m -> m.epoch() == 0 ? Double.valueOf(chance) : m.trainAccuracy());
    array("trNll", seed, history, m -> m.epoch() == 0 ? -Math.log(chance) : m.trainNll());
  }

  @Override
  public void stopped(Trainer trainer) {
    if (!current || !Checkpoint.exists(last())) {
      writeLast(trainer, snapshot(trainer));
    }
  }

  private static long size(Path checkpoint) throws IOException {
    if (!Files.isDirectory(checkpoint)) {
      return 0;
    }
    try (Stream<Path> files = Files.walk(checkpoint)) {
      return files.mapToLong(f -> f.toFile().length()).sum();
    }
  }

  private static Parameters snapshot(Trainer trainer) {
    Parameters now = trainer.parameters();
    return now;
  }

  private static String lines(List<EpochMetrics> history) {
    StringBuilder sb = new StringBuilder();
    for (EpochMetrics m : history) {
      sb.append(Json.line(m)).append('\n');
    }
    return sb.toString();
  }

  /** One value an epoch, the network before training first, as the released code writes them. */
  private void array(
      String name, int seed, List<EpochMetrics> history, Function<EpochMetrics, Double> value) {
    float[] values = new float[history.size()];
    for (int i = 0; i < values.length; i++) {
      Double v = value.apply(history.get(i));
      values[i] = v == null ? Float.NaN : v.floatValue();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      Npy.write(bytes, new int[] {values.length}, values);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    AtomicFile.write(folder.resolve(name + seed + ".npy"), bytes.toByteArray());
  }
}
