package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the Python tests of {@code scripts/peers}. */
final class PeersTest {
  @TempDir Path dir;

  @Test
  void thePeersScripts() throws Exception {
    try {
      assumeTrue(run("python3", "-c", "import numpy") == 0, "python3 has no numpy here");
    } catch (IOException e) {
      assumeTrue(false, "no python3 here");
    }
    assertEquals(0, run("python3", "scripts/peers/peers_test.py"), said());
    assertTrue(said().strip().endsWith("OK"), said());
  }

  private int run(String... command) throws Exception {
    Process p =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("said").toFile())
            .start();
    try {
      assertTrue(p.waitFor(10, TimeUnit.MINUTES));
      return p.exitValue();
    } finally {
      p.destroyForcibly();
    }
  }

  private String said() throws IOException {
    return Files.readString(dir.resolve("said"));
  }
}
