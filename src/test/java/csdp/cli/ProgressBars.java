package csdp.cli;

import csdp.train.TrainListener;
import java.io.PrintWriter;

/** Progress printers for tests of other packages. */
public final class ProgressBars {
  private ProgressBars() {}

  /** Returns a printer of a train command whose output is no terminal. */
  public static TrainListener plain(PrintWriter to) {
    return new ProgressPrinter(to, to, false, () -> 80);
  }
}
