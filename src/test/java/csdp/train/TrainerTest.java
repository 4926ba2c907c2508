package csdp.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.checkpoint.Checkpoint;
import csdp.checkpoint.RunFolder;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.data.Strokes;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.io.Npy;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.TestNetworks;
import csdp.model.TestParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final Dataset ALL = Strokes.train(1);
  private static final Dataset TRAIN = ALL.subset(0, 330);
  private static final Dataset VALID = ALL.subset(330, 430);
  @TempDir Path dir;

  private static NetworkSpec spec(boolean supervised) {
    return TestNetworks.strokes(12).hidden(40, 20).supervised(supervised).build();
  }

  private static TrainOptions options(int epochs) {
    return TrainOptions.epochs(epochs)
        .withBatch(100)
        .withSeed(7)
        .withRotate(true)
        .withLearning(new Learning(0.002f, 6e-5f));
  }

  /** Trains from a state in a folder's last checkpoint, or from the start, and returns the end. */
  private static Parameters train(
      NetworkSpec spec, Dataset valid, int epochs, int threads, TrainListener... listeners) {
    return train(
        spec, valid, epochs, threads, Parameters.random(spec, 7), TrainState.start(), listeners);
  }

  private static Parameters train(
      NetworkSpec spec,
      Dataset valid,
      int epochs,
      int threads,
      Parameters from,
      TrainState state,
      TrainListener... listeners) {
    try (Backend backend = Device.CPU.open(spec, threads)) {
      return train(backend, valid, options(epochs), from, state, listeners);
    }
  }

  private static Parameters train(
      Backend backend,
      Dataset valid,
      TrainOptions options,
      Parameters from,
      TrainState state,
      TrainListener... listeners) {
    backend.restore(from);
    new Trainer(backend, TRAIN, valid, options, state, List.of(listeners)).run();
    return backend.parameters();
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    for (boolean supervised : new boolean[] {true, false}) {
      NetworkSpec spec = spec(supervised);
      TestParameters.assertSame(train(spec, null, 1, 1), train(spec, null, 1, 3));
    }
  }

  @Test
  void resumesExactlyAfterAnEpoch() {
    NetworkSpec spec = spec(true);
    RunFolder whole = new RunFolder(dir.resolve("whole"));
    RunFolder parts = new RunFolder(dir.resolve("parts"));
    Parameters expected = train(spec, VALID, 4, 2, whole);
    train(spec, VALID, 2, 2, parts);
    Parameters p = new Parameters(spec);
    TrainState state = parts.resume(p);
    assertEquals(2, state.epoch());
    TestParameters.assertSame(expected, train(spec, VALID, 4, 1, p, state, parts));
    assertSameFolders(spec, whole, parts);
  }

  /**
   * Rates, shifts, hard negatives and the windows without context depend on the position in the
   * schedule and the parameters, not on where a process began.
   */
  @Test
  void everyOptionOfTheScheduleResumesExactly() {
    TrainOptions options =
        options(3).withAnneal(2).withShift(1).withHardNegatives(true).withUnlabelledHead(true);
    assertEquals(options.learning(), options.learning(0));
    float full = options.learningRate();
    assertEquals(0.51f * full, options.learning(1).learningRate(), 1e-6f * full);
    assertEquals(0.02f * full, options.learning(2).learningRate(), 1e-6f * full);
    assertEquals(options.learning(2), options.learning(2.5));
    NetworkSpec spec = spec(true);
    Parameters start = Parameters.random(spec, 7);
    RunFolder parts = new RunFolder(dir.resolve("parts"));
    try (Backend cpu = Device.CPU.open(spec, 2);
        Backend reference = Device.REFERENCE.open(spec, 1)) {
      Parameters whole = train(cpu, null, options, start, TrainState.start());
      TestParameters.assertSame(whole, train(reference, null, options, start, TrainState.start()));
      train(cpu, null, options, start, TrainState.start(), new StopAfter(6), parts);
      Parameters p = new Parameters(spec);
      TrainState state = parts.resume(p);
      TestParameters.assertSame(whole, train(cpu, null, options, p, state));
      for (TrainOptions other :
          List.of(
              options.withShift(0),
              options.withAnneal(3),
              options.withHardNegatives(false),
              options.withUnlabelledHead(false))) {
        Parameters end = train(cpu, null, other, start, TrainState.start());
        assertThrows(AssertionError.class, () -> TestParameters.assertSame(whole, end));
      }
    }
  }

  /** Notes what learns in each window. */
  private static final class Noting extends Forwarding {
    final List<String> windows = new ArrayList<>();

    Noting(Backend inner) {
      super(inner);
    }

    @Override
    public void run(Batch batch, Learning learning, ReadOut out, StepObserver observer) {
      String learns = learning == null ? "nothing" : learning.synapses().name();
      boolean context = batch.clamped(0) == batch.label(0);
      windows.add(batch.size() + (context ? " labelled: " : " unlabelled: ") + learns);
      super.run(batch, learning, out, observer);
    }
  }

  @Test
  void theHeadLearnsWithoutContextAndAllElseWithIt() {
    NetworkSpec spec = spec(true);
    Parameters start = Parameters.random(spec, 7);
    TrainOptions plain = options(1).withBatch(165);
    Map<TrainOptions, List<String>> expected =
        Map.of(
            plain,
            List.of("330 labelled: ALL"),
            plain.withHardNegatives(true),
            List.of("165 unlabelled: nothing", "330 labelled: ALL"),
            plain.withUnlabelledHead(true),
            List.of("165 unlabelled: HEADS", "330 labelled: ALL_BUT_HEADS"),
            plain.withUnlabelledHead(true).withHardNegatives(true),
            List.of("165 unlabelled: HEADS", "330 labelled: ALL_BUT_HEADS"));
    expected.forEach(
        (options, windows) -> {
          try (Noting noting = new Noting(Device.CPU.open(spec, 2))) {
            train(noting, null, options, start, TrainState.start());
            List<String> twoBatches = new ArrayList<>(windows);
            twoBatches.addAll(windows);
            assertEquals(twoBatches, noting.windows);
          }
        });
  }

  /** Stops after some batches. */
  private static final class StopAfter implements TrainListener {
    int left;

    StopAfter(int batches) {
      left = batches;
    }

    @Override
    public void batchDone(Trainer trainer) {
      if (--left == 0) {
        trainer.requestStop();
      }
    }
  }

  @Test
  void resumesExactlyInTheMiddleOfAnEpoch() throws Exception {
    NetworkSpec spec = spec(false);
    RunFolder whole = new RunFolder(dir.resolve("whole"));
    RunFolder parts = new RunFolder(dir.resolve("parts"));
    Parameters expected = train(spec, VALID, 2, 2, whole);
    train(spec, VALID, 2, 2, new StopAfter(3), parts); // of 4 in an epoch
    Parameters p = new Parameters(spec);
    TrainState state = parts.resume(p);
    assertEquals(0, state.epoch());
    assertEquals(3, state.batch());
    assertEquals(300, state.sums().samples());
    train(spec, VALID, 2, 2, p, state, new StopAfter(2), parts); // into the second epoch
    state = parts.resume(p);
    assertEquals(1, state.epoch());
    assertEquals(1, state.batch());
    TestParameters.assertSame(expected, train(spec, VALID, 2, 2, p, state, parts));
    assertSameFolders(spec, whole, parts);
  }

  /** Stops in the middle of a validation. */
  private static final class StopInValidation implements TrainListener {
    final int epoch;
    int batches;

    StopInValidation(int epoch) {
      this.epoch = epoch;
    }

    @Override
    public void validating(Trainer trainer, int images, int of) {
      if (trainer.state().history().size() == epoch) {
        batches++;
        trainer.requestStop();
      }
    }
  }

  @Test
  void resumesExactlyInTheMiddleOfAValidation() throws Exception {
    NetworkSpec spec = spec(true);
    Dataset valid = ALL.subset(330, 930); // three batches of 200
    RunFolder whole = new RunFolder(dir.resolve("whole"));
    Parameters expected = train(spec, valid, 2, 2, whole);
    for (int epoch = 0; epoch <= 2; epoch++) { // 0: before training
      RunFolder parts = new RunFolder(dir.resolve("parts" + epoch));
      StopInValidation stop = new StopInValidation(epoch);
      train(spec, valid, 2, 2, parts, stop);
      assertEquals(1, stop.batches, "validation stops after the batch at hand");
      Parameters p = new Parameters(spec);
      TrainState state = parts.resume(p);
      assertEquals(Math.max(0, epoch - 1), state.epoch());
      assertEquals(epoch == 0 ? 0 : 4, state.batch(), "the epoch's training is kept");
      assertEquals(epoch, state.history().size());
      TestParameters.assertSame(expected, train(spec, valid, 2, 2, p, state, parts));
      assertSameFolders(spec, whole, parts);
      assertEquals(
          whole.history().stream().map(TrainerTest::timeless).toList(),
          parts.history().stream().map(TrainerTest::timeless).toList());
    }
  }

  /** A process that is killed while it validates has lost the validation only. */
  @Test
  void theStateIsWrittenBeforeValidation() throws Exception {
    NetworkSpec spec = spec(true);
    RunFolder folder = new RunFolder(dir.resolve("run"));
    List<String> seen = new ArrayList<>();
    TrainListener look =
        new TrainListener() {
          @Override
          public void validating(Trainer trainer, int images, int of) {
            if (trainer.state().batch() > 0) {
              TrainState kept = Checkpoint.readState(folder.last(), TrainState.class);
              seen.add(kept.epoch() + " " + kept.batch() + " " + folder.isCurrent());
            }
          }

          @Override
          public void batchDone(Trainer trainer) {
            seen.add(String.valueOf(folder.isCurrent()));
          }
        };
    train(spec, VALID, 1, 1, folder, look);
    assertEquals(List.of("false", "false", "false", "false", "0 4 true"), seen);
  }

  /** The same checkpoints and metrics, except times. */
  private static void assertSameFolders(NetworkSpec spec, RunFolder a, RunFolder b) {
    TestParameters.assertSame(a.parameters(spec, false), b.parameters(spec, false));
    TestParameters.assertSame(a.parameters(spec, true), b.parameters(spec, true));
    TrainState x = Checkpoint.readState(a.last(), TrainState.class);
    TrainState y = Checkpoint.readState(b.last(), TrainState.class);
    assertEquals(x.bestAccuracy(), y.bestAccuracy());
    assertEquals(x.history().size(), y.history().size());
    for (int i = 0; i < x.history().size(); i++) {
      assertEquals(timeless(x.history().get(i)), timeless(y.history().get(i)));
    }
  }

  private static String timeless(EpochMetrics m) {
    return Json.line(m).replaceAll("\"(seconds|images_per_second)\":[^,]*,", "");
  }

  @Test
  void writesWhatTheReleasedCodeWrites() throws Exception {
    NetworkSpec spec = spec(true);
    RunFolder folder = new RunFolder(dir.resolve("run"));
    train(spec, VALID, 2, 2, folder);
    List<String> lines = Files.readAllLines(folder.path().resolve("metrics.jsonl"));
    assertEquals(3, lines.size());
    for (String name : List.of("acc", "nll", "bce", "mse", "trAcc", "trNll")) {
      float[] values = Npy.read(folder.path().resolve(name + "7.npy")).floats();
      assertEquals(3, values.length, name);
      for (float v : values) {
        assertTrue(Float.isFinite(v), name);
      }
    }
    assertTrue(Files.exists(folder.best().resolve("W1.npz")));
    assertFalse(Files.exists(folder.best().resolve("adam")));
    assertTrue(Files.exists(folder.last().resolve("adam")));
  }

  /** Hands on to a backend. */
  private static class Forwarding implements Backend {
    final Backend inner;

    Forwarding(Backend inner) {
      this.inner = inner;
    }

    @Override
    public void run(Batch batch, Learning learning, ReadOut out, StepObserver observer) {
      inner.run(batch, learning, out, observer);
    }

    @Override
    public String name() {
      return inner.name();
    }

    @Override
    public String description() {
      return inner.description();
    }

    @Override
    public NetworkSpec spec() {
      return inner.spec();
    }

    @Override
    public void restore(Parameters from) {
      inner.restore(from);
    }

    @Override
    public void snapshot(Parameters into) {
      inner.snapshot(into);
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /** Spoils parameters or answers at the n-th call of run. */
  private static final class Spoilt extends Forwarding {
    final int at;
    final Consumer<ReadOut> spoil; // null to spoil a weight
    int runs;

    Spoilt(Backend inner, int at, Consumer<ReadOut> spoil) {
      super(inner);
      this.at = at;
      this.spoil = spoil;
    }

    @Override
    public void run(Batch batch, Learning learning, ReadOut out, StepObserver observer) {
      boolean now = ++runs == at;
      if (now && spoil == null) {
        Parameters p = new Parameters(spec());
        inner.snapshot(p);
        p.weights(spec().synapses().get(1))[3] = Float.NaN;
        inner.restore(p);
      }
      inner.run(batch, learning, out, observer);
      if (now && spoil != null) {
        spoil.accept(out);
      }
    }
  }

  /** A non-finite value stops training immediately, and no checkpoint is written. */
  @Test
  void nonFiniteValueStopsTrainingAndKeepsTheCheckpoint() throws Exception {
    NetworkSpec spec = TestNetworks.strokes(3).hidden(7).build();
    TrainOptions options = options(2).withBatch(10);
    // Runs: validation, 3 batches, validation, 3 batches, validation; each validates in one batch.
    record Case(int run, Consumer<ReadOut> spoil, String message) {}
    List<Case> cases =
        List.of(
            new Case(
                7,
                null,
                "epoch 2, batch 2 of 3: NaN or infinity in the weights of M1, step 1 of 3"),
            new Case(
                6,
                out -> out.classSpikes()[1] = Float.NaN,
                "epoch 2, batch 1 of 3: NaN or infinity in the NLL"),
            new Case(
                8,
                out -> out.reconstruction()[1] = Float.NaN,
                "epoch 2, batch 3 of 3: NaN or infinity in the BCE"),
            new Case(
                9,
                out -> out.reconstruction()[0] = Float.NEGATIVE_INFINITY,
                "validation after epoch 2: strokes train, images 0 to 19: NaN or infinity in the MSE"));
    for (Case k : cases) {
      RunFolder folder = new RunFolder(dir.resolve("run" + k.run()));
      try (Backend backend = new Spoilt(Device.REFERENCE.open(spec, 0), k.run(), k.spoil())) {
        backend.restore(Parameters.random(spec, 7));
        Trainer trainer =
            new Trainer(
                backend,
                ALL.subset(0, 30),
                ALL.subset(30, 50),
                options,
                TrainState.start(),
                List.of(folder));
        CsdpException e = assertThrows(CsdpException.class, trainer::run);
        assertEquals(CsdpException.FAILED, e.exitCode());
        assertEquals(k.message(), e.getMessage());
      }
      assertEquals(1, folder.resume(new Parameters(spec)).epoch());
      assertEquals(2, folder.history().size());
    }
  }

  /** Training generalises: accuracy on new images is far above chance. */
  @Test
  void learns() {
    NetworkSpec spec = NetworkSpec.builder(784, 10).hidden(100, 40).build();
    SeenEpochs epochs = new SeenEpochs();
    try (Backend backend = Device.CPU.open(spec, 0)) {
      backend.restore(Parameters.random(spec, 7));
      TrainOptions options = TrainOptions.epochs(3).withBatch(200).withSeed(7);
      Dataset train = ALL.subset(0, 2_000);
      Dataset valid = ALL.subset(2_000, 2_400);
      new Trainer(backend, train, valid, options, TrainState.start(), List.of(epochs)).run();
    }
    List<EpochMetrics> seen = epochs.metrics();
    assertTrue(seen.get(0).validAccuracy() < 0.3, "before: " + seen.get(0).validAccuracy());
    assertTrue(seen.get(3).validAccuracy() > 0.6, "after: " + seen.get(3).validAccuracy());
    assertTrue(seen.get(3).validBce() < 0.6 * seen.get(0).validBce());
    assertTrue(seen.get(3).validNll() < seen.get(0).validNll());
  }

  @Test
  void unsupervisedReconstructionImproves() {
    SeenEpochs epochs = new SeenEpochs();
    train(spec(false), VALID, 2, 2, epochs);
    List<EpochMetrics> seen = epochs.metrics();
    assertTrue(seen.get(1).validBce() < seen.get(0).validBce());
    assertTrue(seen.get(2).validBce() < seen.get(1).validBce());
  }

  @Test
  void withoutValidationTheLastIsBest() {
    RunFolder folder = new RunFolder(dir.resolve("run"));
    NetworkSpec spec = spec(true);
    Parameters end = train(spec, null, 2, 2, folder);
    assertArrayEquals(
        end.weights(spec.synapses().get(0)),
        folder.parameters(spec, false).weights(spec.synapses().get(0)));
    TrainState state = Checkpoint.readState(folder.last(), TrainState.class);
    assertEquals(2, state.bestEpoch());
    assertNull(state.history().get(2).validAccuracy());
  }
}
