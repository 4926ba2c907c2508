package csdp.cli;

import csdp.metrics.Evaluation;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.train.EpochMetrics;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.IntSupplier;

/**
 * Prints progress: a bar on a terminal, occasional lines elsewhere. Estimates the remaining time
 * from recent batches and validations.
 */
class ProgressPrinter implements TrainListener {
  private static final int BAR = 20;
  private static final long PLAIN_SECONDS = 20;
  private static final double RECENT = 0.1;

  private final PrintWriter out;
  private final boolean terminal;
  private final PrintWriter bar;
  private final IntSupplier columns;
  private long lastLine = System.nanoTime();
  private long validationStart;
  private double validationSeconds;
  private double secondsPerBatch;
  private double secondsBefore;
  private int width;

  ProgressPrinter(PrintWriter out, PrintWriter err) {
    this(out, err, isTerminal(), new TerminalWidth());
  }

  ProgressPrinter(PrintWriter out, PrintWriter bar, boolean terminal, IntSupplier columns) {
    this.out = out;
    this.bar = bar;
    this.terminal = terminal;
    this.columns = columns;
  }

  /** Returns true if the output is a terminal, where lines can be overwritten. */
  @SuppressWarnings("SystemConsoleNull") // null since Java 22 is handled below
  static boolean isTerminal() {
    java.io.Console console = System.console();
    if (console == null || "dumb".equals(System.getenv("TERM")) || isErrorRedirected()) {
      return false;
    }
    try { // Since Java 22 a console exists without a terminal; isTerminal() tells.
      return (Boolean) java.io.Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }

  /** Returns true if standard error, the stream of the bar, is a file or a pipe. */
  private static boolean isErrorRedirected() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return !target.startsWith("/dev/") || target.equals("/dev/null");
    } catch (IOException | UnsupportedOperationException e) {
      return false; // not Linux
    }
  }

  @Override
  public void started(Trainer trainer) {
    TrainState at = trainer.state();
    secondsBefore = at.seconds();
    if (!at.history().isEmpty()) {
      out.printf(
          Locale.ROOT,
          "resumed  after %d epochs and %d of %d batches%n",
          at.epoch(),
          at.batch(),
          trainer.batches());
    }
    out.flush();
  }

  @Override
  public void batchDone(Trainer trainer) {
    TrainState at = trainer.state();
    int done = at.batch();
    double seconds = at.seconds() - secondsBefore;
    secondsBefore = at.seconds();
    secondsPerBatch =
        secondsPerBatch == 0 ? seconds : (1 - RECENT) * secondsPerBatch + RECENT * seconds;
    boolean last = done == trainer.batches();
    if (!due(last)) {
      return;
    }
    int total = trainer.batches();
    int batch = trainer.options().batch();
    int epochs = trainer.options().epochs();
    double left =
        secondsPerBatch * (total - done + (double) total * (epochs - at.epoch() - 1))
            + validationSeconds * (epochs - at.epoch());
    Evaluation now = at.sums().result(trainer.backend().spec().constants().steps());
    show(
        String.format(
            Locale.ROOT,
            "epoch %d/%d %s %,d/%,d",
            at.epoch() + 1,
            epochs,
            bar(done, total),
            Math.min((long) done * batch, trainer.train().size()),
            trainer.train().size()),
        rate(batch / secondsPerBatch) + " images/s",
        "ETA " + time(left),
        String.format(Locale.ROOT, "train acc %.1f %%", 100 * now.accuracy()),
        spikes(trainer.backend().spec(), now));
  }

  @Override
  public void validating(Trainer trainer, int images, int of) {
    if (validationStart == 0) {
      validationStart = System.nanoTime();
    }
    if (due(false)) {
      show(String.format(Locale.ROOT, "validating %s %,d/%,d", bar(images, of), images, of));
    }
  }

  @Override
  public void epochDone(Trainer trainer, EpochMetrics m, boolean best) {
    if (validationStart != 0) {
      validationSeconds = (System.nanoTime() - validationStart) * 1e-9;
      validationStart = 0;
    }
    secondsBefore = 0;
    clear();
    String valid =
        m.validAccuracy() == null
            ? ""
            : String.format(
                Locale.ROOT,
                "valid acc %.2f %%, NLL %.4f%s",
                100 * m.validAccuracy(),
                m.validNll(),
                m.validBce() == null ? "" : String.format(Locale.ROOT, ", BCE %.1f", m.validBce()));
    if (m.epoch() == 0) {
      if (!valid.isEmpty()) {
        out.printf(Locale.ROOT, "before   %s%n", valid);
      }
    } else {
      out.printf(
          Locale.ROOT,
          "epoch %2d %s  train acc %.2f %%, NLL %.4f%s  %s images/s, %s%s%n",
          m.epoch(),
          valid,
          100 * m.trainAccuracy(),
          m.trainNll(),
          m.trainBce() == null ? "" : String.format(Locale.ROOT, ", BCE %.1f", m.trainBce()),
          rate(m.imagesPerSecond()),
          time(m.seconds()),
          best ? "  (best)" : "");
    }
    out.flush();
  }

  /** Shows the progress of a test. */
  public void testing(int images, int of) {
    working("testing", images, of);
  }

  /** Shows the progress of any other work. */
  void working(String what, int done, int of) {
    if (due(false)) {
      show(String.format(Locale.ROOT, "%s %s %,d/%,d", what, bar(done, of), done, of));
    }
  }

  /** Shows the number of encoded images, of which the total is unknown. */
  void encoded(int images) {
    if (due(false)) {
      show(String.format(Locale.ROOT, "encoded %,d images", images));
    }
  }

  /** Returns true if it is time to show a line. */
  boolean due(boolean last) {
    long now = System.nanoTime();
    long wait = terminal ? 100_000_000L : PLAIN_SECONDS * 1_000_000_000L;
    if (now - lastLine < wait && !(terminal && last)) {
      return false;
    }
    lastLine = now;
    return true;
  }

  /** Shows a line. On a terminal only the first parts that fit; the most important come first. */
  synchronized void show(String... parts) {
    if (terminal) {
      int fits = columns.getAsInt() - 1; // some terminals wrap after the last column
      StringBuilder line = new StringBuilder(parts[0]);
      for (int i = 1; i < parts.length && line.length() + 2 + parts[i].length() <= fits; i++) {
        line.append("  ").append(parts[i]);
      }
      line.setLength(Math.max(0, Math.min(line.length(), fits)));
      int drawn = line.length();
      int over = Math.min(width, fits) - drawn; // rest of the previous line
      bar.print("\r" + line + " ".repeat(Math.max(0, over)));
      bar.flush();
      width = drawn;
    } else {
      out.println(String.join("  ", parts));
      out.flush();
    }
  }

  /** Reports a requested stop immediately, from another thread. */
  synchronized void stopping(String line) {
    clear();
    bar.println(line);
    bar.flush();
  }

  /** Clears the bar. */
  synchronized void clear() {
    if (terminal && width > 0) {
      int wiped = Math.min(width, Math.max(0, columns.getAsInt() - 1));
      bar.print("\r" + " ".repeat(wiped) + "\r");
      bar.flush();
      width = 0;
    }
  }

  @Override
  public void stopped(Trainer trainer) {
    clear();
    TrainState at = trainer.state();
    out.printf(
        Locale.ROOT,
        "stopped in epoch %d after %d of %d batches; checkpoint written%n",
        at.epoch() + 1,
        at.batch(),
        trainer.batches());
    out.flush();
  }

  static String bar(int done, int of) {
    int full = (int) ((long) BAR * done / of);
    return "[" + "#".repeat(full) + ".".repeat(BAR - full) + "]";
  }

  private static String rate(double perSecond) {
    return String.format(Locale.ROOT, perSecond < 100 ? "%.1f" : "%,.0f", perSecond);
  }

  /** Formats seconds as h:mm:ss or m:ss. */
  static String time(double seconds) {
    long s = Math.round(seconds);
    return s >= 3600
        ? String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60);
  }

  private static String spikes(NetworkSpec spec, Evaluation e) {
    StringBuilder sb = new StringBuilder("spikes");
    for (Population p : spec.populations(Population.Role.HIDDEN)) {
      sb.append(String.format(Locale.ROOT, " %s %.1f", p.name(), e.spikes().get(p.name())));
    }
    return sb.toString();
  }
}
