package csdp.spark;

import csdp.io.Json;
import csdp.sweep.Engine;
import csdp.sweep.Outcome;
import csdp.sweep.TrialTask;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.util.CollectionAccumulator;

/** Runs the trials of a sweep as the tasks of one job. */
final class SparkEngine implements Engine {
  private static final String GROUP = "csdp sweep";
  private static final int PATIENCE_SECONDS = 60;

  private final JavaSparkContext context;
  private final String device;
  private final Set<Long> running = ConcurrentHashMap.newKeySet(); // Spark's numbers of tasks
  private volatile boolean stopRequested;

  SparkEngine(JavaSparkContext context, String device) {
    this.context = context;
    this.device = device;
  }

  /** A task or an outcome as JSON, with the position of the task. */
  private record Numbered(int position, String json) implements Serializable {}

  /** Passes on the events of tasks. */
  private final class Listener extends SparkListener {
    private final List<TrialTask> tasks;
    private final Progress progress;
    private final CollectionAccumulator<Numbered> outcomes;
    private final Set<Integer> reported = ConcurrentHashMap.newKeySet();

    Listener(List<TrialTask> tasks, Progress progress, CollectionAccumulator<Numbered> outcomes) {
      this.tasks = tasks;
      this.progress = progress;
      this.outcomes = outcomes;
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
      running.add(start.taskInfo().taskId());
      progress.started(tasks.get(start.taskInfo().index()));
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      running.remove(end.taskInfo().taskId());
      report();
    }

    void report() {
      for (Numbered ended : List.copyOf(outcomes.value())) {
        if (reported.add(ended.position)) {
          Path source = Path.of("the outcome of a trial");
          byte[] bytes = ended.json.getBytes(StandardCharsets.UTF_8);
          Outcome outcome = Json.value(Json.tree(bytes, source), Outcome.class, source);
          progress.ended(tasks.get(ended.position), outcome);
        }
      }
    }
  }

  @Override
  public void run(List<TrialTask> tasks, Progress progress) {
    if (tasks.isEmpty() || stopRequested) {
      return;
    }
    CollectionAccumulator<Numbered> outcomes = context.sc().collectionAccumulator("outcomes");
    Listener listener = new Listener(tasks, progress, outcomes);
    TrialFunction trial = new TrialFunction(device);
    List<Numbered> lines =
        IntStream.range(0, tasks.size())
            .mapToObj(i -> new Numbered(i, tasks.get(i).json()))
            .toList();
    context.sc().addSparkListener(listener);
    context.setJobGroup(GROUP, GROUP, false);
    try {
      context
          .parallelize(lines, lines.size())
          .foreach(line -> outcomes.add(new Numbered(line.position, trial.call(line.json))));
      listener.report();
    } catch (Exception e) { // also SparkException, which no signature names
      if (!stopRequested) {
        throw SparkCluster.failure("the sweep failed", e);
      }
      awaitTasks();
    } finally {
      context.clearJobGroup();
      context.sc().removeSparkListener(listener);
    }
  }

  /** Waits for tasks that write their checkpoints. */
  private void awaitTasks() {
    try {
      for (int s = 0; s < PATIENCE_SECONDS && !running.isEmpty(); s++) {
        Thread.sleep(1_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void stop() {
    stopRequested = true;
    context.sc().cancelJobGroup(GROUP);
  }

  @Override
  public boolean isCurrent() {
    return running.isEmpty();
  }
}
