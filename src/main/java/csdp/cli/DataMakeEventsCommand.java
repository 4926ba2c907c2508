package csdp.cli;

import csdp.data.EventMaker;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes recordings of drawn digits. */
@Command(
    name = "make-events",
    description = {
      "Write recorded spikes of digits drawn by csdp, for trials: 10 classes, in the layout of a"
          + " published set.",
      "nmnist: a camera sees a digit move for 300 ms. npy: the same in 50 steps, packed. shd: 700"
          + " channels, one for each pixel; each column begins 28 ms after the one to its left, and"
          + " lasts 400 ms."
    })
final class DataMakeEventsCommand implements Callable<Integer> {
  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "A new or empty folder.")
  private Path to;

  @Option(names = "--format", required = true, description = "${COMPLETION-CANDIDATES}.")
  private EventMaker.Format format;

  @Option(
      names = "--train",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Training recordings. Default: ${DEFAULT-VALUE}.")
  private int train;

  @Option(
      names = "--test",
      paramLabel = "N",
      defaultValue = "500",
      description = "Test recordings. Default: ${DEFAULT-VALUE}.")
  private int test;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1234",
      description = "Default: ${DEFAULT-VALUE}.")
  private int seed;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    EventMaker.write(to, format, train, test, seed);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT,
        "made     %,d training and %,d test recordings of drawn digits in %s%n",
        train,
        test,
        to);
    out.flush();
    return 0;
  }
}
