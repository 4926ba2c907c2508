package csdp.cli;

import csdp.io.AtomicFolder;
import csdp.sweep.ResultTable;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares existing runs. */
@Command(
    name = "compare",
    description = {
      "Compare existing runs: compare.csv, compare.json, summary.csv and compare.html with the"
          + " tables and plots of a sweep. Settings are the values of the configuration that"
          + " differ; runs that differ in the seed only are repetitions."
    })
final class CompareCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "RUN",
      description = "Folder of a run, or of many runs, such as that of a sweep.")
  private List<Path> runs;

  @Option(
      names = "--out",
      defaultValue = "comparison",
      paramLabel = "DIR",
      description = "Output folder, new or of an earlier comparison. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    SweepReport report = new SweepReport(spec);
    report.requireFonts();
    AtomicFolder.requireWritable(out);
    ResultTable.requireComparison(out);
    ResultTable table = ResultTable.of(runs);
    table.write(out, "compare", null);
    report.summarise(table, out, "compare");
    return 0;
  }
}
