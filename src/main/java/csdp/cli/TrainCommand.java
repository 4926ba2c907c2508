package csdp.cli;

import csdp.backend.Device;
import csdp.checkpoint.RunFolder;
import csdp.checkpoint.RunRecord;
import csdp.config.RunConfig;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.run.TrainingRun;
import csdp.run.TrainingRun.End;
import csdp.run.TrainingRun.Start;
import csdp.tensorboard.TensorBoard;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
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
    RunFolder named = out == null ? null : new RunFolder(out);
    if (named != null) {
      named.requireWritable();
      if (!resume) {
        named.requireOurs();
      }
      if (!resume && !force) {
        named.requireNoRun();
      }
    }
    RunRecord earlier = resume && named != null ? named.record() : null;
    RunConfig config = options.over(earlier, this::builtIn);
    Splits splits = open(config);
    if (out == null) {
      String algo = config.network().supervised() ? "supervised" : "unsupervised";
      out = Path.of("exp_" + algo + "_" + splits.name());
      if (resume) {
        earlier = new RunFolder(out).record();
        config = options.over(earlier, this::builtIn);
        splits = open(config);
      }
    }
    RunFolder folder = new RunFolder(out, checkpointEvery);
    Start start = resume ? Start.RESUME : force ? Start.REPLACE : Start.NEW;
    TrainingRun training = new TrainingRun(folder, where, device.threads(), start, this::warn);
    if (curves != null) {
      folder.requireApart(tensorboard);
      training.listen(curves);
    }
    PrintWriter console = spec.commandLine().getOut();
    TrainReport report = new TrainReport(folder, console, spec.commandLine().getErr());
    try (report;
        curves) {
      if (!training.run(config, splits, End.TEST, report)) {
        console.printf(Locale.ROOT, "continue with: train --resume --out %s%n", out);
        console.flush();
        return CsdpException.FAILED;
      }
    } catch (CsdpException e) {
      throw report.begun() && e.exitCode() == CsdpException.FAILED ? e.then(training.advice()) : e;
    }
    return 0;
  }

  private void warn(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("warning: " + line);
    err.flush();
  }

  private Splits open(RunConfig config) {
    return DataSources.open(config.data().request(), this::notice);
  }

  private String builtIn(DataRequest request) {
    return DataSources.builtIn(request, this::notice);
  }

  private void notice(String line) {
    spec.commandLine().getErr().println("notice: " + line);
  }
}
