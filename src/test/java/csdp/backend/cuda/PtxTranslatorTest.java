package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.CsdpException;
import csdp.backend.cuda.DeviceBuffer.Ints;
import csdp.backend.cuda.GpuDevice.Geometry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Instructions of PTX as the ISA describes them, on small kernels written by hand. */
@SuppressWarnings("StringConcatToTextBlock") // a line of PTX each
class PtxTranslatorTest {
  /** A kernel of one pointer, whose body has registers of every type. */
  private static String kernel(String name, String body) {
    return ".visible .entry "
        + name
        + "(\n\t.param .u64 "
        + name
        + "_param_0\n)\n{\n"
        + ".reg .pred %p<9>;\n.reg .b16 %rs<9>;\n.reg .b32 %r<99>;\n.reg .b64 %rd<9>;\n"
        + ".reg .f32 %f<9>;\n.reg .f64 %fd<9>;\n"
        + "ld.param.u64 %rd1, ["
        + name
        + "_param_0];\n"
        + body
        + "ret;\n\n}\n";
  }

  private static EmulatedDevice device(String ptx) {
    Optional<String> reason = EmulatedDevice.unavailable();
    assumeTrue(reason.isEmpty(), () -> "PTX is not executed: " + reason.get());
    return EmulatedDevice.open(
        EmulatedLibrary.ofPtx(Path.of("target", "emulated"), ptx, false), 1 << 20);
  }

  private static String hex(float x) {
    return String.format(java.util.Locale.ROOT, "0f%08X", Float.floatToRawIntBits(x));
  }

  private static String hex(double x) {
    return String.format(java.util.Locale.ROOT, "0d%016X", Double.doubleToRawLongBits(x));
  }

  /** Collects instructions that leave a 32-bit result, and the results that are expected. */
  private static final class Program {
    private final StringBuilder body = new StringBuilder();
    private final List<Integer> expected = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    /** The result is in %r1. */
    Program add(int result, String... instructions) {
      for (String i : instructions) {
        body.append(i).append(";\n");
      }
      body.append("st.global.u32 [%rd1+").append(4 * expected.size()).append("], %r1;\n");
      expected.add(result);
      names.add(String.join("; ", instructions));
      return this;
    }

    /** The result is in %f1. */
    Program add(float result, String... instructions) {
      String[] more = java.util.Arrays.copyOf(instructions, instructions.length + 1);
      more[instructions.length] = "mov.b32 %r1, %f1";
      return add(Float.floatToRawIntBits(result), more);
    }

    /** The predicate is in %p1. */
    Program add(boolean result, String... instructions) {
      String[] more = java.util.Arrays.copyOf(instructions, instructions.length + 1);
      more[instructions.length] = "selp.u32 %r1, 1, 0, %p1";
      return add(result ? 1 : 0, more);
    }

    void run() {
      try (EmulatedDevice device = device(kernel("program", body.toString()));
          DeviceMemory memory = new DeviceMemory(device)) {
        Ints out = memory.ints("results", expected.size());
        device.launch("program", new Geometry(1, 1, 1, 0), out);
        int[] actual = out.download(new int[expected.size()]);
        for (int k = 0; k < actual.length; k++) {
          assertEquals(
              Integer.toHexString(expected.get(k)), Integer.toHexString(actual[k]), names.get(k));
        }
      }
    }
  }

