package csdp.cli;

import csdp.data.DataSources;
import csdp.error.CsdpException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/** The command line: runs a command and returns its exit code. */
@Command(
    name = "csdp",
    description = "Train spiking networks with contrastive-signal-dependent plasticity (CSDP).",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Main.Version.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed: a replay over tolerance, a run or trial that diverged",
      "2:usage or bad input: flags, files, configuration",
      "3:environment: device, data, disk space, memory, permission, encoding of file names, or"
          + " standard output",
      "130:stopped by Ctrl-C; a run can be continued",
      "143:stopped by SIGTERM, likewise"
    })
public final class Main implements Runnable {
  private static final List<Class<?>> COMMANDS =
      List.of(
          TrainCommand.class,
          SweepCommand.class,
          CompareCommand.class,
          EvaluateCommand.class,
          AnalyzeCommand.class,
          PredictCommand.class,
          EncodeCommand.class,
          ExportCommand.class,
          ReplayCommand.class,
          BenchCommand.class,
          DataCommand.class,
          DoctorCommand.class);

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** Reports a missing command. */
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
    named(args).forEach(cli::addSubcommand);
    cli.setOut(out);
    cli.setErr(err);
    configured(cli);
    cli.setUsageHelpAutoWidth(true);
    cli.setParameterExceptionHandler(
        (e, a) -> {
          CommandLine c = e.getCommandLine();
          c.getErr().println("csdp: " + e.getMessage());
          CommandLine.UnmatchedArgumentException.printSuggestions(e, c.getErr());
          c.getErr().printf(Locale.ROOT, "Try: %s --help%n", c.getCommandSpec().qualifiedName());
          c.getErr().flush();
          return CsdpException.USAGE;
        });
    cli.setExecutionExceptionHandler(
        (e, c, parsed) -> {
          if (System.getenv("CSDP_DEBUG") != null) {
            e.printStackTrace(c.getErr());
          }
          CsdpException known =
              e instanceof CsdpException k
                  ? k
                  : e instanceof InvalidPathException p ? FileNames.refused(p) : null;
          if (known == null) {
            throw e;
          }
          c.getErr().println("csdp: " + known.getMessage());
          c.getErr().flush();
          return known.exitCode();
        });
    try {
      FileNames.check(System.getenv(), args);
      int code = cli.execute(args);
      out.flush();
      if (!out.checkError()) {
        return code;
      }
      err.println(
          "csdp: cannot write to standard output, and the output is lost: its disk is full or"
              + " its reader has ended");
      err.flush();
      return code == 0 ? CsdpException.ENVIRONMENT : code;
    } catch (CsdpException e) {
      err.println("csdp: " + e.getMessage());
      err.flush();
      return e.exitCode();
    } catch (OutOfMemoryError e) {
      err.printf(
          Locale.ROOT,
          "csdp: not enough memory (Java may use %,d MiB): use a smaller --batch or fewer"
              + " --hidden units, or raise the limit with -Xmx%n",
          Runtime.getRuntime().maxMemory() >> 20);
      err.flush();
      return CsdpException.ENVIRONMENT;
    }
  }

  /** Returns the command that the first argument names, else all: each takes time to set up. */
  private static List<Class<?>> named(String[] args) {
    for (Class<?> command : COMMANDS) {
      if (args.length > 0 && command.getAnnotation(Command.class).name().equals(args[0])) {
        return List.of(command);
      }
    }
    return COMMANDS;
  }

  /** Sets how values of options are read. */
  static CommandLine configured(CommandLine cli) {
    cli.setCaseInsensitiveEnumValuesAllowed(true);
    cli.registerConverter(Path.class, Main::path);
    return cli;
  }

  private static Path path(String text) {
    if (text.isEmpty()) { // as of an unset variable; it would be the current folder
      throw new TypeConversionException("the path is empty; name a file or folder");
    }
    try {
      return DataSources.path(text);
    } catch (CsdpException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** Standard output of the process: text in the encoding of the console, other bytes as is. */
  private static final class StandardOutput extends PrintWriter {
    @SuppressWarnings("DefaultCharset") // the console's encoding, which may not be UTF-8
    StandardOutput() {
      super(System.out); // commands flush after progress lines
    }

    void bytes(byte[] text) {
      flush();
      System.out.write(text, 0, text.length);
      System.out.println();
      System.out.flush();
    }
  }

  /** Prints UTF-8 text, which stays UTF-8 on standard output, and ends its line. */
  static void print(PrintWriter out, byte[] text) {
    if (out instanceof StandardOutput standard) {
      standard.bytes(text);
    } else {
      out.println(new String(text, StandardCharsets.UTF_8));
      out.flush();
    }
  }

  /** Entry point of the JVM, and the only call of System.exit. */
  @SuppressWarnings("DefaultCharset") // the console's encoding, which may not be UTF-8
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT); // also for output of libraries
    System.setProperty("java.awt.headless", "true"); // before AWT searches for a display
    PrintWriter out = new StandardOutput();
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
        "csdp4j " + csdp.io.Version.text(), "Java " + System.getProperty("java.version")
      };
    }
  }
}
