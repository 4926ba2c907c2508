package csdp.data;

import csdp.data.DataCatalog.SetEntry;
import csdp.error.CsdpException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Finds the requested data.
 *
 * <p>A named set is searched in the folder $CSDP_DATA (its sub-folder of that name, or the folder
 * itself if the checksums match), then in data/NAME, then on the network. The default is
 * $CSDP_DATA, else mnist as above, else, with a notice, the built-in digits.
 */
public final class DataSources {
  /** System property that replaces the environment variable CSDP_DATA. */
  public static final String PROPERTY = "csdp.data";

  private static final String USUAL = "mnist";

  private final Path environment;
  private final Path working;
  private final DataCatalog manifest;
  private final Downloads downloads;
  private final Consumer<String> notice;
  private final BuiltIn fallback;

  /**
   * @param environment value of CSDP_DATA, or null
   * @param working folder that contains data/NAME
   */
  DataSources(
      Path environment,
      Path working,
      DataCatalog manifest,
      Downloads downloads,
      Consumer<String> notice) {
    this(environment, working, manifest, downloads, notice, BuiltIn.DIGITS);
  }

  private DataSources(
      Path environment,
      Path working,
      DataCatalog manifest,
      Downloads downloads,
      Consumer<String> notice,
      BuiltIn fallback) {
    this.environment = environment;
    this.working = working;
    this.manifest = manifest;
    this.downloads = downloads;
    this.notice = notice;
    this.fallback = fallback;
  }

  /** This machine, this process, the manifest that comes with the library. */
  public static DataSources system(Consumer<String> notice) {
    return system(System.getProperty(PROPERTY, System.getenv("CSDP_DATA")), notice);
  }

  /**
   * As {@link #system(Consumer)}, with another value of CSDP_DATA.
   *
   * @param place folder; null or blank for none
   */
  public static DataSources system(String place, Consumer<String> notice) {
    return new DataSources(
        place == null || place.isBlank() ? null : path(place),
        Path.of(""),
        DataCatalog.standard(),
        new Downloads((file, bytes, total) -> {}),
        notice);
  }

  /**
   * Finds and reads all parts; test images are optional in the user's files and folders.
   *
   * @param request the requested data
   * @param notice receives one line for a download or a fallback to built-in data
   * @throws CsdpException bad input: no such folder, damaged or ill-fitting files, fewer than two
   *     classes to learn, more validation than training images; environment: the data is not here
   *     and cannot be fetched
   */
  public static Splits open(DataRequest request, Consumer<String> notice) {
    return system(notice).open(request);
  }

  /**
   * Finds and reads one part, as {@link #open} would; the others need not exist.
   *
   * @return the images; null if validation images are requested but there are none
   * @throws CsdpException as {@link #open}
   */
  public static Dataset split(DataRequest request, Split split, Consumer<String> notice) {
    return system(notice).split(request, split);
  }

  /**
   * As {@link #split(DataRequest, Split, Consumer)}, with other images as default without data and
   * network.
   */
  public static Dataset split(
      DataRequest request, Split split, BuiltIn fallback, Consumer<String> notice) {
    DataSources usual = system(notice);
    return new DataSources(
            usual.environment,
            usual.working,
            usual.manifest,
            usual.downloads,
            usual.notice,
            fallback)
        .split(request, split);
  }

  /**
   * Returns the name of the built-in set that a request means or falls back to, or null for other
   * data. Downloads the default set if it is not here.
   *
   * @throws CsdpException as {@link #open}
   */
  public static String builtIn(DataRequest request, Consumer<String> notice) {
    return system(notice).builtIn(request);
  }

  String builtIn(DataRequest request) {
    if (request.hasFiles() || request.data() != null) {
      return BuiltIn.find(request.data()).map(BuiltIn::label).orElse(null);
    }
    Source found = unasked(EnumSet.of(Split.TRAIN, Split.TEST), request.options());
    return found instanceof BuiltIn.Images ? found.name() : null;
  }

