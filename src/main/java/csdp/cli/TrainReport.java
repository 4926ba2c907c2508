package csdp.cli;

import csdp.analysis.AnalysisFolder;
import csdp.backend.Backend;
import csdp.checkpoint.RunFolder;
import csdp.checkpoint.RunRecord;
import csdp.config.RunConfig;
import csdp.data.Dataset;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.Version;
import csdp.metrics.Evaluation;
import csdp.model.NetworkSpec;
import csdp.run.TrainingRun;
import csdp.train.Trainer;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Prints a training: introduction, progress, result of the test. Ctrl-C stops it while open. */
final class TrainReport extends ProgressPrinter implements TrainingRun.Watch, AutoCloseable {
  private final RunFolder folder;
  private final PrintWriter out;
  private final PrintWriter err;
  private Interrupt interrupt; // null before the training starts

  TrainReport(RunFolder folder, PrintWriter out, PrintWriter err) {
    super(out, err);
    this.folder = folder;
    this.out = out;
    this.err = err;
  }

  @Override
  public void opened(Backend backend, Splits splits, RunConfig config) {
    out.printf(Locale.ROOT, "csdp4j %s on %s%n", Version.text(), backend.description());
    out.printf(Locale.ROOT, "data     %s: %s%n", splits.name(), splits.description());
    out.printf(
        Locale.ROOT,
        "         %,d training, %,d validation, %,d test %s%n",
        splits.train().size(),
        splits.valid() == null ? 0 : splits.valid().size(),
        splits.test() == null ? 0 : splits.test().size(),
        splits.train().samples());
    if (!splits.train().classNames().isEmpty()) {
      out.printf("classes  %s%n", String.join(", ", splits.train().classNames()));
    }
    note(absentClasses(splits.train()));
    NetworkSpec network = backend.spec();
    out.printf(Locale.ROOT, "network  %s, %,d weights%n", network, network.weightCount());
    out.printf(Locale.ROOT, "run      %s%n", config.summary());
    out.printf(Locale.ROOT, "folder   %s%n", folder.path());
    out.flush();
  }

  @Override
  public void replacing(RunFolder earlier) {
    if (earlier.isRun()) {
      err.println("notice: --force replaces " + describe(earlier));
    }
    new AnalysisFolder(earlier.path()).clear();
  }

  @Override
  public void started(Trainer trainer) {
    interrupt =
        new Interrupt(
            trainer::requestStop,
            folder::isCurrent,
            this::stopping,
            "continue with: train --resume --out " + folder.path());
    super.started(trainer);
  }

  @Override
  public void tested(Trainer trainer, Evaluation result) {
    NetworkSpec network = trainer.spec();
    if (result == null) {
      out.println("test     not measured: there are no test images");
      if (trainer.validated() != null) {
        note(trainer.validated().notes(network));
      }
      out.flush();
      return;
    }
    clear();
    out.printf(
        Locale.ROOT,
        "test     accuracy %.2f %% of %,d images, NLL %.4f%s (parameters of epoch %d)%n",
        100 * result.accuracy(),
        result.n(),
        result.nll(),
        result.bce() == null ? "" : String.format(Locale.ROOT, ", BCE %.1f", result.bce()),
        trainer.state().bestEpoch());
    note(result.notes(network));
    out.flush();
  }

  /** Returns true once training has started. */
  boolean begun() {
    return interrupt != null;
  }

  @Override
  public void close() {
    clear();
    if (interrupt != null) {
      interrupt.close();
    }
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

  private void note(List<String> notes) {
    notes.forEach(note -> out.printf("note     %s%n", note));
  }
}
