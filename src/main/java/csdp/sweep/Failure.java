package csdp.sweep;

import csdp.error.CsdpException;
import csdp.io.AtomicFile;
import csdp.io.Disk;
import csdp.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The file {@code error.json} of a trial that failed.
 *
 * @param error one line
 * @param retry true if the same command tries again: the machine failed, not the training
 */
record Failure(String error, boolean retry) {
  private static final String FILE = "error.json";

  Failure {
    Json.required("error", error);
  }

  /** Returns the failure of a run; null if there is none. */
  static Failure in(Path run) {
    Path file = run.resolve(FILE);
    return Files.exists(file) ? Json.value(Json.tree(file), Failure.class, file) : null;
  }

  void write(Path run) {
    AtomicFile.write(run.resolve(FILE), Json.bytes(this));
  }

  static void clear(Path run) {
    try {
      Files.deleteIfExists(run.resolve(FILE));
    } catch (IOException e) {
      throw Disk.failure(run, e);
    }
  }

  static Failure of(CsdpException e) {
    return new Failure(e.getMessage(), e.exitCode() != CsdpException.FAILED);
  }
}
