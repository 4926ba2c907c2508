package csdp.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.Device;
import csdp.cli.TestFlags;
import csdp.config.RunConfig;
import csdp.data.Splits;
import csdp.data.Strokes;
import csdp.run.TrainingRun.End;
import csdp.sweep.Outcome.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalEngineTest {
  private static final Splits DATA =
      new Splits(
          "strokes",
          "a few",
          Strokes.train(1).limit(40),
          Strokes.train(2).limit(20),
          Strokes.test(1).limit(20));

  @TempDir Path dir;

  private TrialTask task(String folder, int seed, String sha256) {
    Map<String, String> values =
        Map.of("hidden", "10", "batch", "10", "steps", "4", "epochs", "6", "seed", "" + seed);
    RunConfig config = TestFlags.train().config(values);
    String path = dir.resolve(folder).resolve("seed-" + seed).toString();
    return new TrialTask("seed-" + seed, path, config, End.TEST, 0, sha256, 1);
  }

  private List<TrialTask> tasks(String folder) {
    List<TrialTask> tasks = new ArrayList<>();
    for (int seed = 1; seed <= 4; seed++) {
      tasks.add(task(folder, seed, DATA.train().sha256()));
    }
    return tasks;
  }

  private static LocalEngine engine(int atOnce) {
    return new LocalEngine(Collections.nCopies(atOnce, Device.CPU), 2, d -> DATA, line -> {});
  }

  /** Keeps outcomes, and stops the engine after some batches. */
  private static final class Watch implements Engine.Progress {
    private final List<Outcome> outcomes = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger batches = new AtomicInteger();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final Engine stopped;

    Watch(Engine stopped) {
      this.stopped = stopped;
    }

    @Override
    public void started(TrialTask task) {
      most.accumulateAndGet(running.incrementAndGet(), Math::max);
    }

    @Override
    public void advanced(TrialTask task, double share) {
      assertTrue(share > 0 && share <= 1, "share " + share);
      if (batches.incrementAndGet() == 10 && stopped != null) {
        stopped.stop();
      }
    }

    @Override
    public void ended(TrialTask task, Outcome outcome) {
      running.decrementAndGet();
      outcomes.add(outcome);
    }

    long count(Status status) {
      return outcomes.stream().filter(o -> o.status() == status).count();
    }
  }

  private static Object results(List<TrialTask> tasks) {
    return tasks.stream()
        .map(t -> RunResult.read(Path.of(t.folder())))
        .map(r -> List.of(r.metrics(), r.epochs(), r.history().get(6).validNll()))
        .toList();
  }

  @Test
  void afterAStopTheSameTasksGoOn() {
    Watch whole = new Watch(null);
    engine(1).run(tasks("whole"), whole);
    assertEquals(4, whole.count(Status.DONE));
    assertEquals(1, whole.most.get());

    LocalEngine engine = engine(2);
    Watch stopped = new Watch(engine);
    engine.run(tasks("parts"), stopped);
    assertEquals(2, stopped.count(Status.STOPPED), "two ran, and no other started");
    assertEquals(2, stopped.most.get());
    assertTrue(engine.isCurrent());
    RunResult first = RunResult.read(dir.resolve("parts/seed-1"));
    assertTrue(first.epochs() < 6 && first.record() != null && first.failure() == null);
    assertFalse(first.isDone(6, End.TEST));

    Watch rest = new Watch(null);
    engine(2).run(tasks("parts"), rest);
    assertEquals(4, rest.count(Status.DONE));
    assertTrue(rest.batches.get() < whole.batches.get(), "batches are not repeated");
    assertEquals(results(tasks("whole")), results(tasks("parts")));
    String started = first.record().started();
    assertEquals(started, RunResult.read(dir.resolve("parts/seed-1")).record().started());
  }

  @Test
  void aFailureIsRecordedAndTheOthersRun() {
    List<TrialTask> tasks = new ArrayList<>(List.of(task("s", 7, "0".repeat(64))));
    tasks.addAll(tasks("s").subList(0, 1));
    Watch watch = new Watch(null);
    engine(1).run(tasks, watch);
    assertEquals(Status.FAILED, watch.outcomes.get(0).status());
    assertEquals(Status.DONE, watch.outcomes.get(1).status());
    Failure failure = Failure.in(dir.resolve("s/seed-7"));
    assertTrue(failure.retry() && failure.error().contains("other images"), failure.toString());
    assertEquals(failure.error(), watch.outcomes.get(0).error());

    // A defect of ours is named with its place, and is no reason to stop either.
    Watch defect = new Watch(null);
    new LocalEngine(
            List.of(Device.CPU),
            1,
            d -> {
              throw new IllegalStateException("a defect");
            },
            line -> {})
        .run(tasks("d").subList(0, 2), defect);
    assertEquals(2, defect.count(Status.FAILED));
    String error = Failure.in(dir.resolve("d/seed-1")).error();
    assertTrue(error.contains("internal error") && error.contains("a defect"), error);
  }
}
