package csdp.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import csdp.error.CsdpException;
import csdp.sweep.Halving.Rung;
import java.util.List;
import org.junit.jupiter.api.Test;

class HalvingTest {
  @Test
  void rungsEndAtAllEpochs() {
    assertEquals(List.of(new Rung(1, 9), new Rung(3, 3), new Rung(9, 1)), Halving.rungs(9, 9, 3));
    assertEquals(
        List.of(new Rung(1, 5), new Rung(2, 3), new Rung(5, 2), new Rung(10, 1)),
        Halving.rungs(5, 10, 2));
    // Few epochs or few settings: fewer rungs.
    assertEquals(List.of(new Rung(1, 100), new Rung(3, 34)), Halving.rungs(100, 3, 3));
    assertEquals(List.of(new Rung(33, 3), new Rung(100, 1)), Halving.rungs(3, 100, 3));
  }

  @Test
  void nothingToHalveIsRefused() {
    assertThrows(CsdpException.class, () -> Halving.rungs(2, 9, 3));
    assertThrows(CsdpException.class, () -> Halving.rungs(9, 2, 3));
  }
}
