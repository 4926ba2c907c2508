package csdp.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.SharedFiles;
import csdp.backend.Device;
import csdp.error.CsdpException;
import csdp.io.NpyArray;
import csdp.io.Npz;
import csdp.io.NpzWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded runs of the released code: every spike equal, weights within 1e-5. */
class ReplayTest {
  @TempDir Path dir;

  @ParameterizedTest
  @MethodSource("csdp.backend.Device#everywhere")
  void tinyTraces(Device device) {
    for (String name : List.of("tiny_supervised.npz", "tiny_unsupervised.npz")) {
      ReplayReport r = Replay.run(SharedFiles.TINY_TRACES.resolve(name), device, 2);
      assertTrue(r.passed(), r.toString());
      assertEquals(0, r.spikesDiffering());
      assertEquals(955_500, r.spikesCompared());
      assertEquals(4, r.deviations().size(), "weights, moments, states, read-outs");
    }
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Device#everywhere")
  void sharedTraces(Device device) throws IOException {
    for (Path file : SharedFiles.traces()) {
      ReplayReport r = Replay.run(file, device, 2);
      assertTrue(r.passed(), r.toString());
    }
  }

  /** A copy of the tiny supervised trace with one array changed (null: left out). */
  private Path changed(String array, UnaryOperator<NpyArray> change) throws IOException {
    Path copy = dir.resolve(array.replace('/', '_') + ".npz");
    try (Npz in = Npz.open(SharedFiles.TINY_TRACES.resolve("tiny_supervised.npz"));
        NpzWriter out = new NpzWriter(copy)) {
      for (String name : in.names()) {
        NpyArray a = in.array(name);
        if (name.equals(array)) {
          a = change.apply(a);
        }
        if (a != null) {
          out.add(name, a.shape(), a.data());
        }
      }
    }
    return copy;
  }

  @Test
  void aFlippedSpikeIsFoundAndPlaced() throws IOException {
    Path trace =
        changed(
            "train/1/s_z2",
            a -> {
              a.bytes()[(4 * 20 + 3) * 32 + 7] ^= 1;
              return a;
            });
    ReplayReport r = Replay.run(trace, Device.CPU, 1);
    assertFalse(r.passed());
    assertEquals(1, r.spikesDiffering());
    assertEquals("train/1/step 5, z2, sample 3, unit 7", r.firstDifference());
  }

  @Test
  void notANumberFails() throws IOException {
    Path trace =
        changed(
            "final/C3_v",
            a -> {
              a.floats()[2] = Float.NaN;
              return a;
            });
    ReplayReport r = Replay.run(trace, Device.CPU, 1);
    assertFalse(r.passed());
    assertEquals(Double.POSITIVE_INFINITY, r.deviations().get("moments").largest());
    assertEquals("final/C3_v", r.deviations().get("moments").where());
  }

  @Test
  void smallDeviationsAreMeasured() throws IOException {
    Path trace =
        changed(
            "weights/0030/M1",
            a -> {
              a.floats()[100] += 2e-4f;
              return a;
            });
    ReplayReport r = Replay.run(trace, Device.CPU, 1);
    assertFalse(r.passed());
    assertEquals(2e-4, r.deviations().get("weights").largest(), 1e-6);
    assertEquals("weights/0030/M1", r.deviations().get("weights").where());
  }

  @Test
  void whatIsNoRecordingIsRefused() throws IOException {
    for (String array : List.of("init/W1", "init/C3", "meta/eta", "train/0/y", "init/zy_thr")) {
      Path trace = changed(array, a -> null);
      CsdpException e =
          assertThrows(CsdpException.class, () -> Replay.run(trace, Device.CPU, 1), array);
      assertEquals(CsdpException.USAGE, e.exitCode());
      assertTrue(e.getMessage().contains(array), e.getMessage());
    }
    Path twoHot =
        changed(
            "train/2/y",
            a -> {
              a.floats()[0] = 1;
              a.floats()[1] = 1;
              return a;
            });
    assertThrows(CsdpException.class, () -> Replay.run(twoHot, Device.CPU, 1));
  }
}
