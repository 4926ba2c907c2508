package csdp.data;

import csdp.data.Manifest.SetEntry;
import csdp.error.CsdpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Finds the data that the user asked for.
 *
 * <p>A named set is looked for in the folder that the environment variable CSDP_DATA names (its
 * sub-folder of that name, or the folder itself where the checksums are those of the set), then in
 * data/NAME, then on the network. With nothing asked it is CSDP_DATA, or mnist as above, or, where
 * that cannot be had, the built-in strokes, and a notice says so.
 */
public final class DataSources {
  /** The name of the built-in set. */
  public static final String STROKES = "strokes";

  /** The system property that stands in for the environment variable CSDP_DATA. */
  public static final String PROPERTY = "csdp.data";

  private static final String USUAL = "mnist";

  private final Path environment;
  private final Path working;
  private final Manifest manifest;
  private final Downloads downloads;
  private final Consumer<String> notice;

  /**
   * @param environment what CSDP_DATA says, or null
   * @param working folder in which data/NAME is looked for
   */
  DataSources(
      Path environment,
      Path working,
      Manifest manifest,
      Downloads downloads,
      Consumer<String> notice) {
    this.environment = environment;
    this.working = working;
    this.manifest = manifest;
    this.downloads = downloads;
    this.notice = notice;
  }

  /** This machine, this process, the manifest that comes with the library. */
  public static DataSources system(Consumer<String> notice) {
    return system(System.getProperty(PROPERTY, System.getenv("CSDP_DATA")), notice);
  }

  /**
   * As {@link #system(Consumer)}, with another folder to look in first.
   *
   * @param place what CSDP_DATA would hold; null or blank for nothing
   */
  public static DataSources system(String place, Consumer<String> notice) {
    return new DataSources(
        place == null || place.isBlank() ? null : path(place),
        Path.of(""),
        Manifest.standard(),
        new Downloads((file, bytes, total) -> {}),
        notice);
  }

  /**
   * Finds and reads all parts; test images may be missing from files and folders of the user's own.
   *
   * @param request what the user asked for
   * @param notice told, a line each, what the user should know: a download, or strokes instead
   * @throws CsdpException bad input: no such folder, damaged or ill-fitting files, fewer than two
   *     classes to learn, more validation than training images; environment: the data is not here
   *     and cannot be fetched
   */
  public static Splits open(DataRequest request, Consumer<String> notice) {
    return system(notice).open(request);
  }

