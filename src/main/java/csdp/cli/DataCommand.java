package csdp.cli;

import csdp.data.DataSources;
import csdp.data.Downloads;
import csdp.data.Manifest;
import csdp.data.Manifest.SetEntry;
import csdp.data.Strokes;
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

/** {@code csdp data}: what data sets there are, fetching and checking them. */
@Command(
    name = "data",
    description = "List, fetch and verify data sets.",
    subcommands = {DataCommand.ListSets.class, DataCommand.Fetch.class, DataCommand.Verify.class},
    footer = {
      "",
      "A named set is looked for in the folder that CSDP_DATA names (a sub-folder of that name, or"
          + " the folder itself where its checksums are right), then in data/NAME."
    })
public final class DataCommand implements Runnable {
  private final Manifest manifest;
  @Spec private CommandSpec spec;

  /** With the sets that this version knows. */
  public DataCommand() {
    this(Manifest.standard());
  }

  DataCommand(Manifest manifest) {
    this.manifest = manifest;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which one: list, fetch or verify?");
  }

  /** The sets of these names; all where there are none. */
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
                          "%s is not a set with files to fetch; those are %s",
                          name,
                          String.join(
                              ", ", manifest.sets().stream().map(SetEntry::name).toList()))));
    }
    return sets;
  }

  @Command(
      name = "list",
      description = "Show the data sets, where they were found, their sizes and licences.")
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
                : "found in " + place + "; " + state(DataSources.check(set, place)),
            set.licence() + "; " + set.source());
      }
      print(
          out,
          DataSources.STROKES,
          "Digits drawn by csdp itself, to try it out; not MNIST",
          sizes(Strokes.TRAIN, Strokes.TEST, Strokes.SIDE, Strokes.SIDE, Strokes.CLASSES),
          "built in",
          "as csdp4j");
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
        "Download data sets, check them, and put them into DIR/NAME.",
        "Files that are there and right are left; a broken download is resumed."
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
            "Where to make a folder for each set (default: ${DEFAULT-VALUE}, where training looks)."
                + " For another DIR, set CSDP_DATA=DIR or give --data DIR/NAME in training.")
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
                ? "all files were there"
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
        "0:all are right",
        "1:a file is damaged or another than that of the set",
        "2:usage or bad input: no such set",
        "3:a set that was named, or any at all, is not here or not complete"
      })
  static final class Verify implements Callable<Integer> {
    @ParentCommand private DataCommand data;
    @Spec private CommandSpec spec;

    @Parameters(
        arity = "0..*",
        paramLabel = "NAME",
        description = "mnist, fashion or kmnist; without a name, all that are here.")
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
        DataSources.Check check = DataSources.check(set, place);
        wrong |= check == DataSources.Check.WRONG;
        absent |= check == DataSources.Check.INCOMPLETE;
        out.printf(Locale.ROOT, "%s: %s, in %s%n", set.name(), state(check), place);
      }
      out.flush();
      if (wrong) {
        return CsdpException.FAILED;
      }
      return absent || here == 0 ? CsdpException.ENVIRONMENT : 0;
    }
  }

  private static String state(DataSources.Check check) {
    return switch (check) {
      case VERIFIED -> "verified";
      case INCOMPLETE -> "incomplete: a file is missing";
      case WRONG -> "wrong checksum, or none known for this form of the file";
    };
  }
}
