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
 * The output folder of a run:
 *
 * <ul>
 *   <li>{@code config.json}: configuration to repeat the run, versions, data hash ({@link
 *       RunRecord})
 *   <li>{@code metrics.jsonl}: one line per epoch; {@code test.json}: the final test
 *   <li>{@code acc1234.npy}, {@code nll}, {@code bce}, {@code mse}, {@code trAcc}, {@code trNll}:
 *       the arrays of the released code; the first value is the network before training
 *   <li>{@code best/}: parameters with the best validation accuracy
 *   <li>{@code last/}: parameters, Adam's moments, counters and position in the epoch, to resume;
 *       written before and after each validation, and optionally every N batches
 *   <li>{@code .lock}: see {@link FolderLock}
 * </ul>
 *
 * <p>Parameters are in ngc-learn's format ({@link ParameterFolder}). Checkpoints are written
 * atomically, and a resume is bit-exact, even mid-epoch. A training holds the {@link #lock}.
 * Reading works at any time.
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
  private volatile boolean current = true; // nothing to save yet

  /** Uses a folder, which need not exist yet; training writes a checkpoint after each epoch. */
  public RunFolder(Path folder) {
    this(folder, 0);
  }

  /**
   * Uses a folder, which need not exist yet.
   *
   * @param everyBatches interval of writing {@code last/} within an epoch, in batches; 0 for never
   */
  public RunFolder(Path folder, int everyBatches) {
    this.folder = folder;
    this.everyBatches = everyBatches;
  }

  /**
   * Locks the folder against other trainings until closed, cleans up after a crashed training, and
   * tests every operation that a run needs.
   *
   * @param warning receives one line for a guarantee that the file system does not give
   * @throws CsdpException bad input if another training holds it, environment if the folder cannot
   *     be written
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
          Disk.delete(entry); // its writer has ended: this process holds the lock
        }
      }
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
    Checkpoint.recover(best());
    Checkpoint.recover(last());
  }

  /** Returns the folder. */
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

  /** The result of the final test, JSON. */
  public Path test() {
    return folder.resolve("test.json");
  }

  /** Returns true if a run was started here. */
  public boolean isRun() {
    return Files.exists(folder.resolve(CONFIG));
  }

  /**
   * Refuses a folder in which a run was started.
   *
   * @throws CsdpException bad input
   */
  public void requireNoRun() {
    if (isRun()) {
      throw CsdpException.badInput(
          "%s already holds a run: continue it with --resume, replace it with --force, or choose"
              + " another folder with --out",
          folder);
    }
  }

  /** Returns true if there is a checkpoint to resume. */
  public boolean canResume() {
    return isRun() && Checkpoint.exists(last());
  }

  /**
   * Refuses a folder that cannot be written, before data is read.
   *
   * @throws CsdpException environment
   */
  public void requireWritable() {
    AtomicFolder.requireWritable(folder);
  }

  /**
   * Refuses a disk without space for a checkpoint.
   *
   * @param clearing true if {@link #clear} will free space first
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
      // The file system does not report its free space.
    }
  }

  /** Returns the configuration and origin of the run. */
  public RunRecord record() {
    if (!isRun()) {
      throw CsdpException.badInput("%s is not a run: it has no %s", folder, CONFIG);
    }
    Path file = folder.resolve(CONFIG);
    return RunRecord.of(Json.tree(file), file);
  }

  /**
   * Writes the record of a new run, or of a resumed one with allowed changes.
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
   * Returns the recorded epochs, starting with the network before training; empty before that.
   *
   * @throws CsdpException bad input, if the record is damaged
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
    try {
      Disk.deleteEntries(
          folder,
          name -> name.matches(RECORDS),
          entry -> entry.getFileName().toString().matches("(best|last)(\\.old)?"));
      Files.deleteIfExists(folder.resolve(CONFIG));
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /**
   * Refuses a folder where a run would overwrite files that csdp4j did not write, or that is part
   * of another run. This also holds for --force.
   *
   * @throws CsdpException bad input, naming a conflicting file
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
        // Not JSON: not written by a run.
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
          throw notOurs("is not a run of csdp, but holds " + file);
        }
      }
    } catch (IOException e) {
      throw Disk.failure(folder, e);
    }
  }

  /**
   * Refuses a folder for TensorBoard inside a part of this one that is replaced as a whole.
   *
   * @throws CsdpException bad input
   */
  public void requireApart(Path curves) {
    Path here = folder.toAbsolutePath().normalize();
    Path there = curves.toAbsolutePath().normalize();
    if (there.startsWith(here) && here.relativize(there).getName(0).toString().matches(PARTS)) {
      throw CsdpException.badInput(
          "%s is in a part of the run in %s, which is replaced as a whole: name another folder with"
              + " --tensorboard",
          curves, folder);
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

  /** Returns true if there is a checkpoint, also a damaged one, which must be reported. */
  private static boolean isThere(Path checkpoint) {
    return Checkpoint.exists(checkpoint) || Files.exists(checkpoint);
  }

  /** Reads parameters: those of the best epoch if it exists, else the last. */
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

  /** Rewrites the records: after a crash they may be older than the checkpoint. */
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
      writeLast(trainer, trainer.parameters());
    }
  }

  @Override
  public void epochTrained(Trainer trainer) {
    writeLast(trainer, trainer.parameters());
  }

  private void writeLast(Trainer trainer, Parameters now) {
    Checkpoint.write(last(), now, true, trainer.state());
    current = true;
  }

  /** Returns true if a process that ends now loses at most the current batch or validation. */
  public boolean isCurrent() {
    return current;
  }

  @Override
  public void epochDone(Trainer trainer, EpochMetrics metrics, boolean best) {
    current = false;
    Parameters now = trainer.parameters();
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
      writeLast(trainer, trainer.parameters());
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

  private static String lines(List<EpochMetrics> history) {
    StringBuilder sb = new StringBuilder();
    for (EpochMetrics m : history) {
      sb.append(Json.line(m)).append('\n');
    }
    return sb.toString();
  }

  /**
   * Writes one value per epoch, starting with the network before training, as the released code
   * does.
   */
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