  @Test
  void arithmetic() {
    float tiny = Float.MIN_VALUE;
    float third = 1f / 3f;
    String mulF = "mul.rn.f32 %f1, " + hex(third) + ", " + hex(3e-39f);
    new Program()
        // Floats: rounded to nearest even, with subnormals, without contraction.
        .add(third, "div.rn.f32 %f1, " + hex(1f) + ", " + hex(3f))
        .add(tiny, "div.rn.f32 %f1, " + hex(2 * tiny) + ", " + hex(2f))
        .add((float) Math.sqrt(2), "sqrt.rn.f32 %f1, " + hex(2f))
        .add((float) Math.sqrt(1e-40f), "sqrt.rn.f32 %f1, " + hex(1e-40f))
        .add(-0f, "sqrt.rn.f32 %f1, " + hex(-0f))
        .add(
            Math.fma(third, third, -third * third),
            "fma.rn.f32 %f1, " + hex(third) + ", " + hex(third) + ", " + hex(-third * third))
        .add(third * 3e-39f, mulF)
        .add(1f + Math.ulp(1f), "add.rn.f32 %f1, " + hex(1f) + ", " + hex(0.6f * Math.ulp(1f)))
        .add(0f, "add.rn.f32 %f1, " + hex(-0f) + ", " + hex(0f))
        .add(-0f, "sub.rn.f32 %f1, " + hex(-0f) + ", " + hex(0f))
        .add(0f, "abs.f32 %f1, " + hex(-0f))
        .add(-0f, "neg.f32 %f1, " + hex(0f))
        // Minimum and maximum take the number beside a NaN; -0 is less than +0.
        .add(1f, "min.f32 %f1, " + hex(Float.NaN) + ", " + hex(1f))
        .add(1f, "max.f32 %f1, " + hex(1f) + ", " + hex(Float.NaN))
        .add(-0f, "min.f32 %f1, " + hex(0f) + ", " + hex(-0f))
        .add(0f, "max.f32 %f1, " + hex(-0f) + ", " + hex(0f))
        // Conversions.
        .add((float) 0.1, "cvt.rn.f32.f64 %f1, " + hex(0.1))
        .add(16777216f, "mov.u32 %r2, 16777217", "cvt.rn.f32.u32 %f1, %r2")
        .add(-1f, "mov.u32 %r2, -1", "cvt.rn.f32.s32 %f1, %r2")
        .add(-3, "cvt.rzi.s32.f64 %r1, " + hex(-3.9))
        .add(0, "cvt.rzi.s32.f64 %r1, " + hex(Double.NaN))
        .add(Integer.MAX_VALUE, "cvt.rzi.s32.f64 %r1, " + hex(1e99))
        .add(Integer.MIN_VALUE, "cvt.rzi.s32.f64 %r1, " + hex(-1e99))
        .add(65535, "mov.u32 %r2, -1", "cvt.u16.u32 %rs1, %r2", "cvt.u32.u16 %r1, %rs1")
        // Integers wrap around; shifts by the width or more shift everything out.
        .add(Integer.MIN_VALUE, "add.s32 %r1, 2147483647, 1")
        .add(-2, "mul.lo.s32 %r1, -1, 2")
        .add(1, "mul.hi.u32 %r1, -1, 2")
        .add(7, "mad.lo.s32 %r1, 2, 3, 1")
        .add(-1, "rem.s32 %r1, -7, 3")
        .add(-2, "div.s32 %r1, -7, 3")
        .add(-2, "mov.u32 %r2, -1", "mul.wide.s32 %rd2, %r2, 2", "cvt.u32.u64 %r1, %rd2")
        .add(0, "mov.u32 %r2, 32", "shl.b32 %r1, 1, %r2")
        .add(0, "mov.u32 %r2, 40", "shr.u32 %r1, -1, %r2")
        .add(-1, "mov.u32 %r2, 40", "shr.s32 %r1, -5, %r2")
        .add(0, "mov.u64 %rd2, 1", "shl.b64 %rd3, %rd2, 64", "cvt.u32.u64 %r1, %rd3")
        .add(1, "mov.u64 %rd2, -1", "shr.u64 %rd3, %rd2, 63", "cvt.u32.u64 %r1, %rd3")
        .add(0xF0FF, "bfi.b32 %r1, 0, 65535, 8, 4")
        .add(0xAB, "bfi.b32 %r1, 255, 171, 40, 4")
        .add(0xAF, "bfi.b32 %r1, 15, 160, 0, 4")
        .add(-1, "bfe.s32 %r1, 240, 4, 4")
        .add(15, "bfe.u32 %r1, 240, 4, 4")
        .add(32, "clz.b32 %r1, 0")
        .add(3, "popc.b32 %r1, 41")
        // Ordered comparisons are false for NaN, unordered ones true.
        .add(false, "setp.lt.f32 %p1, " + hex(Float.NaN) + ", " + hex(1f))
        .add(false, "setp.ne.f32 %p1, " + hex(Float.NaN) + ", " + hex(1f))
        .add(true, "setp.neu.f32 %p1, " + hex(Float.NaN) + ", " + hex(1f))
        .add(true, "setp.gtu.f32 %p1, " + hex(Float.NaN) + ", " + hex(1f))
        .add(false, "setp.gtu.f32 %p1, " + hex(0f) + ", " + hex(1f))
        .add(true, "setp.nan.f32 %p1, " + hex(Float.NaN) + ", " + hex(1f))
        .add(true, "setp.eq.f32 %p1, " + hex(-0f) + ", " + hex(0f))
        .add(false, "setp.lt.u32 %p1, -1, 1")
        .add(true, "setp.lt.s32 %p1, -1, 1")
        .run();
  }

