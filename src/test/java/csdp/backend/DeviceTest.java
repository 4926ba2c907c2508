package csdp.backend;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.Cuda;
import csdp.backend.cuda.driver.CudaSurvey;
import csdp.backend.cuda.driver.CudaSurvey.Gpu;
import csdp.model.NetworkSpec;
import csdp.replay.Replay.Tolerance;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The device selected by --device, --require-gpu and the devices of the machine. */
class DeviceTest {
  private static final Gpu OLD = new Gpu(0, "GTX 1080", 61, 8L << 30);
  private static final CudaSurvey BARE = CudaSurvey.none("no driver: install one");
  private static final CudaSurvey BROKEN = CudaSurvey.broken("12.4", "no GPU is seen: look");
  private static final CudaSurvey TWO =
      CudaSurvey.of("12.4", List.of(OLD, new Gpu(1, "L4", 89, 24L << 30)));

  private final List<String> notices = new ArrayList<>();

  private Device of(String text, boolean requireGpu, CudaSurvey there) {
    notices.clear();
    return Device.of(text, requireGpu, Cuda.Options.DEFAULT, notices::add, () -> there);
  }

  private String refused(int exitCode, String text, boolean requireGpu, CudaSurvey there) {
    return assertFails(exitCode, () -> of(text, requireGpu, there)).getMessage();
  }

  @Test
  void aGpuIsNotLookedForWhereNoneIsMeant() {
    for (Device device : Device.everywhere()) {
      Device d =
          Device.of(
              device.name(),
              false,
              Cuda.Options.DEFAULT,
              notices::add,
              () -> {
                throw new AssertionError("asked the driver");
              });
      assertEquals(device, d);
    }
    assertEquals(List.of(), notices);
  }

  @Test
  void aBackendHasItsDevicesName() {
    NetworkSpec spec = NetworkSpec.builder(3, 2).hidden(2).build();
    String known = refused(2, "gpu", false, TWO);
    for (Device device : Device.everywhere()) {
      try (Backend backend = device.open(spec, 1)) {
        assertEquals(device.name(), backend.name());
      }
      assertTrue(known.contains(device.name()), known);
    }
  }

  @Test
  void autoTakesTheFirstGpuThatFits() {
    assertEquals("cuda:1", of("auto", true, TWO).name());
    assertEquals(List.of(), notices);
  }

  @Test
  void autoTakesTheCpuOtherwise() {
    assertEquals(Device.CPU, of("auto", false, BARE));
    assertEquals(List.of(), notices);
    assertEquals(Device.CPU, of("auto", false, BROKEN));
    assertEquals(List.of("running on the CPU: no GPU is seen: look"), notices);
    assertEquals(Device.CPU, of("auto", false, CudaSurvey.of("12.4", List.of(OLD))));
    assertTrue(notices.get(0).contains("GTX 1080, compute capability 6.1"), notices.get(0));
  }

  @Test
  void aNamedGpuThatIsNotThereIsANotice() {
    for (CudaSurvey there : List.of(BARE, BROKEN)) {
      assertEquals(Device.CPU, of("0", false, there));
      assertEquals(List.of("no CUDA device 0, running on the CPU: " + there.problem()), notices);
    }
  }

  @Test
  void aNamedGpuIsTaken() {
    Device d = of("1", false, TWO);
    assertEquals(Device.Kind.CUDA, d.kind());
    assertEquals(1, d.index());
    assertEquals(Tolerance.REORDERED, Tolerance.of(d));
    assertEquals(Tolerance.EXACT, Tolerance.of(Device.CPU));
    assertEquals("cuda:0", of("0", false, TWO).name(), "nvcc may know it: opening it says");
  }

  @Test
  void whatCannotBeIsRefused() {
    assertTrue(refused(3, "2", false, TWO).contains("0: GTX 1080"), "lists the devices");
    assertTrue(refused(3, "2", false, TWO).contains("1: L4"), "lists the devices");
    assertTrue(refused(3, "auto", true, BARE).contains("no driver: install one"));
    assertTrue(refused(3, "0", true, BROKEN).contains("no GPU is seen"));
    assertTrue(refused(3, "auto", true, CudaSurvey.of("1", List.of(OLD))).contains("7.5"));
    refused(2, "cpu", true, TWO);
    refused(2, "gpu", false, TWO);
    refused(2, "-1", false, TWO);
  }
}
