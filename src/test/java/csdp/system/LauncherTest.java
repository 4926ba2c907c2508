package csdp.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.Child;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code scripts/csdp} in a clone of a few files, with a Maven and a Java that only tell. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "needs bash")
class LauncherTest {
  private static final String TOOLS =
      "bash cat cksum dirname find flock grep jar locale mkdir mv readlink rm sed sort tail tr xargs";

  @TempDir Path dir;
  private Path clone;
  private Path jar;
  private Path source;
  private Map<String, String> env;

  @BeforeEach
  void makeClone() throws Exception {
    clone = Files.createDirectories(dir.resolve("clone"));
    Files.createDirectories(clone.resolve("scripts"));
    Files.copy(Path.of("scripts/csdp"), clone.resolve("scripts/csdp"));
    source = write(clone.resolve("src/main/java/A.java"), "class A {}");
    write(clone.resolve("pom.xml"), "<project/>");
    write(clone.resolve("data/manifest.json"), "{}");
    write(clone.resolve(".mvn/jvm.config"), "-XX:MaxNewSize=128m\r\n-Dx=y\r\n");
    jar = write(dir.resolve("repository/a.jar"), "");
    Path bin = Files.createDirectory(dir.resolve("bin"));
    String wrap =
        "printf '#!/bin/sh\\nexec %s \"$@\"' $(command -v $t) >$t && chmod +x $t || exit 1";
    Child tools = Child.run(bin, Map.of(), "for t in " + TOOLS + "; do " + wrap + "; done");
    assertEquals(0, tools.code(), tools.err());
    String built =
        "#!/bin/bash\necho build >>"
            + dir
            + "/builds\nmkdir -p "
            + clone
            + "/target/classes/csdp/cli\n"
            + "[ ! -e "
            + dir
            + "/broken ] || { echo no network; exit 1; }\n"
            + "cat "
            + dir
            + "/class >"
            + clone
            + "/target/classes/csdp/cli/Main.class\n"
            + "printf %s '"
            + jar
            + "' >"
            + clone
            + "/target/classpath.txt\n"
            + "[ -e "
            + jar
            + " ] || : >"
            + jar
            + "\n";
    write(dir.resolve("class"), "old");
    program(bin.resolve("mvn"), built);
    java("17.0.1");
    env = new HashMap<>(Map.of("PATH", bin.toString(), "JAVA_HOME", ""));
  }

  private void java(String version) throws IOException {
    program(
        dir.resolve("bin/java"),
        "#!/bin/bash\n[ \"$1\" != --list-modules ] || { echo java.base@"
            + version
            + "; echo jdk.incubator.vector@"
            + version
            + "; exit; }\necho \"$LC_ALL $*\"\n");
  }

  private static Path write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private static void program(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private long builds() throws IOException {
    Path log = dir.resolve("builds");
    return Files.exists(log) ? Files.readAllLines(log).size() : 0;
  }

  private Child csdp(String args) throws Exception {
    return Child.run(dir, env, "bash clone/scripts/csdp " + args);
  }

  private void assertStarts(int builds) throws Exception {
    Child child = csdp("train x");
    assertEquals(0, child.code(), child.err());
    assertEquals("", child.err());
    assertTrue(
        child
            .out()
            .endsWith(
                " --add-modules=jdk.incubator.vector -XX:MaxNewSize=128m -cp "
                    + clone
                    + "/target/csdp.jar:"
                    + jar
                    + " csdp.cli.Main train x\n"),
        child.out());
    assertEquals(builds, builds());
  }

  private void assertRefused(String words) throws Exception {
    Child child = csdp("--version");
    assertEquals(3, child.code(), child.out());
    String last = child.err().lines().reduce((a, b) -> b).orElseThrow();
    assertTrue(last.startsWith("csdp: ") && last.contains(words), child.err());
  }

  @Test
  void buildsOnceAndAgainWhenTheContentsDiffer() throws Exception {
    assertStarts(1);
    assertStarts(1);
    // Dates tell nothing: of the future, of the past, of another checkout.
    Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
    for (Path p :
        List.of(source, clone.resolve("pom.xml"), clone.resolve("target/classpath.txt"))) {
      Files.setLastModifiedTime(p, FileTime.from(tomorrow));
      assertStarts(1);
      assertStarts(1);
    }
    Files.writeString(source, "class A { }");
    Files.setLastModifiedTime(source, FileTime.from(Instant.EPOCH));
    assertStarts(2);
    Path another = write(clone.resolve("src/main/java/B.java"), "class B {}");
    assertStarts(3);
    Files.delete(another);
    assertStarts(4);
    assertStarts(4);
  }

  /** A csdp that runs keeps its classes open; another one, started from changed sources, builds. */
  @Test
  void aBuildLeavesTheClassesOfThoseThatRun() throws Exception {
    assertStarts(1);
    Path packed = clone.resolve("target/csdp.jar");
    try (InputStream open = Files.newInputStream(packed)) {
      byte[] before = Files.readAllBytes(packed);
      Files.writeString(source, "class A { int changed; }");
      Files.writeString(dir.resolve("class"), "new");
      assertStarts(2);
      assertFalse(Arrays.equals(before, Files.readAllBytes(packed)));
      assertArrayEquals(before, open.readAllBytes());
    }
  }

  @Test
  void whatItUsesIsThere() throws Exception {
    assertStarts(1);
    Files.delete(jar); // ~/.m2 was cleaned
    assertStarts(2);
    Files.delete(clone.resolve("target/csdp.jar"));
    assertStarts(3);
    Files.writeString(clone.resolve("target/classpath.txt"), "/nowhere/a.jar:" + jar + "\n");
    assertStarts(4);
    Files.delete(clone.resolve("target/classpath.txt"));
    assertStarts(5);
    // Two starts at once build once.
    Files.delete(jar);
    Child both = Child.run(dir, env, "bash clone/scripts/csdp a & bash clone/scripts/csdp b; wait");
    assertEquals(2, both.out().lines().count(), both.err());
    assertEquals(6, builds());
  }

  @Test
  void saysWhatToDo() throws Exception {
    assertStarts(1);
    Files.delete(jar);
    Path mvn = dir.resolve("bin/mvn");
    Path away = Files.move(mvn, dir.resolve("mvn"));
    assertRefused(jar + " is missing or not readable for this user): install Maven");
    Files.move(away, mvn);
    Files.createFile(dir.resolve("broken"));
    assertRefused("the build failed");
    java("11.0.2");
    assertRefused("older than Java 17");
    env.put("JAVA_HOME", "/nowhere");
    assertRefused("/nowhere/bin/java");
  }

  /** Names of files are in UTF-8 even where no locale is set; a locale that is set stays. */
  @Test
  void aLocaleWithoutAnEncodingGetsOne() throws Exception {
    env.put("LC_ALL", "C");
    assertTrue(csdp("train").out().matches("(?s)(C|en_US)\\.UTF-8 .*"), csdp("train").out());
    env.put("LC_ALL", "nowhere.UTF-8");
    assertTrue(csdp("train").out().matches("(?s)(C|en_US)\\.UTF-8 .*"));
    env.put("LC_ALL", "C.UTF-8");
    assertTrue(csdp("train").out().startsWith("C.UTF-8 "));
  }
}