  @Test
  void shuffles() {
    String body =
        "mov.u32 %r2, %tid.x;\nmul.wide.u32 %rd2, %r2, 4;\nadd.s64 %rd3, %rd1, %rd2;\n"
            + "mov.u32 %r9, -1;\n"
            + "shfl.sync.up.b32 %r3|%p1, %r2, 3, 0, %r9;\n"
            + "shfl.sync.down.b32 %r4|%p2, %r2, 5, 31, %r9;\n"
            + "shfl.sync.bfly.b32 %r5, %r2, 9, 31, %r9;\n"
            + "shfl.sync.idx.b32 %r6, %r2, 7, 31, %r9;\n"
            + "selp.u32 %r7, 1, 0, %p1;\nselp.u32 %r8, 1, 0, %p2;\n"
            + "st.global.u32 [%rd3], %r3;\nst.global.u32 [%rd3+128], %r4;\n"
            + "st.global.u32 [%rd3+256], %r5;\nst.global.u32 [%rd3+384], %r6;\n"
            + "st.global.u32 [%rd3+512], %r7;\nst.global.u32 [%rd3+640], %r8;\n";
    try (EmulatedDevice device = device(kernel("shuffles", body));
        DeviceMemory memory = new DeviceMemory(device)) {
      Ints out = memory.ints("results", 6 * 32);
      device.launch("shuffles", new Geometry(1, 1, 32, 0), out);
      int[] actual = out.download(new int[6 * 32]);
      for (int lane = 0; lane < 32; lane++) {
        int[] expected = {
          lane < 3 ? lane : lane - 3,
          lane + 5 > 31 ? lane : lane + 5,
          lane ^ 9,
          7,
          lane < 3 ? 0 : 1,
          lane + 5 > 31 ? 0 : 1
        };
        for (int k = 0; k < expected.length; k++) {
          assertEquals(expected[k], actual[32 * k + lane], "shuffle " + k + ", lane " + lane);
        }
      }
    }
  }

  @Test
  void whatAGpuWouldNotReportEndsTheLaunch() {
    String shared = ".shared .align 16 .b8 mine[64];\n";
    String ptx =
        kernel("misaligned", "ld.global.v2.u32 {%r1, %r2}, [%rd1+4];\n")
            + kernel("behind", "ld.global.u32 %r1, [%rd1+16];\n")
            + kernel("before", "st.global.u32 [%rd1+-4], %r1;\n")
            + kernel("beyond", shared + "mov.u32 %r1, mine;\nst.shared.u32 [%r1+128], %r1;\n")
            + kernel(
                "unwritten", shared.replace("mine", "other") + "ld.shared.u32 %r1, [other+4];\n")
            + kernel("partial", "vote.sync.ballot.b32 %r1, %p1, 65535;\n")
            + kernel("divide", "div.s32 %r1, 1, %r2;\n")
            + kernel(
                "missing",
                "mov.u32 %r1, %tid.x;\nsetp.eq.s32 %p1, %r1, 0;\n@%p1 bra $L1;\nbar.sync 0;\n$L1:\n");
    String[][] cases = {
      {"misaligned", "a misaligned access of 8 bytes"},
      {"behind", "an access of 4 bytes outside device memory"},
      {"before", "an access of 4 bytes outside device memory"},
      {"beyond", "an access of 4 bytes outside shared memory"},
      {"unwritten", "a read of shared memory that the block did not write"},
      {"partial", "only the full warp mask"},
      {"divide", "an integer division by zero"},
      {"missing", "was not reached by all threads"}
    };
    try (EmulatedDevice device = device(ptx);
        DeviceMemory memory = new DeviceMemory(device)) {
      Ints out = memory.ints("four numbers", 4);
      for (String[] c : cases) {
        CsdpException e =
            assertThrows(
                CsdpException.class, () -> device.launch(c[0], new Geometry(1, 1, 32, 0), out));
        assertTrue(e.getMessage().contains(c[1]), e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "add.rn.ftz.f32 %f1, %f2, %f3;",
        "add.sat.f32 %f1, %f2, %f3;",
        "div.approx.f32 %f1, %f2, %f3;",
        "sqrt.approx.f32 %f1, %f2;",
        "cvt.rz.f32.f64 %f1, %fd1;",
        "cvt.f32.s32 %f1, %r1;",
        "ld.u32 %r1, [%rd1];",
        "ld.volatile.global.u32 %r1, [%rd1];",
        "atom.global.cas.b32 %r1, [%rd1], %r2, %r3;",
        "ex2.approx.f32 %f1, %f2;",
        "mov.u32 %r1, %clock;",
        "bar.sync 1;"
      })
  void unknownInstructionsAreNamed(String instruction) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> PtxTranslator.translate(kernel("k", instruction + "\n")));
    assertTrue(e.getMessage().startsWith("the PTX of k has an unknown "), e.getMessage());
    String named = instruction.startsWith("mov") ? "%clock" : instruction.split(" ")[0];
    assertTrue(e.getMessage().contains(named) || instruction.startsWith("bar"), e.getMessage());
  }
}
