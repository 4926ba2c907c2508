package csdp;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.checkpoint.NgcLearnModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Recorded runs, MNIST and a model of the released code. Tests without them are skipped. */
public final class SharedFiles {
  /** Recorded runs of this repository. */
  public static final Path TINY_TRACES = Path.of("src/test/resources/traces");

  private SharedFiles() {}

  /** Returns the large recorded runs. */
  public static List<Path> traces() throws IOException {
    String folder = System.getenv("CSDP_TRACES");
    assumeTrue(folder != null, "CSDP_TRACES does not name the folder of the large recorded runs");
    try (Stream<Path> files = Files.list(Path.of(folder))) {
      List<Path> traces = files.filter(f -> f.toString().endsWith(".npz")).sorted().toList();
      assertTrue(traces.size() >= 5, traces.size() + " traces in " + folder);
      return traces;
    }
  }

  public static Path releasedModel() {
    String folder = System.getenv("CSDP_NGCLEARN_MODEL");
    assumeTrue(
        folder != null && NgcLearnModel.isIn(Path.of(folder)),
        "CSDP_NGCLEARN_MODEL does not name a model folder that the released code saved");
    return Path.of(folder);
  }

  public static Path mnist() {
    String folder = System.getenv("CSDP_DATA");
    assumeTrue(folder != null, "CSDP_DATA does not name the folder of MNIST");
    return Path.of(folder);
  }
}
