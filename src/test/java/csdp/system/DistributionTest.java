package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import csdp.data.TestData;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.InetAddress;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The zip of {@code mvn package}, unzipped into a read-only folder with spaces in its name, on the
 * Java of this build and on that of {@code CSDP_OTHER_JAVA_HOME}, if set. Run by {@code mvn verify}
 * after the zip is built.
 */
@Tag("distribution")
class DistributionTest {
  private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");
  private static final String VERSION = System.getProperty("csdp.version");
  private static final Path ZIP = Path.of(System.getProperty("csdp.distribution", "absent"));
  private static final Path THIS_JAVA = Path.of(System.getProperty("java.home"));

  private static final int SIDE = 10;
  private static final int CLASSES = 10;

  @TempDir static Path dir;
  private static Path home;
  private static Map<String, String> before;

  /** A training run of about a second. */
  private static List<String> train(Path run) {
    String flags = "--hidden 30,20 --valid 100 --epochs 1 --batch 100 --steps 20";
    List<String> all = new ArrayList<>(List.of("train", "--data", dir.resolve("data").toString()));
    all.addAll(List.of("--out", run.toString()));
    all.addAll(List.of(flags.split(" ")));
    return all;
  }

  /** Images of class c have a bright row c. */
  private static void writeImages(String name, int n) throws IOException {
    byte[] pixels = new byte[n * SIDE * SIDE];
    for (int k = 0; k < pixels.length; k++) {
      int i = k / (SIDE * SIDE);
      int row = k / SIDE % SIDE;
      pixels[k] = (byte) (row == i % CLASSES ? 250 - i % 7 : i % 5);
    }
    Path data = dir.resolve("data");
    Files.write(data.resolve(name + "-images-idx3-ubyte"), TestData.idx(pixels, n, SIDE, SIDE));
    Files.write(data.resolve(name + "-labels-idx1-ubyte"), TestData.idxLabels(n, CLASSES));
  }

