package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("kernels")
class KernelCheckTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "13, 7", "207, 40", "1025, 7", "13, 1", "1, 40", "33, 530", "3, 1100"})
  void everyFastKernelEqualsItsTwin(int units, int batch) {
    try (EmulatedDevice device = Emulated.device()) {
      List<KernelCheck.Result> results = KernelCheck.run(device, units, batch, 11);
      assertEquals(
          "encode_recorded encode_stored encode forward signals transpose learn currents",
          results.stream().map(KernelCheck.Result::kernel).collect(Collectors.joining(" ")));
      for (KernelCheck.Result r : results) {
        assertTrue(r.passed(), r.kernel() + ": " + r.difference());
      }
      assertEquals(0, device.used());
    }
  }
}
