package csdp.cli;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Csdp;
import csdp.CsdpException;
import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.checkpoint.AtomicFile;
import csdp.checkpoint.RunFolder;
import csdp.checkpoint.RunRecord;
import csdp.config.Json;
import csdp.config.RunConfig;
import csdp.config.RunConfig.Preset;
import csdp.data.DataSources;
import csdp.data.Dataset;
import csdp.data.Splits;
import csdp.metrics.Evaluation;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.train.Evaluator;
import csdp.train.TrainOptions;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a network, with checkpoints, and measures the best one on the test images. */
@Command(
    name = "train",
    description = {
      "Train a network. Without flags: the released demo (784-3000-600-10, 10 epochs of MNIST).",
      "Ctrl-C finishes the batch, writes a checkpoint and says how to go on."
    })
final class TrainCommand implements Callable<Integer> {
  private enum Algorithm {
    SUPERVISED,
    UNSUPERVISED
  }

  @Mixin private DataOptions data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the run. Default: exp_<algo>_<dataset>.")
  private Path out;

  @Option(
      names = "--preset",
      description =
          "${COMPLETION-CANDIDATES}: quick takes about two minutes on two cores, demo is the released"
              + " demo. Flags override single values. Default: demo.")
  private Preset preset;

  @Option(names = "--resume", description = "Go on with the run in --out, exactly.")
  private boolean resume;

  @Option(names = "--force", description = "Replace an existing run in --out.")
  private boolean force;

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over the training images.")
  private Integer epochs;

  @Option(names = "--batch", paramLabel = "B", description = "Positive samples of a batch.")
  private Integer batch;

  @Option(
      names = "--hidden",
      paramLabel = "N,N..",
      split = ",",
      description = "Units of each hidden layer, one or more.")
  private List<Integer> hidden;

  @Option(names = "--algo", description = "${COMPLETION-CANDIDATES}. Default: supervised.")
  private Algorithm algorithm;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of weights, order, spikes and negatives. Default: 1234.")
  private Integer seed;

  @Option(
      names = "--no-reconstruction",
      description = "Leave out the population that reconstructs the input.")
  private boolean noReconstruction;

  @Option(
      names = "--mix",
      paramLabel = "A",
      description = "Unsupervised: share of an image in its negative. Default: 0.5.")
  private Float mix;

  @Option(
      names = "--rotate",
      description = "Unsupervised: rotate the other image of a negative by up to 90 degrees.")
  private boolean rotate;

  @Option(names = "--steps", paramLabel = "T", description = "Time steps of a window. Default: 50.")
  private Integer steps;

  @Option(names = "--dt", paramLabel = "MS", description = "Integration step. Default: 3.")
  private Float dt;

  @Option(names = "--tau-m", paramLabel = "MS", description = "Membrane constant. Default: 100.")
  private Float tauM;

  @Option(names = "--tau-trace", paramLabel = "MS", description = "Trace constant. Default: 13.")
  private Float tauTrace;

  @Option(names = "--resistance", paramLabel = "R", description = "Of inputs. Default: 0.1.")
  private Float resistance;

  @Option(
      names = "--inhibitory-resistance",
      paramLabel = "R",
      description = "Of lateral inputs. Default: 0.01.")
  private Float inhibitoryResistance;

  @Option(
      names = "--threshold-rate",
      paramLabel = "RHO",
      description = "Of the adaptive threshold. Default: 0.001.")
  private Float thresholdRate;

  @Option(
      names = "--goodness-threshold",
      paramLabel = "THETA",
      description = "Goodness that counts as half positive. Default: 10.")
  private Float goodnessThreshold;