  Splits open(DataRequest request) {
    Source source = find(request, EnumSet.of(Split.TRAIN, Split.TEST));
    Dataset train = read(source, Split.TRAIN, request);
    Dataset valid = read(source, Split.VALID, request);
    Dataset test = source.has(Split.TEST) ? read(source, Split.TEST, request) : null;
    return new Splits(source.name(), source.description(), train, valid, test);
  }

  Dataset split(DataRequest request, Split split) {
    return read(find(request, EnumSet.of(split)), split, request);
  }

  private Dataset read(Source source, Split split, DataRequest request) {
    if (split == Split.TEST) {
      return source.read(split);
    }
    Dataset own = source.read(Split.VALID);
    if (split == Split.VALID && (own != null || request.valid().images() == 0)) {
      return own;
    }
    Dataset all = source.read(Split.TRAIN);
    int aside = own != null ? 0 : request.valid().of(all.size());
    if (aside >= all.size()) {
      throw CsdpException.badInput(
          "%d validation %ss to be set aside of %d training %ss (%s): set fewer aside with --valid",
          aside, all.noun(), all.size(), all.noun(), all.name());
    }
    // More classes than images: the numbers are not labels.
    if (all.classes() > Math.max(256, all.size())) {
      throw CsdpException.badInput(
          "%s: labels up to %d make %,d classes, but there are only %,d training %ss; number"
              + " labels from 0",
          all.name(), all.classes() - 1, all.classes(), all.size(), all.noun());
    }
    int rest = all.size() - aside;
    if (split == Split.VALID) {
      if (aside < request.valid().images()) {
        notice.accept(
            String.format(
                Locale.ROOT,
                "the last %,d of %,d training %ss are used for validation; --valid N sets"
                    + " another number",
                aside,
                all.size(),
                all.noun()));
      }
      return aside == 0 ? null : all.subset(rest, all.size()).named(source.name() + " valid");
    }
    Dataset train = all.subset(0, rest).limit(request.trainLimit());
    // Only for training images: test images of one class are valid.
    if (train.classes() - train.absentClasses().size() < 2) {
      throw CsdpException.badInput(
          "%s: the %d training %ss are all of class %d; give %ss of at least two classes",
          train.name(), train.size(), train.noun(), train.label(0), train.noun());
    }
    return train;
  }

  /**
   * Returns the source of the data, which has every needed part. Test images are needed only of a
   * named set.
   */
  private Source find(DataRequest request, Set<Split> needed) {
    if (request.hasFiles()) {
      return require(new NpyFiles(request), needed, "the files given");
    }
    if (request.data() == null) {
      return unasked(needed, request.options());
    }
    SetEntry known = manifest.find(request.data()).orElse(null);
    Optional<BuiltIn> builtIn = BuiltIn.find(request.data());
    if (known != null || builtIn.isPresent()) {
      request.options().requireNone(request.data());
    }
    if (builtIn.isPresent()) {
      return builtIn.get().source();
    }
    if (known != null) {
      return named(known, needed);
    }
    Path folder = working.resolve(path(request.data()));
    if (!Files.isDirectory(folder)) {
      throw CsdpException.badInput(
          "%s is neither a data set (%s) nor a folder; give one of them",
          request.data(), String.join(", ", names()));
    }
    return folder(folder, needed, request.options());
  }

  private Source unasked(Set<Split> needed, FolderOptions options) {
    if (environment != null) {
      Source there = sourceIn(shortName(environmentFolder()), environment, options);
      if (there != null) {
        return require(there, needed, "the folder " + environment + " (CSDP_DATA)");
      }
    }
    options.requireNone(USUAL);
    SetEntry usual = manifest.find(USUAL).orElseThrow();
    try {
      return named(usual, needed);
    } catch (CsdpException e) {
      if (e.exitCode() != CsdpException.ENVIRONMENT) {
        throw e;
      }
      notice.accept(
          "no data given and no "
              + USUAL
              + " here ("
              + e.getMessage()
              + "): using the built-in "
              + fallback.label()
              + ", "
              + fallback.sizes());
      return fallback.source();
    }
  }

