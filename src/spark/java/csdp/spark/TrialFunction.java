package csdp.spark;

import csdp.backend.Device;
import csdp.config.RunConfig;
import csdp.data.DataSources;
import csdp.data.Splits;
import csdp.error.CsdpException;
import csdp.io.FolderLock;
import csdp.io.Json;
import csdp.sweep.TrialRun;
import csdp.sweep.TrialTask;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;

/**
 * Runs a trial: task as JSON to outcome as JSON. A task that is repeated after the loss of a
 * machine goes on from the last checkpoint in the trial's folder.
 *
 * @param device name
 */
record TrialFunction(String device) implements Function<String, String> {
  /** How long a lost machine's process may hold a folder before the trial fails. */
  private static final int PATIENCE_SECONDS = 60;

  /** Data of this process; the trials of a sweep mostly share them. */
  private static final ConcurrentMap<RunConfig.Data, Splits> OPENED = new ConcurrentHashMap<>();

  @Override
  public String call(String json) throws InterruptedException {
    TrialTask task = TrialTask.of(json);
    awaitFolder(Path.of(task.folder()));
    TaskContext context = TaskContext.get();
    TrialRun[] run = new TrialRun[1];
    run[0] =
        new TrialRun(
            task,
            share -> {
              if (context.isInterrupted()) {
                run[0].requestStop();
              }
            });
    return Json.line(
        run[0].run(
            Device.of(device, false, line -> {}),
            context.cpus(),
            data -> OPENED.computeIfAbsent(data, d -> DataSources.open(d.request(), line -> {})),
            line -> {}));
  }

  @SuppressWarnings("try") // taken for a moment only
  private static void awaitFolder(Path folder) throws InterruptedException {
    for (int s = 0; s < PATIENCE_SECONDS; s++) {
      try (FolderLock free = FolderLock.take(folder, line -> {})) {
        return;
      } catch (CsdpException e) {
        if (e.exitCode() != CsdpException.USAGE) {
          return; // not held: the trial reports the error
        }
        Thread.sleep(1_000);
      }
    }
  }
}
