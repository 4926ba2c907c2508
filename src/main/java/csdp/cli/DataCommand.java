package csdp.cli;

import csdp.data.BuiltIn;
import csdp.data.DataCatalog;
import csdp.data.DataCatalog.SetEntry;
import csdp.data.DataSources;
import csdp.data.Downloads;
import csdp.error.CsdpException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code csdp data}: lists, downloads and checks data sets. */
@Command(
    name = "data",
    description = "List, explain, fetch and verify data sets.",
    subcommands = {
      DataCommand.ListSets.class,
      DataExplainCommand.class,
      DataCommand.Fetch.class,
      DataCommand.Verify.class
    },
    footer = {
      "",
      "A named set is searched in $CSDP_DATA (the sub-folder NAME, or the folder itself if its"
          + " checksums match), then in data/NAME."
    })
public final class DataCommand implements Runnable {
  private final DataCatalog manifest;
  @Spec private CommandSpec spec;

  /** Uses the data sets that this version knows. */
  public DataCommand() {
    this(DataCatalog.standard());
  }

  DataCommand(DataCatalog manifest) {
    this.manifest = manifest;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which one: list, explain, fetch or verify?");
  }

  /** Returns the sets of these names, or all without names. */
  private List<SetEntry> sets(List<String> names) {
    if (names == null || names.isEmpty()) {
      return manifest.sets();
    }
    List<SetEntry> sets = new ArrayList<>();
    for (String name : names) {
      sets.add(
          manifest
              .find(name)
              .orElseThrow(
                  () ->
                      CsdpException.badInput(
                          "%s is not a downloadable set; choose one of %s",
                          name,
                          String.join(
                              ", ", manifest.sets().stream().map(SetEntry::name).toList()))));
    }
    return sets;
  }

  @Command(name = "list", description = "Show data sets: folder, size, licence.")
  static final class ListSets implements Callable<Integer> {
    @ParentCommand private DataCommand data;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      DataSources sources = DataSources.system(line -> {});
      for (SetEntry set : data.manifest.sets()) {
        Path place = sources.place(set);
        print(
            out,
            set.name(),
            set.title(),
            sizes(set.train(), set.test(), set.width(), set.height(), set.classes()),
            place == null
                ? "not here; csdp data fetch " + set.name()
                : "found in " + place + "; " + state(set.check(place)),
            set.licence() + "; " + set.source());
      }
      for (BuiltIn set : BuiltIn.values()) {
        print(out, set.label(), set.title(), set.sizes(), "built in", set.licence());
      }
      out.flush();
      return 0;
    }

    private static String sizes(int train, int test, int width, int height, int classes) {
      return String.format(
          Locale.ROOT,
          "%,d train, %,d test, %d x %d pixels, %d classes",
          train,
          test,
          width,
          height,
          classes);
    }

    private static void print(
        PrintWriter out, String name, String title, String sizes, String place, String source) {
      out.printf(Locale.ROOT, "%-8s %s%n", name, title);
      for (String line : List.of(sizes, place, source)) {
        out.printf(Locale.ROOT, "%-8s %s%n", "", line);
      }
    }
  }

  @Command(
      name = "fetch",
      description = {
        "Download data sets to DIR/NAME and check them.",
        "Valid files are kept; an interrupted download is resumed."
      })
  static final class Fetch implements Callable<Integer> {
    @ParentCommand private DataCommand data;
    @Spec private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "mnist, fashion or kmnist.")
    private List<String> names;

    @Option(
        names = "--to",
        paramLabel = "DIR",
        defaultValue = "data",
        description =
            "Parent folder of the sets (default: ${DEFAULT-VALUE}, which training searches). For"
                + " another DIR, set CSDP_DATA=DIR or train with --data DIR/NAME.")
    private Path to;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      Downloads downloads =
          new Downloads(
              (file, bytes, total) -> {
                String of = total < 0 ? "" : String.format(Locale.ROOT, " of %,d", total >> 10);
                out.printf(Locale.ROOT, "  %s: %,d%s KiB%n", file, bytes >> 10, of);
                out.flush();
              });
      for (SetEntry set : data.sets(names)) {
        Path folder = to.resolve(set.name());
        int fetched = downloads.fetch(set, folder);
        out.printf(
            Locale.ROOT,
            "%s: %s in %s, verified (%s)%n",
            set.name(),
            fetched == 0
                ? "all files were present"
                : fetched + (fetched == 1 ? " file fetched" : " files fetched"),
            folder,
            set.licence());
        out.flush();
      }
      return 0;
    }
  }

  @Command(
      name = "verify",
      description = "Check the files of data sets against their checksums.",
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {
        "0:all are valid",
        "1:a file is damaged or does not belong to the set",
        "2:usage or bad input: no such set",
        "3:a named set is missing or incomplete, or no set was found"
      })
  static final class Verify implements Callable<Integer> {
    @ParentCommand private DataCommand data;
    @Spec private CommandSpec spec;

    @Parameters(
        arity = "0..*",
        paramLabel = "NAME",
        description = "mnist, fashion or kmnist; default: all sets found.")
    private List<String> names;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      DataSources sources = DataSources.system(line -> {});
      boolean named = names != null && !names.isEmpty();
      boolean wrong = false;
      boolean absent = false;
      int here = 0;
      for (SetEntry set : data.sets(names)) {
        Path place = sources.place(set);
        if (place == null) {
          out.printf(Locale.ROOT, "%s: not here; csdp data fetch %s%n", set.name(), set.name());
          absent |= named;
          continue;
        }
        here++;
        DataCatalog.Check check = set.check(place);
        wrong |= check == DataCatalog.Check.WRONG;
        absent |= check == DataCatalog.Check.INCOMPLETE;
        out.printf(Locale.ROOT, "%s: %s, in %s%n", set.name(), state(check), place);
      }
      out.flush();
      if (wrong) {
        return CsdpException.FAILED;
      }
      return absent || here == 0 ? CsdpException.ENVIRONMENT : 0;
    }
  }

  private static String state(DataCatalog.Check check) {
    return switch (check) {
      case VERIFIED -> "verified";
      case INCOMPLETE -> "incomplete: a file is missing";
      case WRONG -> "wrong checksum, or no known checksum for this format";
    };
  }
}