  @BeforeAll
  static void unzip() throws IOException {
    Files.createDirectories(dir.resolve("data"));
    writeImages("train", 600);
    writeImages("t10k", 200);
    Path parent = Files.createDirectories(dir.resolve("a folder of programs"));
    try (FileSystem zip = FileSystems.newFileSystem(ZIP, posixAttributes());
        Stream<Path> entries = Files.walk(zip.getPath("/"))) {
      for (Path entry : (Iterable<Path>) entries.skip(1)::iterator) {
        Path target = parent.resolve(entry.toString().substring(1));
        Files.copy(entry, target);
        if (!WINDOWS) {
          Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(entry));
        }
      }
    }
    home = parent.resolve("csdp4j-" + VERSION);
    setWritable(false);
    before = contents();
  }

  private static Map<String, ?> posixAttributes() {
    return Map.of("enablePosixFileAttributes", true);
  }

  private static void setWritable(boolean writable) throws IOException {
    try (Stream<Path> all = Files.walk(home)) {
      for (Path p : (Iterable<Path>) all::iterator) {
        // Windows: files only; a folder's flag means something else there.
        assertTrue(
            (WINDOWS && Files.isDirectory(p)) || p.toFile().setWritable(writable), p.toString());
      }
    }
  }

  private static Map<String, String> contents() throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(home)) {
      for (Path p : (Iterable<Path>) files::iterator) {
        all.put(home.relativize(p).toString(), Files.getLastModifiedTime(p) + " " + Files.size(p));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("javas")
  void bundledModelsAnswer(Path java) throws Exception {
    String model = home.resolve("data/models/mnist-small").toString();
    String image = home.resolve("data/samples/3.png").toString();
    Child r = assertDone(launch(java, "predict", "--model", model, "--device", "cpu", image));
    assertTrue(r.out().contains("3.png  class "), r.out());
  }

  /** Root may write to a read-only folder, so the folder is also compared. */
  @AfterAll
  static void nothingWasWrittenIntoIt() throws IOException {
    Map<String, String> after = contents();
    setWritable(true);
    assertEquals(before, after);
  }

  static List<Path> javas() {
    List<Path> all = new ArrayList<>(List.of(THIS_JAVA));
    String other = System.getenv("CSDP_OTHER_JAVA_HOME");
    if (other != null && !other.isBlank()) {
      all.add(Path.of(other));
    }
    return all;
  }

  private static Path java(Path java) {
    return java.resolve("bin").resolve(WINDOWS ? "java.exe" : "java");
  }

  private static Child launch(Path java, String... arguments) throws Exception {
    return launch(Map.of("JAVA_HOME", java.toString()), List.of(arguments));
  }

  private static Child launch(Map<String, String> env, List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>();
    if (WINDOWS) {
      command.addAll(List.of("cmd", "/c", "call"));
    }
    command.add(home.resolve("bin").resolve(WINDOWS ? "csdp.bat" : "csdp").toString());
    command.addAll(arguments);
    return run(env, command);
  }

  private static Child run(Map<String, String> env, List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).directory(dir.toFile());
    builder.environment().remove("CSDP_DATA");
    builder.environment().putAll(env);
    return Child.run(builder);
  }

  private static Child assertDone(Child r) {
    assertEquals(0, r.code(), r.toString());
    assertFalse(r.err().contains("\tat ") || r.err().contains("csdp: "), r.err());
    return r;
  }

  @ParameterizedTest
  @MethodSource("javas")
  void trainsAnalysesAndExamines(Path java) throws Exception {
    Path run = Files.createTempDirectory(dir, "a run").resolve("r");
    Child version = assertDone(launch(java, "--version"));
    assertTrue(version.out().startsWith("csdp4j " + VERSION), version.out());

    Child training = assertDone(launch(Map.of("JAVA_HOME", java.toString()), train(run)));
    assertTrue(training.out().contains("Vector API"), training.out());
    assertDone(launch(java, "analyze", "--model", run.toString(), "--points", "100"));
    assertTrue(Files.size(run.resolve("report.html")) > 100_000);

    Child doctor = assertDone(launch(java, "doctor"));
    assertTrue(doctor.out().contains("Training on the CPU works here."), doctor.out());
    assertTrue(doctor.out().matches("(?s).*ok +kernels +PTX fits the sources.*"), doctor.out());
  }

  @Test
  void replaysABundledRecording() throws Exception {
    String trace = home.resolve("traces/tiny_supervised.npz").toString();
    Child replay = assertDone(launch(THIS_JAVA, "replay", trace, "--device", "cpu"));
    assertTrue(replay.out().contains("1 passed, 0 failed"), replay.out());
  }

  @Test
  void javaJarSaysOnceThatItIsSlowerWithoutTheVectorModule() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(java(THIS_JAVA).toString());
    command.addAll(List.of("-jar", home.resolve("csdp4j-" + VERSION + ".jar").toString()));
    command.addAll(train(dir.resolve("without vectors")));
    Child r = assertDone(run(Map.of(), command));
    String hint = "(slower: start Java with --add-modules jdk.incubator.vector)";
    assertEquals(2, (r.out() + r.err()).split(Pattern.quote(hint), -1).length, r.out() + r.err());

    Path built = ZIP.resolveSibling("csdp4j-" + VERSION + ".jar");
    assertDone(run(Map.of(), List.of(command.get(0), "-jar", built.toString(), "doctor")));
  }

  /** JCuda's libraries are found by the class path of the launcher and of {@code java -jar}. */
  @Test
  void nativesForLinuxAndWindowsAreOnTheClassPath() throws Exception {
    Path natives = home.resolve("lib/natives/lib");
    URL jar = home.resolve("csdp4j-" + VERSION + ".jar").toUri().toURL();
    Set<String> kinds = new HashSet<>();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar}, null);
        Stream<Path> files = Files.list(natives)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String name = file.getFileName().toString();
        assertNotNull(loader.getResource("lib/" + name), name);
        kinds.add(name.replaceAll("-[0-9.]+-", " "));
        URL here =
            DistributionTest.class.getResource("/lib/" + name); // this platform's, from JCuda
        if (here != null) {
          try (var in = here.openStream()) {
            assertEquals(-1, mismatch(in.readAllBytes(), Files.readAllBytes(file)), name);
          }
        }
      }
      assertNotNull(loader.loadClass("csdp.cli.Main"));
      assertNotNull(loader.loadClass("org.jfree.chart.JFreeChart"));
    }
    assertEquals(
        Set.of(
            "libJCudaDriver linux-x86_64.so",
            "libJCublas2 linux-x86_64.so",
            "JCudaDriver windows-x86_64.dll",
            "JCublas2 windows-x86_64.dll"),
        kinds);
  }

  private static int mismatch(byte[] a, byte[] b) {
    return java.util.Arrays.mismatch(a, b);
  }

  /** Licence of csdp4j in each place, and the name, version and licence of every library. */
  @Test
  void licencesOfEverything() throws IOException {
    String libraries = Files.readString(home.resolve("licences/LIBRARIES.txt"));
    try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
      List<String> names =
          jars.map(p -> p.getFileName().toString()).filter(n -> n.endsWith(".jar")).toList();
      assertTrue(names.stream().anyMatch(n -> n.startsWith("jfreechart-")), names.toString());
      for (String name : names) {
        Matcher m = Pattern.compile("(.+?)-(\\d[\\d.]*)\\.jar").matcher(name);
        assertTrue(m.matches(), name);
        assertTrue(libraries.contains(":" + m.group(1) + ":" + m.group(2) + " "), name);
      }
    }
    for (String text : List.of("Apache-2.0.txt", "LGPL-2.1.txt", "MIT-JCuda.txt", "README.txt")) {
      assertTrue(Files.size(home.resolve("licences").resolve(text)) > 500, text);
    }
    byte[] licence = Files.readAllBytes(home.resolve("LICENSE"));
    for (String classifier : List.of("", "-sources")) {
      try (ZipFile jar = zip(classifier + ".jar");
          var in = jar.getInputStream(jar.getEntry("META-INF/LICENSE"))) {
        assertEquals(-1, mismatch(licence, in.readAllBytes()), classifier);
      }
    }
  }

  private static ZipFile zip(String ending) throws IOException {
    return new ZipFile(ZIP.resolveSibling("csdp4j-" + VERSION + ending).toFile());
  }

  /** Entries have one date, and modes that do not depend on the umask of the build. */
  @Test
  void entriesDoNotDependOnTheBuild() throws IOException {
    Set<FileTime> times = new HashSet<>();
    Set<String> modes = new HashSet<>();
    try (FileSystem zip = FileSystems.newFileSystem(ZIP, posixAttributes());
        Stream<Path> entries = Files.walk(zip.getPath("/"))) {
      for (Path entry : (Iterable<Path>) entries.skip(1)::iterator) {
        times.add(Files.getLastModifiedTime(entry));
        String mode =
            java.nio.file.attribute.PosixFilePermissions.toString(
                Files.getPosixFilePermissions(entry));
        boolean executable = Files.isDirectory(entry) || entry.endsWith("bin/csdp");
        modes.add((executable ? "x " : "- ") + mode);
      }
    }
    assertEquals(1, times.size(), times.toString());
    assertEquals(Set.of("x rwxr-xr-x", "- rw-r--r--"), modes);
  }

  @Test
  void theLauncherIsThatOfTheCloneAndTheOneForWindowsHasItsFlags() throws IOException {
    assertEquals(-1L, Files.mismatch(Path.of("scripts/csdp"), home.resolve("bin/csdp")));
    String bat = Files.readString(home.resolve("bin/csdp.bat"), StandardCharsets.US_ASCII);
    assertEquals(bat.lines().count(), bat.split("\r\n", -1).length - 1, "lines end with CR LF");
    for (String flag : Files.readAllLines(home.resolve("lib/jvm.config"))) {
      boolean mainSetsIt = flag.startsWith("-Djava.awt.headless");
      assertTrue(mainSetsIt || bat.contains(flag), flag);
    }
  }

  /** The requirements of Maven Central. */
  @Test
  void jarsArePublishable() throws IOException {
    ModuleDescriptor module =
        ModuleFinder.of(ZIP.resolveSibling("csdp4j-" + VERSION + ".jar"))
            .findAll()
            .iterator()
            .next()
            .descriptor();
    assertEquals("csdp", module.name());
    try (ZipFile javadoc = zip("-javadoc.jar");
        ZipFile sources = zip("-sources.jar");
        ZipFile jar = zip(".jar")) {
      assertNotNull(javadoc.getEntry("csdp/Csdp.html"));
      assertNotNull(sources.getEntry("csdp/Csdp.java"));
      String pom;
      try (var in =
          jar.getInputStream(jar.getEntry("META-INF/maven/io.github.csdp4j/csdp4j/pom.xml"))) {
        pom = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      String project = pom.substring(0, pom.indexOf("<properties>"));
      for (String element :
          "name description url licenses license developers developer scm connection".split(" ")) {
        assertTrue(project.contains("<" + element + ">"), element);
      }
    }
  }

  @Test
  void aReportNamesNobody() throws Exception {
    Path user = Files.createDirectories(dir.resolve("home of Jane (x)"));
    Child r =
        assertDone(
            launch(
                Map.of(
                    "JAVA_HOME", THIS_JAVA.toString(),
                    "HOME", user.toString(),
                    "CSDP_JAVA_OPTS", "-Duser.name=jane",
                    "CSDP_DATA", user.toString(),
                    "CSDP_CACHE", user.resolve("cache").toString()),
                List.of("doctor", "--report")));
    assertTrue(r.out().contains("csdp4j       " + VERSION), r.out());
    assertTrue(r.out().contains("CSDP_CACHE CSDP_DATA"), r.out());
    for (String secret :
        List.of("jane", "Jane", dir.toString(), InetAddress.getLocalHost().getHostName())) {
      assertFalse(r.out().contains(secret), secret + " in " + r.out());
    }
  }

  /** Checks the recipe without building it: it copies existing files, and its user is not root. */
  @Test
  void theContainerRecipeFits() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("scripts/Dockerfile"));
    List<String> users = lines.stream().filter(l -> l.startsWith("USER ")).toList();
    assertEquals(1, users.size());
    assertFalse(users.get(0).matches("USER (root|0)(:.*)?"), users.get(0));
    for (String line : lines) {
      Matcher copy = Pattern.compile("COPY (?!--from)(\\S+) .*").matcher(line);
      if (copy.matches()) {
        Path source = Path.of(copy.group(1));
        var matcher = FileSystems.getDefault().getPathMatcher("glob:" + source.getFileName());
        try (Stream<Path> files = Files.list(source.getParent())) {
          List<Path> found = files.filter(f -> matcher.matches(f.getFileName())).toList();
          assertEquals(List.of(Path.of("target").resolve(ZIP.getFileName())), found, line);
        }
      }
    }
    assertTrue(lines.stream().anyMatch(l -> l.startsWith("ENTRYPOINT") && l.contains("/bin/csdp")));
  }
}