  @Option(
      names = {"--learning-rate", "--eta"},
      paramLabel = "ETA",
      description = "Of Adam. Default: follows the batch size (0.002 from 200 on).")
  private Float learningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      description = "Default: follows the batch size (5e-5 from 200 on).")
  private Float weightDecay;

  @Mixin private DeviceOptions device;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter console = spec.commandLine().getOut();
    if (resume && (force || preset != null)) {
      throw CsdpException.badInput(
          "--resume and %s exclude each other", force ? "--force" : "--preset");
    }
    Device where = device.resolve(spec);
    RunRecord earlier = resume && out != null ? new RunFolder(out).record() : null;
    RunConfig config = over(earlier);
    Splits splits = open(config);
    if (out == null) {
      String algo = config.network().supervised() ? "supervised" : "unsupervised";
      out = Path.of("exp_" + algo + "_" + splits.name());
      if (resume) {
        earlier = new RunFolder(out).record();
        RunConfig asked = over(earlier);
        if (!asked.data().equals(config.data())) {
          splits = open(asked);
        }
        config = asked;
      }
    }
    RunFolder folder = new RunFolder(out);
    RunRecord record =
        new RunRecord(
            Csdp.version(),
            System.getProperty("java.version"),
            where.name().toLowerCase(Locale.ROOT),
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
            RunRecord.Data.of(splits),
            config);
    NetworkSpec network = config.spec(splits.train().pixels(), splits.train().classes());
    Parameters parameters;
    TrainState state = TrainState.start();
    if (resume) {
      requireSame(earlier, record);
      parameters = new Parameters(network);
      if (folder.canResume()) {
        state = folder.resume(parameters);
      } else {
        parameters = Parameters.random(network, config.training().seed());
      }
    } else {
      if (folder.isRun() && !force) {
        throw CsdpException.badInput(
            "%s holds a run already: go on with --resume, replace it with --force, or choose"
                + " another folder with --out",
            out);
      }
      parameters = Parameters.random(network, config.training().seed());
    }

    try (Backend backend = where.open(network, device.threads())) {
      console.printf("csdp4j %s on %s%n", Csdp.version(), backend.description());
      console.printf("data     %s: %s%n", splits.name(), splits.description());
      console.printf(
          "         %,d training, %,d validation, %,d test images of %d x %d pixels%n",
          splits.train().size(),
          splits.valid() == null ? 0 : splits.valid().size(),
          splits.test().size(),
          splits.train().width(),
          splits.train().height());
      console.printf("network  %s, %,d weights%n", network, network.weightCount());
      console.printf("run      %s%n", Json.line(config));
      console.printf("folder   %s%n", out);
      console.flush();
      backend.restore(parameters);
      ProgressPrinter progress = new ProgressPrinter(console, spec.commandLine().getErr());
      Trainer trainer =
          new Trainer(
              backend,
              splits.train(),
              splits.valid(),
              config.training(),
              state,
              List.of(progress, folder));
      if (!resume && force) {
        folder.clear();
      }
      folder.write(record);
      if (!runUntilStopped(trainer)) {
        console.printf("stopped; go on with: csdp train --resume --out %s%n", out);
        console.flush();
        return CsdpException.FAILED;
      }
      finish(folder, network, backend, splits.test(), trainer.state(), progress, console);
    }
    return 0;
  }

  private Splits open(RunConfig config) {
    PrintWriter err = spec.commandLine().getErr();
    return DataSources.open(
        config.data().request(),
        line -> {
          err.println("notice: " + line);
          err.flush();
        });
  }

  /** Trains; on Ctrl-C finishes the batch, so that a checkpoint is written, and returns false. */
  private boolean runUntilStopped(Trainer trainer) {
    CountDownLatch done = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              trainer.requestStop();
              try {
                done.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
    boolean finished = false;
    try {
      finished = trainer.run();
      return finished;
    } finally {
      if (finished || !isShuttingDown(hook)) {
        done.countDown();
      } else {
        // Leave the caller a moment to say how to go on before the virtual machine ends.
        new Thread(
                () -> {
                  sleepBriefly();
                  done.countDown();
                })
            .start();
      }
    }
  }

  private static void sleepBriefly() {
    try {
      Thread.sleep(300);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isShuttingDown(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  /** Measures the best parameters on the test images. */
  private void finish(
      RunFolder folder,
      NetworkSpec network,
      Backend backend,
      Dataset test,
      TrainState state,
      ProgressPrinter progress,
      PrintWriter console) {
    backend.restore(folder.parameters(network, false));
    Evaluation result =
        Evaluator.evaluate(
            backend, test, trainSeed(folder), EvaluateCommand.BATCH, progress::testing);
    progress.clear();
    console.printf(
        "test     accuracy %.2f %% of %,d images, NLL %.4f%s (parameters of epoch %d)%n",
        100 * result.accuracy(),
        result.n(),
        result.nll(),
        result.bce() == null ? "" : String.format(Locale.ROOT, ", BCE %.1f", result.bce()),
        state.bestEpoch());
    console.flush();
    AtomicFile.write(folder.path().resolve("test.json"), Json.bytes(result));
  }

  private static int trainSeed(RunFolder folder) {
    return folder.record().run().training().seed();
  }

  /** The run that is asked for: a preset's or an earlier one's, with every flag that was given. */
  private RunConfig over(RunRecord earlier) {
    RunConfig base = earlier != null ? earlier.run() : or(preset, Preset.DEMO).config();
    TrainOptions t = base.training();
    boolean supervised =
        algorithm == null ? base.network().supervised() : algorithm == Algorithm.SUPERVISED;
    if (supervised && (rotate || mix != null)) {
      throw CsdpException.badInput(
          "%s only has a meaning with --algo unsupervised", rotate ? "--rotate" : "--mix");
    }
    int b = or(batch, t.batch());
    TrainOptions training =
        new TrainOptions(
            or(epochs, t.epochs()), b, or(seed, t.seed()), or(mix, t.mix()), rotate || t.rotate());
    Constants c = earlier != null ? base.constants() : Constants.forBatch(b);
    Constants constants =
        new Constants(
            or(steps, c.steps()),
            or(dt, c.dt()),
            or(tauM, c.tauM()),
            or(tauTrace, c.tauTrace()),
            or(resistance, c.resistance()),
            or(inhibitoryResistance, c.inhibitoryResistance()),
            or(thresholdRate, c.thresholdRate()),
            or(goodnessThreshold, c.goodnessThreshold()),
            or(learningRate, c.learningRate()),
            or(weightDecay, c.weightDecay()));
    return new RunConfig(
        new RunConfig.Network(
            or(hidden, base.network().hidden()),
            supervised,
            base.network().reconstruction() && !noReconstruction),
        training,
        data.over(base.data()),
        constants);
  }

  private static <T> T or(T given, T otherwise) {
    return given == null ? otherwise : given;
  }

  /** A resumed run may only get more epochs and another device. */
  private void requireSame(RunRecord earlier, RunRecord now) {
    TrainOptions options = now.run().training();
    RunConfig config =
        new RunConfig(
            now.run().network(),
            options.withEpochs(earlier.run().training().epochs()),
            now.run().data(),
            now.run().constants());
    if (!config.equals(earlier.run())) {
      throw CsdpException.badInput(
          "--resume goes on with the run in %s as it was started, but %s: leave that flag out",
          out, difference("", Json.tree(earlier.run()), Json.tree(config)));
    }
    if (!earlier.seen().sameContent(now.seen())) {
      throw CsdpException.badInput(
          "the data is not what the run in %s was started with (%s, training images %s): resume with"
              + " the same data",
          out, earlier.seen().name(), earlier.seen().train().sha256().substring(0, 12));
    }
  }

  private static String difference(String path, JsonNode there, JsonNode here) {
    if (!there.isObject()) {
      return String.format("%s is %s there and %s here", path, there, here);
    }
    for (Iterator<Map.Entry<String, JsonNode>> it = there.fields(); it.hasNext(); ) {
      Map.Entry<String, JsonNode> field = it.next();
      JsonNode other = here.get(field.getKey());
      if (!Objects.equals(field.getValue(), other)) {
        String name = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
        return difference(name, field.getValue(), other);
      }
    }
    return "something differs";
  }
}