  /**
   * Finds and reads one part, the same images as {@link #open} would have; the others need not be
   * there.
   *
   * @return the images; null where validation images were asked and the request sets none aside
   * @throws CsdpException as {@link #open}
   */
  public static Dataset split(DataRequest request, Split split, Consumer<String> notice) {
    return system(notice).split(request, split);
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

  private static Dataset read(Source source, Split split, DataRequest request) {
    if (split == Split.TEST) {
      return source.test();
    }
    Dataset own = source.ownValid();
    if (split == Split.VALID && (own != null || request.valid() == 0)) {
      return own;
    }
    Dataset all = source.train();
    int aside = own != null ? 0 : request.valid();
    if (aside >= all.size()) {
      throw CsdpException.badInput(
          "%d validation images to be set aside of %d training images (%s); set fewer aside",
          aside, all.size(), all.name());
    }
    // With more classes than images the numbers are no labels, and a network of that size is in
    // vain.
    if (all.classes() > Math.max(256, all.size())) {
      throw CsdpException.badInput(
          "%s: labels up to %d make %,d classes, but there are only %,d training images; number"
              + " labels from 0",
          all.name(), all.classes() - 1, all.classes(), all.size());
    }
    int rest = all.size() - aside;
    if (split == Split.VALID) {
      return all.subset(rest, all.size()).named(source.name() + " valid");
    }
    Dataset train = all.subset(0, rest).limit(request.trainLimit());
    // A check of the training images alone: test images of one class are an honest question.
    if (train.classes() - train.absentClasses().size() < 2) {
      throw CsdpException.badInput(
          "%s: the %d training images are all of class %d; give images of at least two classes",
          train.name(), train.size(), train.label(0));
    }
    return train;
  }

  /**
   * Where the data is; every part that is needed is there. With training images, test images are
   * only needed of a set that has them.
   */
  private Source find(DataRequest request, Set<Split> needed) {
    if (request.hasFiles()) {
      return require(new NpyFiles(request), needed, "the files given");
    }
    if (request.data() == null) {
      return unasked(needed);
    }
    if (request.data().equals(STROKES)) {
      return new Drawn();
    }
    SetEntry known = manifest.find(request.data()).orElse(null);
    if (known != null) {
      return named(known, needed);
    }
    Path folder = working.resolve(path(request.data()));
    if (!Files.isDirectory(folder)) {
      throw CsdpException.badInput(
          "%s is neither a data set (%s) nor a folder; give one of them",
          request.data(), String.join(", ", names()));
    }
    return folder(folder, needed);
  }

  private Source unasked(Set<Split> needed) {
    if (environment != null) {
      Source there = look(shortName(environmentFolder()), environment);
      if (there != null) {
        return require(there, needed, "the folder " + environment + " (CSDP_DATA)");
      }
    }
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
              + "): using the built-in strokes, drawn digits that are not "
              + USUAL);
      return new Drawn();
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
      Source there = look(set.name(), folder.resolve(set.name()));
      if (there != null && hasAll(there, needed)) {
        return there;
      }
      looked.add(folder.resolve(set.name()).toString());
    }
    Path here = working.resolve("data").resolve(set.name());
    Source there = look(set.name(), here);
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
              "no %s in %s, and %s; try: csdp data fetch %s, or --data DIR, or --data strokes",
              set.name(), String.join(" or ", looked), e.getMessage(), set.name())
          .because(e);
    }
    return new IdxFolder(set.name(), here, manifest);
  }

  private Source folder(Path folder, Set<Split> needed) {
    Source there = look(shortName(folder), folder);
    if (there == null) {
      throw CsdpException.badInput(
          "%s holds no data: neither IDX files (train-images-idx3-ubyte, or .gz, ...) nor"
              + " trainX.npy, trainY.npy, testX.npy, testY.npy",
          folder);
    }
    return require(there, needed, "the folder " + folder);
  }

  /** The data in a folder, or null where there is none. */
  private Source look(String name, Path folder) {
    boolean idx = IdxFolder.isOne(folder);
    boolean npy = NpyFiles.isOne(folder);
    if (idx && npy) {
      throw CsdpException.badInput(
          "%s holds IDX and .npy files; keep them in folders of their own", folder);
    }
    return idx ? new IdxFolder(name, folder, manifest) : npy ? new NpyFiles(name, folder) : null;
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
        throw CsdpException.badInput(
            "%s: no %s images among them; add %s",
            where, split == Split.TEST ? "test" : "training", source.filesOf(split));
      }
    }
    return source;
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    manifest.sets().forEach(set -> names.add(set.name()));
    names.add(STROKES);
    return names;
  }

  /** The folder that is read for a named set, or null where it would have to be fetched. */
  public Path place(SetEntry set) {
    List<Path> candidates = new ArrayList<>();
    if (environment != null) {
      if (check(set, environmentFolder()) == Check.VERIFIED) {
        return environment;
      }
      candidates.add(environment.resolve(set.name()));
    }
    candidates.add(working.resolve("data").resolve(set.name()));
    return candidates.stream().filter(IdxFolder::isOne).findFirst().orElse(null);
  }

  /** What the checksums of a folder say. */
  public enum Check {
    /** All files of the set are there and right. */
    VERIFIED,
    /** A file is missing. */
    INCOMPLETE,
    /** A file is damaged, another, or of a form whose checksum is not known. */
    WRONG
  }

  /** Compares a folder with the manifest, file by file. */
  public static Check check(SetEntry set, Path folder) {
    Check result = Check.VERIFIED;
    for (Manifest.FileEntry entry : set.files()) {
      Path file = IdxFolder.find(folder, entry.stem());
      if (file == null) {
        result = result == Check.VERIFIED ? Check.INCOMPLETE : result;
      } else if (!check(entry, file)) {
        result = Check.WRONG;
      }
    }
    return result;
  }

  private static boolean check(Manifest.FileEntry entry, Path file) {
    try {
      return entry.matches(file, Downloads.MAX_BYTES);
    } catch (IOException e) {
      return false;
    }
  }

  /** The sets that are known by name, but for the built-in one. */
  public Manifest manifest() {
    return manifest;
  }

  private static String shortName(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "data" : last.toString();
  }

  /**
   * A path as the user wrote it.
   *
   * @throws CsdpException bad input, when it cannot be one
   */
  public static Path path(String text) {
    if (text.equals("~") || text.startsWith("~/")) { // no shell expands it in --out=~/x
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

  /** The built-in digits. */
  private static final class Drawn implements Source {
    @Override
    public String name() {
      return STROKES;
    }

    @Override
    public String description() {
      return "digits drawn by csdp itself, not MNIST (seed " + Strokes.SEED + ")";
    }

    @Override
    public boolean has(Split split) {
      return true;
    }

    @Override
    public boolean hasSome(Split split) {
      return true;
    }

    @Override
    public Dataset train() {
      return Strokes.train(Strokes.SEED);
    }

    @Override
    public Dataset ownValid() {
      return null;
    }

    @Override
    public Dataset test() {
      return Strokes.test(Strokes.SEED);
    }

    @Override
    public String filesOf(Split split) {
      return STROKES;
    }
  }
}
