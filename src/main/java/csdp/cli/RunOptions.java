package csdp.cli;

import csdp.checkpoint.RunRecord;
import csdp.config.RunConfig;
import csdp.config.RunConfig.Preset;
import csdp.config.TrainOptions;
import csdp.data.DataRequest;
import csdp.error.CsdpException;
import csdp.model.Constants;
import csdp.model.Learning;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of a training run. Defaults come from a preset or from the run to resume. */
final class RunOptions {
  private enum Algorithm {
    SUPERVISED,
    UNSUPERVISED
  }

  @Mixin private DataOptions data;

  @Option(
      names = "--preset",
      description =
          "${COMPLETION-CANDIDATES}: quick trains for at most a minute on two cores, demo is the"
              + " released demo, tuned is more accurate at the demo's size (supervised, for"
              + " images). Flags override single values."
              + " Default: demo.")
  private Preset preset;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "Passes over the training images. Default: 10; 3 with the quick preset, 20 for digits"
              + " with the quick or tuned preset.")
  private Integer epochs;

  @Option(
      names = "--batch",
      paramLabel = "B",
      description =
          "Positive samples of a batch. Default: 500; 200 with the quick preset, 98 for digits"
              + " with the quick or tuned preset.")
  private Integer batch;

  @Option(
      names = "--hidden",
      paramLabel = "N,N..",
      split = ",",
      description =
          "Units of each hidden layer, one or more. Default: 3000,600; 500,100 with the quick"
              + " preset, and for digits with the tuned one.")
  private List<Integer> hidden;

  @Option(names = "--algo", description = "${COMPLETION-CANDIDATES}. Default: supervised.")
  private Algorithm algorithm;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of weights, order, spikes and negatives. Default: 1234.")
  private Integer seed;

  @Option(names = "--no-reconstruction", description = "Do not reconstruct the input.")
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

  @Option(
      names = "--tau-m",
      paramLabel = "MS",
      description = "Membrane time constant. Default: 100.")
  private Float tauM;

  @Option(
      names = "--tau-trace",
      paramLabel = "MS",
      description = "Trace time constant. Default: 13.")
  private Float tauTrace;

  @Option(
      names = "--resistance",
      paramLabel = "R",
      description = "Input resistance R_m. Default: 0.1.")
  private Float resistance;

  @Option(
      names = "--context-resistance",
      paramLabel = "R",
      description =
          "Resistance R_c of the label context. Default: that of --resistance; 0.4 with the tuned"
              + " preset.")
  private Float contextResistance;

  @Option(
      names = "--inhibitory-resistance",
      paramLabel = "R",
      description = "Resistance R_i of lateral inputs. Default: 0.01.")
  private Float inhibitoryResistance;

  @Option(
      names = "--threshold-rate",
      paramLabel = "RHO",
      description = "Rate of the adaptive threshold. Default: 0.001.")
  private Float thresholdRate;

  @Option(
      names = "--goodness-threshold",
      paramLabel = "THETA",
      description =
          "Goodness at which a sample is positive with probability 0.5. Default: 10; 6 with the"
              + " tuned preset.")
  private Float goodnessThreshold;

  @Option(
      names = {"--learning-rate", "--eta"},
      paramLabel = "ETA",
      description =
          "Learning rate of Adam. Default: depends on the batch size (0.002 for 200 or more).")
  private Float learningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      description =
          "Decay of a weight for each postsynaptic spike without a presynaptic one. Default:"
              + " depends on the batch size (5e-5 for 200 or more).")
  private Float weightDecay;

  @Option(
      names = "--anneal",
      paramLabel = "N",
      description =
          "Learning rate and decay fall along a cosine to 2 %% in N epochs, and stay there. Default:"
              + " 0, constant; all epochs with the tuned preset.")
  private Integer anneal;

  @Option(
      names = "--shift",
      paramLabel = "PIXELS",
      description =
          "Shift each training image by up to PIXELS in both directions, anew in each epoch."
              + " Default: 0; 1 with the tuned preset, 0 for digits.")
  private Integer shift;

  @Option(
      names = "--hard-negatives",
      negatable = true,
      description =
          "Supervised: the wrong label of a negative is the one that the network finds most likely,"
              + " instead of a random one. Each batch is classified first. On in the tuned preset.")
  private Boolean hardNegatives;

  @Option(
      names = "--unlabelled-head",
      negatable = true,
      description =
          "Supervised: each batch is shown twice. Without labels, as in a test, only the head learns;"
              + " with them all other synapses learn. On in the tuned preset.")
  private Boolean unlabelledHead;

  boolean hasPreset() {
    return preset != null;
  }

  /**
   * Returns the configuration: a preset or an earlier run, overridden by the given flags.
   *
   * @param builtIn the name of the built-in set of a request, as {@link
   *     csdp.data.DataSources#builtIn}
   */
  RunConfig over(RunRecord earlier, Function<DataRequest, String> builtIn) {
    RunConfig base = earlier != null ? earlier.run() : preset(builtIn);
    TrainOptions t = base.training();
    boolean supervised =
        algorithm == null ? base.network().supervised() : algorithm == Algorithm.SUPERVISED;
    if (supervised && (rotate || mix != null)) {
      throw CsdpException.badInput("%s needs --algo unsupervised", rotate ? "--rotate" : "--mix");
    }
    if (!supervised && contextResistance != null) {
      throw CsdpException.badInput(
          "--context-resistance needs --algo supervised: otherwise there is no context");
    }
    int b = or(batch, t.batch());
    int passes = or(epochs, t.epochs());
    boolean anneals = earlier == null && t.anneal() == t.epochs(); // in all epochs
    Learning l = earlier != null ? t.learning() : Learning.forBatch(b);
    TrainOptions training =
        t.withEpochs(passes)
            .withBatch(b)
            .withSeed(or(seed, t.seed()))
            .withMix(or(mix, t.mix()))
            .withRotate(rotate || t.rotate())
            .withLearning(
                new Learning(or(learningRate, l.learningRate()), or(weightDecay, l.weightDecay())))
            .withAnneal(or(anneal, anneals ? passes : t.anneal()))
            .withShift(or(shift, t.shift()))
            .withHardNegatives(or(hardNegatives, t.hardNegatives()))
            .withUnlabelledHead(or(unlabelledHead, t.unlabelledHead()));
    training.requireFit(supervised);
    Constants c = base.constants();
    Constants.Builder constants =
        c.toBuilder()
            .steps(or(steps, c.steps()))
            .dt(or(dt, c.dt()))
            .tauM(or(tauM, c.tauM()))
            .tauTrace(or(tauTrace, c.tauTrace()))
            .resistance(or(resistance, c.resistance()))
            .inhibitoryResistance(or(inhibitoryResistance, c.inhibitoryResistance()))
            .thresholdRate(or(thresholdRate, c.thresholdRate()))
            .goodnessThreshold(or(goodnessThreshold, c.goodnessThreshold()));
    if (contextResistance != null) {
      constants.contextResistance(contextResistance);
    } else if (!supervised) { // no context, so none of a preset's
      constants.contextResistance(or(resistance, c.resistance()));
    }
    return new RunConfig(
        base.network()
            .withHidden(or(hidden, base.network().hidden()))
            .withSupervised(supervised)
            .withReconstruction(base.network().reconstruction() && !noReconstruction),
        training,
        data.over(base.data()),
        constants.build());
  }

  /** Returns the preset; most fit their schedule to built-in data, which are then named. */
  private RunConfig preset(Function<DataRequest, String> builtIn) {
    Preset named = or(preset, Preset.DEMO);
    return switch (named) {
      case DEMO -> named.config();
      case QUICK, TUNED -> named.config(builtIn.apply(data.over(named.config().data()).request()));
    };
  }

  private static <T> T or(T given, T otherwise) {
    return given == null ? otherwise : given;
  }
}
