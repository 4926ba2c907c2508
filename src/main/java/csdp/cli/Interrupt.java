package csdp.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * While open, Ctrl-C and SIGTERM request a stop. The virtual machine then waits until this is
 * closed or the checkpoints on disk are current.
 */
final class Interrupt implements AutoCloseable {
  private static final long PATIENCE_MILLIS = 2_000;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;

  /**
   * Opens it.
   *
   * @param stop requests the stop
   * @param current true if a process that ends now loses at most a batch or validation
   * @param print receives each line, from another thread
   * @param wayOn how to continue, printed if the work is unfinished
   */
  Interrupt(Runnable stop, BooleanSupplier current, Consumer<String> print, String wayOn) {
    hook =
        new Thread(
            () -> {
              stop.run();
              print.accept(
                  current.getAsBoolean()
                      ? "stopping; the checkpoint is written"
                      : "stopping after this batch; then a checkpoint is written");
              try {
                // Unfinished work, a batch or validation, can be repeated after a resume.
                while (!closed.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                    && !current.getAsBoolean()) {}
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              if (closed.getCount() > 0) {
                print.accept(wayOn);
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The virtual machine is already shutting down.
    }
  }
}
