package csdp.sweep;

import csdp.config.RunConfig;
import csdp.error.CsdpException;
import csdp.io.Json;
import csdp.run.TrainingRun.End;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The description of a training that any process can run: see {@link TrialRun}. It is small, and
 * {@link #json} carries it to another machine.
 *
 * @param trial name
 * @param folder of the run, on a path that all machines share
 * @param config of the training; its epochs are those to reach now
 * @param end whether the best parameters are tested afterwards
 * @param checkpointEvery interval of checkpoints within an epoch, in batches; 0 for never
 * @param trainSha256 hash of the training images: other images would give another result
 * @param work expected work, in any unit, for progress
 */
public record TrialTask(
    String trial,
    String folder,
    RunConfig config,
    End end,
    int checkpointEvery,
    String trainSha256,
    double work) {
  /** Checks that nothing is missing. */
  public TrialTask {
    Json.required("trial", trial);
    Json.required("folder", folder);
    Json.required("config", config);
    Json.required("end", end);
    Json.required("trainSha256", trainSha256);
  }

  /** Returns the task as a line of JSON. */
  public String json() {
    return Json.line(this);
  }

  /**
   * Returns the task of a line.
   *
   * @throws CsdpException bad input, if it is none
   */
  public static TrialTask of(String json) {
    Path source = Path.of("the task of a trial");
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return Json.value(Json.tree(bytes, source), TrialTask.class, source);
  }
}
