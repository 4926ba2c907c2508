package csdp.cli;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.analysis.AnalysisFolder;
import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.checkpoint.Checkpoint;
import csdp.checkpoint.RunFolder;
import csdp.checkpoint.RunRecord;
import csdp.config.RunConfig;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.FolderLock;
import csdp.io.Json;
import csdp.io.Version;
import csdp.metrics.Evaluation;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.tensorboard.TensorBoard;
import csdp.train.Evaluator;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a network with checkpoints and tests the best parameters. */
@Command(
    name = "train",
    description = {
      "Train a network. Without flags: the released demo (784-3000-600-10, 10 epochs of MNIST).",
      "Ctrl-C and SIGTERM stop after the current training or validation batch, write a"
          + " checkpoint and print the command to continue."
    })
final class TrainCommand implements Callable<Integer> {
  @Mixin private RunOptions options;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the run. Default: exp_<algo>_<dataset>.")
  private Path out;

  @Option(names = "--resume", description = "Continue the run in --out, bit-exactly.")
  private boolean resume;

  @Option(
      names = "--force",
      description = "Replace an existing run in --out; other files are kept.")
  private boolean force;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "0",
      description = "Also write a checkpoint every N batches. Default: after every epoch only.")
  private int checkpointEvery;

  @Option(
      names = "--tensorboard",
      paramLabel = "DIR",
      description =
          "Also write curves, histograms of weights and reconstructions for TensorBoard. With"
              + " --resume, name it again: steps after the checkpoint are replaced.")
  private Path tensorboard;

  @Mixin private DeviceOptions device;

  @Spec private CommandSpec spec;

  @Override
  @SuppressWarnings("try") // the lock is held while open; the variable is not used
  public Integer call() {
    if (resume && (force || options.hasPreset())) {
      throw CsdpException.badInput(
          "--resume and %s exclude each other", force ? "--force" : "--preset");
    }
    if (checkpointEvery < 0) {
      throw CsdpException.badInput("--checkpoint-every cannot be %d", checkpointEvery);
    }
    Device where = device.resolve(spec);
    TensorBoard curves = tensorboard == null ? null : new TensorBoard(tensorboard);
    if (curves != null) {
      curves.requireUsable(resume || force);
    }
    if (out != null) {
      new RunFolder(out).requireWritable();
    }
    RunRecord earlier = resume && out != null ? new RunFolder(out).record() : null;
    RunConfig config = options.over(earlier);
    Splits splits = open(config);
    if (out == null) {
      String algo = config.network().supervised() ? "supervised" : "unsupervised";
      out = Path.of("exp_" + algo + "_" + splits.name());
      if (resume) {
        earlier = new RunFolder(out).record();
        config = options.over(earlier);
        splits = open(config);
      }
    }
    RunFolder folder = new RunFolder(out, checkpointEvery);
    folder.requireOurs();
    NetworkSpec network = config.spec(splits.train().pixels(), splits.train().classes());
    RunRecord record = record(where, splits, config);
    try (FolderLock lock = folder.lock(this::warn);
        curves) {
      return train(where, network, folder, earlier, record, splits, curves);
    }
  }

  @SuppressWarnings("try") // as is Interrupt
  private int train(
      Device where,
      NetworkSpec network,
      RunFolder folder,
      RunRecord earlier,
      RunRecord record,
      Splits splits,
      TensorBoard curves) {
    RunConfig config = record.run();
    if (folder.isRun() && !resume && !force) {
      throw CsdpException.badInput(
          "%s already holds a run: continue it with --resume, replace it with --force, or choose"
              + " another folder with --out",
          out);
    }
    if (resume) {
      record = continued(earlier, record);
    }
    boolean goOn = resume && folder.canResume();
    if (goOn) {
      requireGoingOn(folder, network, config);
    }
    folder.requireSpace(network, force);

    PrintWriter console = spec.commandLine().getOut();
    try (Backend backend = where.open(network, device.threads())) {
      TrainState state = begin(backend, goOn ? folder : null, config);
      introduce(console, backend, splits, config);
      ProgressPrinter progress = new ProgressPrinter(console, spec.commandLine().getErr());
      List<TrainListener> listeners = new ArrayList<>(List.of(folder, progress));
      if (curves != null) {
        listeners.add(0, curves);
      }
      Trainer trainer =
          new Trainer(backend, splits.train(), splits.valid(), config.training(), state, listeners);
      if (force) {
        if (folder.isRun()) {
          spec.commandLine().getErr().println("notice: --force replaces " + describe(folder));
        }
        new AnalysisFolder(folder.path()).clear();
        folder.clear();
      }
      folder.write(record);
      try (Interrupt interrupt = new Interrupt(trainer, folder, progress)) {
        if (!trainer.run()) {
          console.printf(Locale.ROOT, "continue with: train --resume --out %s%n", out);
          console.flush();
          return CsdpException.FAILED;
        }
        finish(folder, backend, splits.test(), trainer, progress, console);
      } catch (CsdpException e) {
        progress.clear();
        throw e.exitCode() == CsdpException.FAILED ? e.then(wayOn(folder)) : e;
      }
    }
    return 0;
  }

  /** Checks, before any large allocation, that the checkpoint fits and that epochs remain. */
  private void requireGoingOn(RunFolder folder, NetworkSpec network, RunConfig config) {
    Checkpoint.requireFit(folder.last(), network);
    int done = Checkpoint.readState(folder.last(), TrainState.class).epoch();
    if (done > config.training().epochs()) {
      throw CsdpException.badInput(
          "%d epochs are already completed in %s: --epochs must be at least that", done, out);
    }
  }

  /**
   * Loads the initial parameters into the backend.
   *
   * @param resumed folder of parameters and state to resume; null for a new run
   */
  private static TrainState begin(Backend backend, RunFolder resumed, RunConfig config) {
    if (resumed == null) {
      backend.restore(Parameters.random(backend.spec(), config.training().seed()));
      return TrainState.start();
    }
    Parameters parameters = new Parameters(backend.spec());
    TrainState state = resumed.resume(parameters);
    backend.restore(parameters);
    return state;
  }

  /** Returns the advice after a failed run. */
  private String wayOn(RunFolder folder) {
    String again = "start again with --force, after NaN or infinity with a lower --learning-rate";
    if (!folder.canResume()) {
      return String.format(Locale.ROOT, "there is no checkpoint yet: %s", again);
    }
    TrainState kept = Checkpoint.readState(folder.last(), TrainState.class);
    return String.format(
        Locale.ROOT,
        "the checkpoint after epoch %d%s is kept: continue from it with train --resume --out %s;"
            + " if it fails again, %s",
        kept.epoch(),
        kept.batch() == 0 ? "" : " and " + kept.batch() + " batches",
        out,
        again);
  }

  private void warn(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("warning: " + line);
    err.flush();
  }

  /**
   * While open, Ctrl-C and SIGTERM request a stop. The virtual machine then waits until this is
   * closed or the checkpoint on disk is current.
   */
  private static final class Interrupt implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 2_000;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    Interrupt(Trainer trainer, RunFolder folder, ProgressPrinter progress) {
      hook =
          new Thread(
              () -> {
                trainer.requestStop();
                progress.stopping(
                    folder.isCurrent()
                        ? "stopping; the checkpoint is written"
                        : "stopping after this batch; then a checkpoint is written");
                try {
                  // Unfinished work, a batch or validation, can be repeated after a resume.
                  while (!closed.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                      && !folder.isCurrent()) {}
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                if (closed.getCount() > 0) {
                  progress.stopping("continue with: train --resume --out " + folder.path());
                }
              });
      Runtime.getRuntime().addShutdownHook(hook);
    }

    @Override
    public void close() {
      closed.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The virtual machine is already shutting down.
      }
    }
  }

  private Splits open(RunConfig config) {
    PrintWriter err = spec.commandLine().getErr();
    return DataSources.open(config.data().request(), line -> err.println("notice: " + line));
  }

  private static RunRecord record(Device where, Splits splits, RunConfig config) {
    return new RunRecord(
        Version.text(),
        System.getProperty("java.version"),
        where.toString(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        RunRecord.Data.of(splits),
        config);
  }

  private void introduce(PrintWriter console, Backend backend, Splits splits, RunConfig config) {
    console.printf(Locale.ROOT, "csdp4j %s on %s%n", Version.text(), backend.description());
    console.printf(Locale.ROOT, "data     %s: %s%n", splits.name(), splits.description());
    console.printf(
        Locale.ROOT,
        "         %,d training, %,d validation, %,d test images of %d x %d pixels%n",
        splits.train().size(),
        splits.valid() == null ? 0 : splits.valid().size(),
        splits.test() == null ? 0 : splits.test().size(),
        splits.train().width(),
        splits.train().height());
    note(console, absentClasses(splits.train()));
    NetworkSpec network = backend.spec();
    console.printf(Locale.ROOT, "network  %s, %,d weights%n", network, network.weightCount());
    console.printf(Locale.ROOT, "run      %s%n", config.summary());
    console.printf(Locale.ROOT, "folder   %s%n", out);
    console.flush();
  }

  /** Returns a note on classes without training images. */
  private static List<String> absentClasses(Dataset train) {
    List<Integer> absent = train.absentClasses();
    if (absent.isEmpty()) {
      return List.of();
    }
    String some =
        String.join(", ", absent.stream().limit(5).map(String::valueOf).toList())
            + (absent.size() > 5 ? ", ..." : "");
    return List.of(
        String.format(
            Locale.ROOT,
            "labels up to %d make %,d outputs, of which %d classes have no training image (%s):"
                + " labels should start at 0 without gaps",
            train.classes() - 1,
            train.classes(),
            absent.size(),
            some));
  }

  /** Returns a one-line description of an earlier run, to expose an accidental replacement. */
  private static String describe(RunFolder folder) {
    try {
      RunRecord earlier = folder.record();
      return String.format(
          Locale.ROOT,
          "the run in %s (seed %d, started %s)",
          folder.path(),
          earlier.run().training().seed(),
          earlier.started());
    } catch (CsdpException e) {
      return "the damaged run in " + folder.path();
    }
  }

  private static void note(PrintWriter console, List<String> notes) {
    notes.forEach(note -> console.printf("note     %s%n", note));
  }

  /** Tests the best parameters if there are test images. */
  private static void finish(
      RunFolder folder,
      Backend backend,
      Dataset test,
      Trainer trainer,
      ProgressPrinter progress,
      PrintWriter console) {
    if (test == null) {
      console.println("test     not measured: there are no test images");
      if (trainer.validated() != null) {
        note(console, trainer.validated().notes(backend.spec()));
      }
      console.flush();
      return;
    }
    backend.restore(folder.parameters(backend.spec(), false));
    int seed = trainer.options().seed();
    Evaluation result =
        Evaluator.evaluate(backend, test, seed, EvaluateCommand.BATCH, progress::testing);
    progress.clear();
    console.printf(
        Locale.ROOT,
        "test     accuracy %.2f %% of %,d images, NLL %.4f%s (parameters of epoch %d)%n",
        100 * result.accuracy(),
        result.n(),
        result.nll(),
        result.bce() == null ? "" : String.format(Locale.ROOT, ", BCE %.1f", result.bce()),
        trainer.state().bestEpoch());
    note(console, result.notes(backend.spec()));
    console.flush();
    AtomicFile.write(folder.path().resolve("test.json"), Json.bytes(result));
  }

  /**
   * Returns the record of a resumed run. Only the number of epochs and the location of the data may
   * change.
   */
  private RunRecord continued(RunRecord earlier, RunRecord now) {
    RunConfig before = earlier.run();
    RunConfig asked = now.run();
    RunConfig comparable =
        new RunConfig(
            asked.network(),
            asked.training().withEpochs(before.training().epochs()),
            before.data().sized(asked.data().valid(), asked.data().trainLimit()),
            asked.constants());
    if (!comparable.equals(before)) {
      throw CsdpException.badInput(
          "--resume continues the run in %s with its original configuration, but %s: remove that"
              + " flag",
          out, difference("", Json.tree(before), Json.tree(comparable)));
    }
    if (!earlier.seen().sameContent(now.seen())) {
      throw CsdpException.badInput(
          "the data differs from that of the run in %s (%s, training images %s): resume with the"
              + " same data",
          out, earlier.seen().name(), earlier.seen().train().sha256().substring(0, 12));
    }
    return new RunRecord(
        earlier.csdp4j(), earlier.java(), earlier.device(), earlier.started(), now.seen(), asked);
  }

  private static String difference(String path, JsonNode there, JsonNode here) {
    if (!there.isObject()) {
      return String.format(Locale.ROOT, "%s is %s there and %s here", path, there, here);
    }
    for (Map.Entry<String, JsonNode> field : there.properties()) {
      JsonNode other = here.get(field.getKey());
      if (!Objects.equals(field.getValue(), other)) {
        String name = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
        return difference(name, field.getValue(), other);
      }
    }
    return "something differs";
  }
}
