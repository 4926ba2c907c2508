package csdp.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import csdp.Child;
import csdp.SharedFiles;
import csdp.io.Json;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same model in Python: {@code scripts/peers}. */
final class PeersTest {
  @TempDir Path dir;

  @Test
  void thePeersScripts() throws Exception {
    Child tests = Child.python(Duration.ofMinutes(10), "scripts/peers/peers_test.py");
    assertEquals(0, tests.code(), tests.said());
    assertTrue(tests.said().strip().endsWith("OK"), tests.said());
  }

  /** The dense baseline is the same model: it replays the recorded runs. */
  @Test
  void theDenseBaselineReplaysTheRecordedRuns() throws Exception {
    Path json = dir.resolve("dense.json");
    Child python =
        Child.python(
            Duration.ofMinutes(1),
            "scripts/peers/dense_numpy.py",
            "--json",
            json.toString(),
            "--check",
            SharedFiles.TINY_TRACES.resolve("tiny_supervised.npz").toString(),
            SharedFiles.TINY_TRACES.resolve("tiny_unsupervised.npz").toString());
    assertEquals(0, python.code(), python.said());
    for (JsonNode check : Json.tree(json).get("checks")) {
      assertEquals(955_500, check.get("spikes_compared").intValue());
      assertTrue(check.get("spikes_differing").intValue() <= 9);
      assertTrue(check.get("weights").doubleValue() <= 1e-4);
    }
  }
}
