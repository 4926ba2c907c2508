package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.KernelCosts.Costs;
import csdp.backend.cuda.KernelCosts.Window;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedLibrary;
import csdp.backend.cuda.ptx.Ptx;
import csdp.data.DataRequest;
import csdp.data.DataSources;
import csdp.data.Dataset;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Instructions and bytes of the shipped PTX in small windows. Both are counted, so they are the
 * same on every machine; a kernel that gets more expensive fails here.
 */
class KernelCostsTest {
  private static EmulatedLibrary library;
  private static Dataset images;

  @BeforeAll
  static void open() {
    Emulated.require();
    String ptx = Ptx.shippedText(Ptx.TARGETS.get(0));
    library = EmulatedLibrary.ofPtx(Emulated.CACHE, ptx, true);
    images = DataSources.open(DataRequest.of("strokes", 10_000, 0), m -> {}).train();
  }

  private static Costs count(Window w) {
    Costs costs = KernelCosts.count(library, w, images);
    assertNull(costs.difference(), "bits of the CPU backend");
    return costs;
  }

  private static void assertAtMost(double most, double actual, String what) {
    assertTrue(actual <= most, () -> what + ": " + actual + ", at most " + most);
  }

  @Test
  void aTrainingStepStaysWithinItsBudget() {
    Costs costs = count(new Window(new int[] {200, 60}, 50, 8, 0, true));
    assertEquals(
        List.of("clamp_context", "encode_stored", "forward", "learn", "signals", "transpose"),
        costs.kernels().stream().map(EmulatedLibrary.Counts::kernel).toList());
    assertAtMost(2.24e6, costs.instructions(), "warp instructions a step");
    assertAtMost(11.2e6, costs.bytes(), "bytes a step");
  }

  @Test
  void inferenceStaysWithinItsBudget() {
    Costs costs = count(new Window(new int[] {200, 60}, 50, 8, 2, false));
    assertAtMost(0.86e6, costs.instructions(), "warp instructions a step");
    assertAtMost(3.5e6, costs.bytes(), "bytes a step");
  }

  @Test
  void countsAreTheSameTwice() {
    Window w = new Window(new int[] {70, 40}, 30, 4, 1, true);
    assertEquals(count(w).instructions(), count(w).instructions());
    assertEquals(count(w).bytes(), count(w).bytes());
  }
}