  private Source named(SetEntry set, Set<Split> needed) {
    List<String> looked = new ArrayList<>();
    if (environment != null) {
      Path folder = environmentFolder();
      if (IdxFolder.isOne(folder)) {
        IdxFolder there = new IdxFolder(set.name(), folder, manifest);
        if (hasAll(there, needed) && there.is(set, needed)) {
          return there;
        }
        looked.add(folder + " (CSDP_DATA, holds other data)");
      }
      Source there = sourceIn(set.name(), folder.resolve(set.name()), FolderOptions.DEFAULT);
      if (there != null && hasAll(there, needed)) {
        return there;
      }
      looked.add(folder.resolve(set.name()).toString());
    }
    Path here = working.resolve("data").resolve(set.name());
    Source there = sourceIn(set.name(), here, FolderOptions.DEFAULT);
    if (there != null && hasAll(there, needed)) {
      return there;
    }
    looked.add(here.toString());
    try {
      notice.accept("downloading " + set.name() + " to " + here);
      downloads.fetch(set, here);
    } catch (CsdpException e) {
      if (e.exitCode() != CsdpException.ENVIRONMENT) {
        throw e;
      }
      throw CsdpException.environment(
              "no %s in %s, and %s; try: csdp data fetch %s, or --data DIR, or --data digits",
              set.name(), String.join(" or ", looked), e.getMessage(), set.name())
          .because(e);
    }
    return new IdxFolder(set.name(), here, manifest);
  }

  private Source folder(Path folder, Set<Split> needed, FolderOptions options) {
    Source there = sourceIn(shortName(folder), folder, options);
    if (there == null) {
      throw CsdpException.badInput(
          "%s holds no data: neither IDX files (train-images-idx3-ubyte, or .gz, ...) nor"
              + " trainX.npy, trainY.npy, testX.npy, testY.npy, nor train.csv and test.csv, nor a"
              + " folder of image files for each class, nor recorded spikes (N-MNIST, SHD, SSC,"
              + " trainSpikes.npy)",
          folder);
    }
    return require(there, needed, "the folder " + folder);
  }

  private Source sourceIn(String name, Path folder, FolderOptions options) {
    return DataFolder.source(name, folder, options, manifest);
  }

  private Path environmentFolder() {
    if (!Files.isDirectory(environment)) {
      throw CsdpException.badInput(
          "CSDP_DATA names %s, which is not a folder; mend it or unset it", environment);
    }
    return environment;
  }

  private static boolean hasAll(Source source, Set<Split> needed) {
    return needed.stream().allMatch(source::has);
  }

  private static Source require(Source source, Set<Split> needed, String where) {
    for (Split split : needed) {
      boolean optional =
          split == Split.TEST && needed.contains(Split.TRAIN) && !source.hasSome(split);
      if (!source.has(split) && !optional) {
        throw CsdpException.badInput("%s: %s", where, source.absence(split));
      }
    }
    return source;
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    manifest.sets().forEach(set -> names.add(set.name()));
    for (BuiltIn set : BuiltIn.values()) {
      names.add(set.label());
    }
    return names;
  }

  /** Returns the folder of a named set, or null if it needs a download. */
  public Path place(SetEntry set) {
    List<Path> candidates = new ArrayList<>();
    if (environment != null) {
      if (set.check(environmentFolder()) == DataCatalog.Check.VERIFIED) {
        return environment;
      }
      candidates.add(environment.resolve(set.name()));
    }
    candidates.add(working.resolve("data").resolve(set.name()));
    return candidates.stream().filter(IdxFolder::isOne).findFirst().orElse(null);
  }

  /** Returns the known sets, except the built-in ones. */
  public DataCatalog manifest() {
    return manifest;
  }

  private static String shortName(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "data" : last.toString();
  }

  /**
   * Returns the path of a user's text.
   *
   * @throws CsdpException bad input, if it is not a path
   */
  public static Path path(String text) {
    if (text.equals("~") || text.startsWith("~/")) { // shells do not expand --out=~/x
      String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
      return Path.of(home, text.substring(1));
    }
    if (text.matches("~[^/]+/.*")) {
      throw CsdpException.badInput(
          "%s: the home of another user is not looked up; write the folder out, or ./%s",
          text, text);
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw CsdpException.badInput("%s is not a path: %s", text, e.getReason()).because(e);
    }
  }
}
