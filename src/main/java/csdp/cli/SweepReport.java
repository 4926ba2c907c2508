package csdp.cli;

import csdp.analysis.Analysis;
import csdp.analysis.SweepPage;
import csdp.error.CsdpException;
import csdp.sweep.Outcome;
import csdp.sweep.ResultTable;
import csdp.sweep.ResultTable.Row;
import csdp.sweep.ResultTable.Summary;
import csdp.sweep.Statistics;
import csdp.sweep.Sweep;
import csdp.sweep.TrialTask;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** Prints a sweep: progress of all trials with the time left, and the summary by setting. */
final class SweepReport implements Sweep.Progress {
  /** Number of settings that are printed. */
  private static final int PRINTED = 20;

  private final PrintWriter out;
  private final PrintWriter err;
  private final ProgressPrinter progress;
  private final Map<TrialTask, Double> running = new HashMap<>(); // completed share
  private final long start = System.nanoTime();
  private String rung = "";
  private int ended;
  private int tasks;
  private double doneWork;
  private double allWork;
  private boolean drawing; // whether plots can be drawn here

  SweepReport(CommandSpec spec) {
    out = spec.commandLine().getOut();
    err = spec.commandLine().getErr();
    progress = new ProgressPrinter(out, err);
  }

  /** Tells, before any work, if plots cannot be drawn on this machine: tables can. */
  void requireFonts() {
    try {
      Analysis.requireFonts();
      drawing = true;
    } catch (CsdpException e) {
      err.println("notice: no plots and no HTML page: " + e.getMessage());
      err.flush();
    }
  }

  synchronized void warn(String line) {
    progress.clear();
    err.println("warning: " + line);
    err.flush();
  }

  void stopping(String line) {
    progress.stopping(line);
  }

  @Override
  public synchronized void rung(int number, int of, List<TrialTask> next, double later) {
    rung = of == 1 ? "" : String.format(Locale.ROOT, "rung %d/%d ", number, of);
    ended = 0;
    tasks = next.size();
    allWork = doneWork + next.stream().mapToDouble(TrialTask::work).sum() + later;
  }

  @Override
  public synchronized void started(TrialTask task) {
    running.put(task, 0.0);
  }

  @Override
  public synchronized void advanced(TrialTask task, double share) {
    running.put(task, share);
    if (progress.due(false)) {
      show();
    }
  }

  private void show() {
    double now = doneWork;
    for (Map.Entry<TrialTask, Double> task : running.entrySet()) {
      now += task.getKey().work() * task.getValue();
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    double share = allWork == 0 ? 1 : Math.min(1, now / allWork);
    progress.show(
        String.format(
            Locale.ROOT,
            "sweep %s %s%d/%d trials",
            ProgressPrinter.bar((int) (1000 * share), 1000),
            rung,
            ended,
            tasks),
        "ETA " + (now == 0 ? "?" : ProgressPrinter.time(seconds * (allWork - now) / now)),
        running.size() + " running");
  }

  @Override
  public synchronized void ended(TrialTask task, Outcome outcome) {
    running.remove(task);
    doneWork += task.work();
    progress.clear();
    ended += outcome.status() == Outcome.Status.STOPPED ? 0 : 1;
    String at =
        String.format(Locale.ROOT, "trial    %s%d/%d %s: ", rung, ended, tasks, task.trial());
    out.println(
        switch (outcome.status()) {
          case DONE ->
              at
                  + accuracy("valid", outcome.validAccuracy())
                  + accuracy("test", outcome.testAccuracy())
                  + ProgressPrinter.time(outcome.seconds());
          case FAILED -> at + "failed: " + outcome.error();
          case STOPPED -> "stopped  " + task.trial() + ", checkpoint written";
        });
    out.flush();
  }

  private static String accuracy(String name, Double accuracy) {
    return accuracy == null ? "" : String.format(Locale.ROOT, "%s %.2f %%, ", name, 100 * accuracy);
  }

  /** Writes the page and prints the best settings. */
  void summarise(ResultTable table, Path folder, String name) {
    progress.clear();
    List<Summary> best = table.best(PRINTED);
    if (!best.isEmpty()) {
      int wide = best.stream().mapToInt(s -> s.label().length()).max().orElse(0);
      String title = String.format(Locale.ROOT, "%-" + wide + "s", "setting");
      String metric = table.accuracy().replace("_accuracy", "");
      out.printf("%n%s   n  epochs  %5s acc     sd  95 %% interval%n", title, metric);
      for (Summary s : best) {
        out.printf(
            Locale.ROOT,
            "%-" + wide + "s  %2d  %6d  %s%n",
            s.label(),
            s.metrics().get(table.accuracy()).n(),
            s.epochs(),
            text(s.metrics().get(table.accuracy())));
      }
      int all = table.summary().size();
      if (all > best.size()) {
        out.printf(Locale.ROOT, "... the best of %d settings%n", all);
      }
      out.println();
    }
    String files = folder.resolve(name) + ".csv, .json, " + folder.resolve("summary.csv");
    if (drawing) {
      Path page = folder.resolve(name + ".html");
      SweepPage.write(folder, name, table);
      files += ", " + page;
    }
    out.println("results  " + files);
    out.flush();
  }

  private static String text(Statistics a) {
    return a.sd() == null
        ? String.format(Locale.ROOT, "%7.2f %%", 100 * a.mean())
        : String.format(
            Locale.ROOT,
            "%7.2f %%  %5.2f  %.2f .. %.2f",
            100 * a.mean(),
            100 * a.sd(),
            100 * a.low(),
            100 * a.high());
  }

  /** Returns the exit code after a stop. */
  int stopped(ResultTable table) {
    progress.clear();
    out.printf(
        Locale.ROOT,
        "stopped  %d of %d trials are done; continue with the same command%n",
        table.rows().stream().filter(Row::isComplete).count(),
        table.rows().size());
    out.flush();
    return CsdpException.FAILED;
  }

  /**
   * Returns the exit code of a sweep without a failed trial.
   *
   * @throws CsdpException failed, naming the first failed trial
   */
  int requireAllDone(ResultTable table) {
    List<Row> failed = table.rows().stream().filter(row -> row.error() != null).toList();
    if (!failed.isEmpty()) {
      throw CsdpException.failed(
          "%d of %d trials failed; the first, %s: %s",
          failed.size(), table.rows().size(), failed.get(0).trial(), failed.get(0).error());
    }
    return 0;
  }
}
