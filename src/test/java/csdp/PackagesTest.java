package csdp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import csdp.backend.Device;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Which package may use which. */
final class PackagesTest {
  /** Allowed arrows. A row names earlier rows only, so there are no cycles. */
  private static final Map<String, Set<String>> ALLOWED = new LinkedHashMap<>();

  /** Classes that may break a rule, with the reason. */
  private static final Map<String, String> EXCEPTIONS =
      Map.of(
          "csdp.backend.Device",
          "opens every backend",
          "csdp.backend.cuda.KernelCosts",
          "a program of scripts/kernel_report.sh that trains a network");

  /** Whether this is a build with src/spark. */
  private static final boolean SPARK =
      PackagesTest.class.getResource("spark/SparkCluster.class") != null;

  static {
    allow("error");
    allow("io", "error");
    allow("model", "error");
    allow("data", "error", "io", "model");
    allow("config", "error", "io", "model", "data");
    allow("backend", "error", "model", "data");
    for (Device device : Device.everywhere()) { // a backend's package has its name
      allow("backend." + device.name(), "error", "model", "backend");
    }
    allow("backend.cuda.driver", "error", "io");
    allow("backend.cuda.ptx", "error", "io", "backend.cuda.driver");
    allow("backend.cuda.device", "error", "backend.cuda.driver", "backend.cuda.ptx");
    allow(
        "backend.cuda",
        "error",
        "model",
        "data",
        "backend",
        "backend.cuda.driver",
        "backend.cuda.ptx",
        "backend.cuda.device");
    allow("metrics", "error", "model", "backend");
    allow("train", "error", "model", "data", "config", "backend", "metrics");
    allow("checkpoint", "error", "io", "model", "data", "config", "train");
    allow(
        "run",
        "error",
        "io",
        "model",
        "data",
        "config",
        "backend",
        "metrics",
        "train",
        "checkpoint");
    allow(
        "sweep",
        "error",
        "io",
        "model",
        "data",
        "config",
        "backend",
        "metrics",
        "train",
        "checkpoint",
        "run");
    allow("tensorboard", "error", "io", "model", "data", "config", "backend", "metrics", "train");
    allow("replay", "error", "io", "model", "backend");
    allow("analysis.tsne", "error", "model");
    allow("analysis.plots", "error", "io", "model", "data", "backend", "metrics", "train", "sweep");
    allow(
        "analysis",
        "error",
        "io",
        "model",
        "data",
        "config",
        "backend",
        "metrics",
        "train",
        "checkpoint",
        "sweep",
        "analysis.tsne",
        "analysis.plots");
    allow(
        "bench",
        "error",
        "io",
        "model",
        "data",
        "config",
        "backend",
        "backend.cpu",
        "backend.cuda",
        "backend.cuda.device",
        "train");
    allow(
        "", "error", "io", "model", "data", "config", "backend", "metrics", "train", "checkpoint");
    allow("encode", "", "error", "io", "model", "data", "checkpoint");
    allow("cluster", "error", "model", "encode", "sweep");
    if (SPARK) {
      allow("spark", ALLOWED.keySet().toArray(String[]::new));
    }
    allow(
        "cli",
        ALLOWED.keySet().stream().filter(p -> !p.startsWith("analysis.")).toArray(String[]::new));
  }

  private static JavaClasses classes;

  private static void allow(String name, String... others) {
    assertEquals(
        Set.of(), minus(Set.of(others), ALLOWED.keySet()), name + " may only use earlier rows");
    ALLOWED.put(name, Set.of(others));
  }

  private static Set<String> minus(Set<String> a, Set<String> b) {
    Set<String> rest = new TreeSet<>(a);
    rest.removeAll(b);
    return rest;
  }

  private static String shortName(JavaClass c) {
    String name = c.getPackageName();
    return name.equals("csdp") ? "" : name.substring("csdp.".length());
  }

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
            .importPackages("csdp");
  }

  @Test
  void everyPackageHasRow() {
    Set<String> packages = new TreeSet<>();
    classes.forEach(c -> packages.add(shortName(c)));
    assertEquals(new TreeSet<>(ALLOWED.keySet()), packages);
  }

  @Test
  void packagesUseOnlyAllowedOnes() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass c : classes) {
      Set<String> allowed = ALLOWED.getOrDefault(shortName(c), Set.of());
      for (Dependency d : c.getDirectDependenciesFromSelf()) {
        JavaClass target = d.getTargetClass().getBaseComponentType();
        boolean ours = (target.getPackageName() + ".").startsWith("csdp.");
        if (ours
            && !target.getPackageName().equals(c.getPackageName())
            && !allowed.contains(shortName(target))
            && !EXCEPTIONS.containsKey(outermost(c))) {
          wrong.add(outermost(c) + " uses " + target.getName());
        }
      }
    }
    assertEquals(List.of(), new ArrayList<>(wrong));
  }

  private static String outermost(JavaClass c) {
    return c.getEnclosingClass().map(PackagesTest::outermost).orElse(c.getName());
  }

  /** The packages of the API, as .github/CONTRIBUTING.md lists them; all others say so. */
  @Test
  void packagesThatAreNoApiSayIt() throws IOException {
    Set<String> api =
        Set.of("", "error", "data", "model", "train", "metrics", "checkpoint", "replay", "backend");
    int packages = 0;
    for (String source : SPARK ? List.of("main", "spark") : List.of("main")) {
      packages += checkApi(Path.of("src", source, "java", "csdp"), api);
    }
    assertEquals(ALLOWED.size(), packages, "each package has a package-info.java");
  }

  private static int checkApi(Path root, Set<String> api) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(root)) {
      files = all.filter(f -> f.endsWith("package-info.java")).toList();
    }
    for (Path file : files) {
      String name = root.relativize(file.getParent()).toString().replace(File.separatorChar, '.');
      assertEquals(!api.contains(name), Files.readString(file).contains("Not API"), "csdp." + name);
    }
    return files.size();
  }
}
