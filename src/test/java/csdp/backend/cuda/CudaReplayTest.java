package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.SharedFiles;
import csdp.backend.cuda.device.Emulated;
import csdp.replay.Replay;
import csdp.replay.ReplayReport;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recorded runs of the released code, replayed by the CUDA path on the emulated device. */
@Tag("kernels")
class CudaReplayTest {
  @ParameterizedTest
  @ValueSource(strings = {"tiny_supervised.npz", "tiny_unsupervised.npz"})
  void smallRuns(String name) {
    Emulated.device().close();
    ReplayReport r =
        Replay.run(
            SharedFiles.TINY_TRACES.resolve(name),
            spec -> new CudaBackend(spec, Emulated.device()),
            Replay.Tolerance.EXACT);
    assertTrue(r.passed(), r.toString());
    assertEquals(0, r.spikesDiffering());
    assertEquals(955_500, r.spikesCompared());
  }

  @Test
  void largeRuns() throws IOException {
    for (Path file : SharedFiles.traces()) {
      ReplayReport r =
          Replay.run(
              file,
              spec -> new CudaBackend(spec, Emulated.device()),
              new Replay.Tolerance(1e-5, 1e-4));
      assertTrue(r.passed(), r.toString());
    }
  }
}
