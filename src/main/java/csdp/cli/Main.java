package csdp.cli;

import csdp.CsdpException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command line: finds the command, runs it and turns what happens into an exit code. */
@Command(
    name = "csdp",
    description = "Train spiking networks with contrastive-signal-dependent plasticity (CSDP).",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Main.Version.class,
    subcommands = {
      TrainCommand.class,
      EvaluateCommand.class,
      AnalyzeCommand.class,
      PredictCommand.class,
      ExportCommand.class,
      ReplayCommand.class,
      BenchCommand.class,
      DataCommand.class,
      DoctorCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed: a replay over tolerance, a run that diverged or was stopped",
      "2:usage or bad input: flags, files, configuration",
      "3:environment: no device, no data, no space, no memory, no permission"
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** Without a command: the help, on the error stream. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  /**
   * Runs a command line.
   *
   * @return the exit code: 0 done, 1 failed, 2 usage or bad input, 3 environment
   */
  public static int run(String[] args, PrintWriter out, PrintWriter err) {
    CommandLine cli = new CommandLine(new Main());
    cli.setOut(out);
    cli.setErr(err);
    cli.setCaseInsensitiveEnumValuesAllowed(true);
    cli.setUsageHelpAutoWidth(true);
    cli.setParameterExceptionHandler(
        (e, a) -> {
          CommandLine c = e.getCommandLine();
          c.getErr().println("csdp: " + e.getMessage());
          CommandLine.UnmatchedArgumentException.printSuggestions(e, c.getErr());
          c.getErr().printf("Try: %s --help%n", c.getCommandSpec().qualifiedName());
          c.getErr().flush();
          return CsdpException.USAGE;
        });
    cli.setExecutionExceptionHandler(
        (e, c, parsed) -> {
          if (System.getenv("CSDP_DEBUG") != null) {
            e.printStackTrace(c.getErr());
          }
          if (e instanceof CsdpException known) {
            c.getErr().println("csdp: " + known.getMessage());
            c.getErr().flush();
            return known.exitCode();
          }
          throw e;
        });
    try {
      return cli.execute(args);
    } catch (OutOfMemoryError e) {
      err.printf(
          "csdp: not enough memory (Java may use %,d MiB): take a smaller --batch or fewer --hidden"
              + " units, or give Java more with -Xmx%n",
          Runtime.getRuntime().maxMemory() >> 20);
      err.flush();
      return CsdpException.ENVIRONMENT;
    }
  }

  /** Entry point of the JVM; the only place that ends it. */
  @SuppressWarnings("DefaultCharset") // the console's own: UTF-8 would garble others
  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true);
    PrintWriter err = new PrintWriter(System.err, true);
    int code = run(args, out, err);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /** Version of csdp4j and of the Java that runs it. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "csdp4j " + csdp.Csdp.version(), "Java " + System.getProperty("java.version")
      };
    }
  }
}
