package csdp.backend.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.error.CsdpException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The semantics of PTX as they are emulated, on small hand-written kernels. Expected values follow
 * NVIDIA's "PTX ISA", chapter 9, and are computed by Java, whose floats have the same rounding.
 */
class PtxTranslatorTest {
  private static final int MIN = Integer.MIN_VALUE;
  private static final int MAX = Integer.MAX_VALUE;
  private static final int LANES = 64;
  private static final Geometry ONE = new Geometry(1, 1, 1, 0);

  private EmulatedDevice device;
  private DeviceMemory memory;

  @AfterEach
  void close() {
    if (device != null) {
      memory.close();
      device.close();
    }
  }

  private void open() {
    device = Emulated.ofPtx(INSTRUCTIONS.kernel() + LANES_AND_VECTORS + MISTAKES);
    memory = new DeviceMemory(device);
  }

  // One instruction each: operand k of an instruction is register k + 1 of its class, filled with
  // the low bits of input k;
  // the result is register 0.

  /** Instructions with inputs and the result that they must have. */
  private static final class Table {
    private static final Pattern REGISTER = Pattern.compile("%(rs|rd|r|fd|f|p)(\\d)");

    private record Row(String instruction, long expected, long[] inputs) {}

    private final List<Row> rows = new ArrayList<>();

    void add(String instruction, long expected, long... inputs) {
      rows.add(new Row(instruction, expected, inputs));
    }

    void f32(String instruction, float expected, float... inputs) {
      add(instruction, bits(expected), bits(inputs));
    }

    /** A comparison or another result that is no float. */
    void ofF32(String instruction, long expected, float... inputs) {
      add(instruction, expected, bits(inputs));
    }

    void f64(String instruction, double expected, double... inputs) {
      add(instruction, Double.doubleToRawLongBits(expected), bits(inputs));
    }

    void ofF64(String instruction, long expected, double... inputs) {
      add(instruction, expected, bits(inputs));
    }

    private static long bits(float x) {
      return Float.floatToRawIntBits(x) & 0xFFFFFFFFL;
    }

    private static long[] bits(float[] x) {
      long[] all = new long[x.length];
      java.util.Arrays.setAll(all, k -> bits(x[k]));
      return all;
    }

    private static long[] bits(double[] x) {
      return java.util.stream.DoubleStream.of(x).mapToLong(Double::doubleToRawLongBits).toArray();
    }

    /** A kernel that executes all rows: inputs and results are 8 bytes each, 4 inputs a row. */
    String kernel() {
      StringBuilder body =
          new StringBuilder(
              """
              .visible .entry instructions(
                .param .u64 in,
                .param .u64 out
              )
              {
                .reg .pred %p<6>;
                .reg .b16 %rs<6>;
                .reg .b32 %r<6>;
                .reg .f32 %f<6>;
                .reg .b64 %rd<6>;
                .reg .f64 %fd<6>;
                .reg .b64 %from;
                .reg .b64 %to;
                ld.param.u64 %from, [in];
                ld.param.u64 %to, [out];
              """);
      for (int k = 0; k < rows.size(); k++) {
        Row row = rows.get(k);
        Matcher m = REGISTER.matcher(row.instruction);
        String result = null;
        while (m.find()) {
          if (result == null) {
            result = m.group(1);
          } else {
            int input = Integer.parseInt(m.group(2)) - 1;
            String at = "[%from+" + (32 * k + 8 * input) + "]";
            body.append(
                m.group(1).equals("p")
                    ? "  ld.global.u32 %r0, " + at + ";\n  setp.ne.u32 " + m.group() + ", %r0, 0;\n"
                    : "  ld.global." + typeOf(m.group(1)) + " " + m.group() + ", " + at + ";\n");
          }
        }
        body.append("  ").append(row.instruction).append(";\n");
        if (result.equals("p")) {
          body.append("  selp.u32 %r0, 1, 0, %p0;\n");
          result = "r";
        }
        body.append(
            "  st.global." + typeOf(result) + (" [%to+" + 8 * k + "], %" + result) + "0;\n");
      }
      return body.append("  ret;\n}\n").toString();
    }

    private static String typeOf(String registers) {
      return switch (registers) {
        case "rs" -> "u16";
        case "r" -> "u32";
        case "rd" -> "u64";
        case "f" -> "f32";
        case "fd" -> "f64";
        default -> throw new IllegalArgumentException(registers);
      };
    }

    void check(EmulatedDevice device, DeviceMemory memory) {
      int[] inputs = new int[8 * rows.size()];
      for (int k = 0; k < rows.size(); k++) {
        long[] of = rows.get(k).inputs;
        for (int i = 0; i < of.length; i++) {
          inputs[8 * k + 2 * i] = (int) of[i];
          inputs[8 * k + 2 * i + 1] = (int) (of[i] >> 32);
        }
      }
      Ints in = memory.ints("inputs", inputs.length);
      Ints out = memory.ints("results", 2L * rows.size());
      in.upload(inputs);
      out.upload(new int[out.length()]);
      device.launch("instructions", ONE, in, out);
      int[] got = out.download(new int[2 * rows.size()]);
      List<String> wrong = new ArrayList<>();
      for (int k = 0; k < rows.size(); k++) {
        Row row = rows.get(k);
        long result = (got[2 * k] & 0xFFFFFFFFL) | (long) got[2 * k + 1] << 32;
        boolean bothNan = // its bits are left open
            row.instruction.matches("\\S+ %f0.*")
                && Float.isNaN(asFloat(row.expected))
                && Float.isNaN(asFloat(result));
        if (result != row.expected && !bothNan) {
          wrong.add(
              String.format(
                  Locale.ROOT,
                  "%s of %s is %x, not %x",
                  row.instruction,
                  hex(row.inputs),
                  result,
                  row.expected));
        }
      }
      assertEquals("", String.join("\n", wrong));
    }

    private static float asFloat(long bits) {
      return Float.intBitsToFloat((int) bits);
    }

    private static String hex(long... values) {
      return String.join(" ", java.util.Arrays.stream(values).mapToObj(Long::toHexString).toList());
    }
  }

  private static final Table INSTRUCTIONS = new Table();

  static {
    floats(INSTRUCTIONS);
    comparisons(INSTRUCTIONS);
    conversions(INSTRUCTIONS);
    integers(INSTRUCTIONS);
    shiftsAndFields(INSTRUCTIONS);
  }

  /** Rounding to nearest even, subnormals that are not flushed, signed zeros, NaN. */
  private static void floats(Table t) {
    float least = Float.MIN_VALUE;
    float[][] pairs = {
      {1, 3},
      {-7.3f, 1e-3f},
      {1, 0},
      {-1, 0},
      {0, -1},
      {least, 2},
      {3 * least, 2},
      {1e-38f, 3},
      {Float.MAX_VALUE, 0.5f},
      {1, 16777216f},
      {Float.NaN, 1},
      {1, Float.NaN},
      {0, 0},
      {0, -0f},
      {-0f, -0f},
      {1, -1},
      {16777216f, 1},
      {16777216f, 3},
      {Float.POSITIVE_INFINITY, -1e38f},
      {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY},
      {Float.MIN_NORMAL, 0.5f},
      {1.1f, 1.1f}
    };
    for (float[] p : pairs) {
      t.f32("div.rn.f32 %f0, %f1, %f2", p[0] / p[1], p);
      t.f32("add.rn.f32 %f0, %f1, %f2", p[0] + p[1], p);
      t.f32("sub.rn.f32 %f0, %f1, %f2", p[0] - p[1], p);
      t.f32("mul.rn.f32 %f0, %f1, %f2", p[0] * p[1], p);
      t.f64("div.rn.f64 %fd0, %fd1, %fd2", (double) p[0] / 3, p[0], 3);
    }
    for (float x : new float[] {2, 3, Float.MIN_VALUE, 7e-39f, 1e38f, 0, -0f, -1, Float.NaN}) {
      t.f32("sqrt.rn.f32 %f0, %f1", (float) StrictMath.sqrt(x), x);
      t.f32("rcp.rn.f32 %f0, %f1", 1 / x, x);
      t.f32("neg.f32 %f0, %f1", -x, x);
      t.f32("abs.f32 %f0, %f1", Math.abs(x), x);
    }
    t.f64("sqrt.rn.f64 %fd0, %fd1", StrictMath.sqrt(2), 2);
    float a = 1 + Math.ulp(1f);
    // Fused differs from a product and a sum: the product's low bits are all that is left.
    assertTrue(Math.fma(a, a, -a * a) != 0);
    for (float[] x :
        new float[][] {
          {a, a, -a * a},
          {least, 0.5f, 0},
          {least, 0.5f, least},
          {3, 5, Float.NaN},
          {-0f, 1, 0},
          {-0f, 1, -0f},
          {1e30f, 1e30f, Float.NEGATIVE_INFINITY},
          {1e20f, 1e20f, -1e38f}
        }) {
      t.f32("fma.rn.f32 %f0, %f1, %f2, %f3", Math.fma(x[0], x[1], x[2]), x);
    }
    double d = 1 + Math.ulp(1.0);
    t.f64("fma.rn.f64 %fd0, %fd1, %fd2, %fd3", Math.fma(d, d, -d * d), d, d, -d * d);
    for (float[] x : new float[][] {{1, 2}, {2, 1}, {0, -0f}, {-0f, 0}, {least, 0}, {-least, 0}}) {
      t.f32("min.f32 %f0, %f1, %f2", Math.min(x[0], x[1]), x);
      t.f32("max.f32 %f0, %f1, %f2", Math.max(x[0], x[1]), x);
    }
    for (String of : new String[] {"min", "max"}) { // unlike Java's: a number beats NaN
      t.f32(of + ".f32 %f0, %f1, %f2", 2, 2, Float.NaN);
      t.f32(of + ".f32 %f0, %f1, %f2", 2, Float.NaN, 2);
      t.f32(of + ".f32 %f0, %f1, %f2", Float.NaN, Float.NaN, Float.NaN);
    }
  }

  /** Ordered comparisons are false for NaN, those that end with u true. */
  private static void comparisons(Table t) {
    float nan = Float.NaN;
    float[][] pairs = {{1, 2}, {2, 1}, {1, 1}, {0, -0f}, {nan, 1}, {1, nan}, {nan, nan}};
    for (float[] p : pairs) {
      boolean unordered = Float.isNaN(p[0]) || Float.isNaN(p[1]);
      boolean[] truths = {
        p[0] == p[1],
        !unordered && p[0] != p[1],
        p[0] < p[1],
        p[0] <= p[1],
        p[0] > p[1],
        p[0] >= p[1],
      };
      String[] names = {"eq", "ne", "lt", "le", "gt", "ge"};
      for (int k = 0; k < names.length; k++) {
        t.ofF32("setp." + names[k] + ".f32 %p0, %f1, %f2", truths[k] ? 1 : 0, p);
        int orUnordered = truths[k] || unordered ? 1 : 0;
        t.ofF32("setp." + names[k] + "u.f32 %p0, %f1, %f2", orUnordered, p);
        t.ofF64("setp." + names[k] + "u.f64 %p0, %fd1, %fd2", orUnordered, p[0], p[1]);
      }
      t.ofF32("setp.num.f32 %p0, %f1, %f2", unordered ? 0 : 1, p);
      t.ofF32("setp.nan.f32 %p0, %f1, %f2", unordered ? 1 : 0, p);
    }
    t.add("setp.lt.s32 %p0, %r1, %r2", 1, -1, 1);
    t.add("setp.lt.u32 %p0, %r1, %r2", 0, -1, 1);
    t.add("setp.gt.s64 %p0, %rd1, %rd2", 0, -1, 1);
    t.add("setp.gt.u64 %p0, %rd1, %rd2", 1, -1, 1);
    t.add("setp.ge.s16 %p0, %rs1, %rs2", 0, 0x8000, 0x7FFF);
    t.add("selp.b32 %r0, %r1, %r2, %p3", 5, 5, 6, 1);
    t.add("selp.b32 %r0, %r1, %r2, %p3", 6, 5, 6, 0);
    t.f32("selp.f32 %f0, %f1, %f2, %p3", -0f, 0, -0f, 0);
    t.add("and.pred %p0, %p1, %p2", 0, 1, 0);
    t.add("or.pred %p0, %p1, %p2", 1, 1, 0);
    t.add("xor.pred %p0, %p1, %p2", 0, 1, 1);
    t.add("not.pred %p0, %p1", 1, 0);
  }

  private static void conversions(Table t) {
    for (double x :
        new double[] {
          1 + 0x1p-24,
          1 + 0x1p-24 + 0x1p-50,
          1 + 0x3p-24,
          1e-45,
          1e-46,
          7e-46,
          1e300,
          -0.0,
          0x1.fffffefp127,
          0x1.ffffffp127,
          Double.NaN,
          -1e-40
        }) {
      t.add(
          "cvt.rn.f32.f64 %f0, %fd1",
          Float.floatToRawIntBits((float) x) & 0xFFFFFFFFL, Double.doubleToRawLongBits(x));
    }
    t.add("cvt.f64.f32 %fd0, %f1", Double.doubleToRawLongBits(Float.MIN_VALUE), 1);
    for (int k : new int[] {0, 16777217, 16777219, MAX, MIN, -1, 33554435}) {
      t.add("cvt.rn.f32.s32 %f0, %r1", Float.floatToRawIntBits((float) k) & 0xFFFFFFFFL, k);
      float unsigned = (float) (k & 0xFFFFFFFFL);
      t.add("cvt.rn.f32.u32 %f0, %r1", Float.floatToRawIntBits(unsigned) & 0xFFFFFFFFL, k);
      t.add("cvt.rn.f64.s32 %fd0, %r1", Double.doubleToRawLongBits(k), k);
    }
    t.add("cvt.rn.f32.u64 %f0, %rd1", Float.floatToRawIntBits(0x1p64f), -1);
    t.add("cvt.rn.f32.s64 %f0, %rd1", Float.floatToRawIntBits(-1f) & 0xFFFFFFFFL, -1);
    t.add("cvt.rn.f32.u16 %f0, %rs1", Float.floatToRawIntBits(65535f), 0xFFFF);
    float[] reals = {
      2.9f,
      -2.9f,
      0.5f,
      -0.5f,
      2147483520f,
      0x1p31f,
      -0x1p31f,
      -0x1.000002p31f,
      1e30f,
      -1e30f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      Float.MIN_VALUE
    };
    for (float x : reals) { // Java saturates too, and turns NaN into 0
      t.ofF32("cvt.rzi.s32.f32 %r0, %f1", (int) x & 0xFFFFFFFFL, x);
      long unsigned = Math.max(0, Math.min(0xFFFFFFFFL, (long) x));
      t.ofF32("cvt.rzi.u32.f32 %r0, %f1", unsigned, x);
      t.ofF32("cvt.rzi.s64.f32 %rd0, %f1", Float.isNaN(x) ? Long.MIN_VALUE : (long) x, x);
      t.ofF64("cvt.rzi.s32.f64 %r0, %fd1", (Float.isNaN(x) ? MIN : (int) x) & 0xFFFFFFFFL, x);
    }
    t.ofF32("cvt.rzi.u64.f32 %rd0, %f1", -1, 1e30f);
    t.ofF32("cvt.rzi.u64.f32 %rd0, %f1", Long.MIN_VALUE, Float.NaN);
    t.ofF32("cvt.rzi.u32.f32 %r0, %f1", 0xFFFFFF00L, 4294967040f);
    t.add("cvt.u32.u16 %r0, %rs1", 0x8001, 0x8001);
    t.add("cvt.s32.s16 %r0, %rs1", 0xFFFF8001L, 0x8001);
    t.add("cvt.s64.s32 %rd0, %r1", -2, -2);
    t.add("cvt.u64.u32 %rd0, %r1", 0xFFFFFFFEL, -2);
    t.add("cvt.u16.u32 %rs0, %r1", 0x5678, 0x12345678);
    t.add("cvt.u32.u64 %r0, %rd1", 0x9ABCDEF0L, 0x123456789ABCDEF0L);
    t.add("cvt.s32.s8 %r0, %r1", 0xFFFFFF80L, 0x12345680);
    t.add("cvt.u32.u8 %r0, %r1", 0x80, 0x12345680);
  }

  /** Arithmetic that wraps around, high and wide products, quotients that round towards zero. */
  private static void integers(Table t) {
    int[][] pairs = {{MAX, 1}, {MIN, -1}, {MIN, MIN}, {-7, 3}, {7, -3}, {123456789, 987654321}};
    for (int[] p : pairs) {
      int a = p[0];
      int b = p[1];
      long low = 0xFFFFFFFFL;
      t.add("add.s32 %r0, %r1, %r2", (a + b) & low, a, b);
      t.add("sub.s32 %r0, %r1, %r2", (a - b) & low, a, b);
      t.add("mul.lo.s32 %r0, %r1, %r2", ((long) a * b) & low, a, b);
      t.add("mul.hi.s32 %r0, %r1, %r2", (((long) a * b) >> 32) & low, a, b);
      t.add("mul.hi.u32 %r0, %r1, %r2", ((a & low) * (b & low)) >>> 32, a, b);
      t.add("mul.wide.s32 %rd0, %r1, %r2", (long) a * b, a, b);
      t.add("mul.wide.u32 %rd0, %r1, %r2", (a & low) * (b & low), a, b);
      t.add("mad.lo.s32 %r0, %r1, %r2, %r3", (a * b + 5) & low, a, b, 5);
      t.add("mad.wide.s32 %rd0, %r1, %r2, %rd3", (long) a * b + Long.MAX_VALUE, a, b, -1L >>> 1);
      t.add("div.s32 %r0, %r1, %r2", (a / b) & low, a, b);
      t.add("rem.s32 %r0, %r1, %r2", (a % b) & low, a, b);
      t.add("div.u32 %r0, %r1, %r2", Integer.divideUnsigned(a, b) & low, a, b);
      t.add("rem.u32 %r0, %r1, %r2", Integer.remainderUnsigned(a, b) & low, a, b);
      t.add("min.s32 %r0, %r1, %r2", Math.min(a, b) & low, a, b);
      t.add("max.u32 %r0, %r1, %r2", Math.max(a & low, b & low), a, b);
      t.add("neg.s32 %r0, %r1", -a & low, a);
      t.add("abs.s32 %r0, %r1", Math.abs(a) & low, a);
      long x = (long) a << 32 | 9;
      long y = (long) b << 30 | 7;
      t.add("add.s64 %rd0, %rd1, %rd2", x + y, x, y);
      t.add("mul.lo.s64 %rd0, %rd1, %rd2", x * y, x, y);
      t.add("mul.hi.s64 %rd0, %rd1, %rd2", Math.multiplyHigh(x, y), x, y);
      t.add("div.s64 %rd0, %rd1, %rd2", x / y, x, y);
      t.add("rem.u64 %rd0, %rd1, %rd2", Long.remainderUnsigned(x, y), x, y);
    }
    t.add("div.s64 %rd0, %rd1, %rd2", Long.MIN_VALUE, Long.MIN_VALUE, -1);
    t.add("rem.s64 %rd0, %rd1, %rd2", 0, Long.MIN_VALUE, -1);
    t.add("mul.hi.u64 %rd0, %rd1, %rd2", 1, Long.MIN_VALUE, 2);
    t.add("add.s16 %rs0, %rs1, %rs2", 0x8000, 0x7FFF, 1);
    t.add("mul.lo.s16 %rs0, %rs1, %rs2", 1, 0xFFFF, 0xFFFF);
    t.add("mul.wide.s16 %r0, %rs1, %rs2", 0xC0008000L, 0x8000, 0x7FFF);
    t.add("mul.wide.u16 %r0, %rs1, %rs2", 0xFFFE0001L, 0xFFFF, 0xFFFF);
    t.add("mad.lo.u16 %rs0, %rs1, %rs2, %rs3", 3, 0xFFFF, 0xFFFF, 2);
  }

  private static void shiftsAndFields(Table t) {
    long low = 0xFFFFFFFFL;
    for (int x : new int[] {0x87654321, 0x12345678, -1}) {
      for (int by : new int[] {0, 1, 31, 32, 33, 63, 64, 255, MIN, -1}) {
        boolean out = by < 0 || by > 31;
        t.add("shl.b32 %r0, %r1, %r2", out ? 0 : x << by & low, x, by);
        t.add("shr.u32 %r0, %r1, %r2", out ? 0 : x >>> by & low, x, by);
        t.add("shr.b32 %r0, %r1, %r2", out ? 0 : x >>> by & low, x, by);
        t.add("shr.s32 %r0, %r1, %r2", x >> (out ? 31 : by) & low, x, by);
        long y = (long) x << 32 | 0x5A5A5A5AL;
        boolean out64 = by < 0 || by > 63;
        t.add("shl.b64 %rd0, %rd1, %r2", out64 ? 0 : y << by, y, by);
        t.add("shr.u64 %rd0, %rd1, %r2", out64 ? 0 : y >>> by, y, by);
        t.add("shr.s64 %rd0, %rd1, %r2", y >> (out64 ? 63 : by), y, by);
        boolean out16 = by < 0 || by > 15;
        t.add("shl.b16 %rs0, %rs1, %r2", out16 ? 0 : x << by & 0xFFFF, x, by);
        t.add("shr.s16 %rs0, %rs1, %r2", (short) x >> (out16 ? 15 : by) & 0xFFFF, x, by);
        t.add("shf.l.wrap.b32 %r0, %r1, %r2, %r3", funnel(x, by), 0x5A5A5A5A, x, by);
        t.add("shf.r.wrap.b32 %r0, %r1, %r2, %r3", y >>> (by & 31) & low, 0x5A5A5A5A, x, by);
      }
      t.add("popc.b32 %r0, %r1", Integer.bitCount(x), x);
      t.add("clz.b32 %r0, %r1", Integer.numberOfLeadingZeros(x), x);
      t.add("clz.b64 %r0, %rd1", Long.numberOfLeadingZeros(x & low), x & low);
      t.add("brev.b32 %r0, %r1", Integer.reverse(x) & low, x);
      t.add("not.b32 %r0, %r1", ~x & low, x);
      t.add("xor.b64 %rd0, %rd1, %rd2", x ^ 0x0F0FL, x, 0x0F0F);
      t.add("lop3.b32 %r0, %r1, %r2, %r3, 0xE8", majority(x, 0x0FF0, 0x3C3C), x, 0x0FF0, 0x3C3C);
      t.add("lop3.b32 %r0, %r1, %r2, %r3, 0xF0", x & low, x, 1, 2); // the first alone
    }
    t.add("clz.b32 %r0, %r1", 32, 0);
    t.add("clz.b64 %r0, %rd1", 64, 0);
    t.add("popc.b64 %r0, %rd1", 64, -1);
    // a into b, from a position, so many bits; only the low byte of either counts.
    t.add("bfi.b32 %r0, %r1, %r2, 8, 4", 0xFFFFF5FFL, 0x75, -1);
    t.add("bfi.b32 %r0, %r1, %r2, 28, 8", 0x50000000L, 0x75, 0);
    t.add("bfi.b32 %r0, %r1, %r2, 0, 32", 0x12345678, 0x12345678, -1);
    t.add("bfi.b32 %r0, %r1, %r2, 4, 255", 0x2345678FL, 0x12345678, -1);
    t.add("bfi.b32 %r0, %r1, %r2, 32, 4", 7, -1, 7);
    t.add("bfi.b32 %r0, %r1, %r2, 4, 0", 7, -1, 7);
    t.add("bfi.b32 %r0, %r1, %r2, %r3, %r4", 0x57, 0x75, 7, 0x104, 0x204);
    t.add("bfi.b64 %rd0, %rd1, %rd2, 36, 8", 0x75000000000L | 0xF, 0x75, 0xF);
    t.add("bfe.u32 %r0, %r1, 8, 8", 0xAB, 0x1234AB78);
    t.add("bfe.s32 %r0, %r1, 8, 8", 0xFFFFFFABL, 0x1234AB78);
    t.add("bfe.s32 %r0, %r1, 8, 0", 0, -1);
    t.add("bfe.u32 %r0, %r1, 28, 8", 0x8, 0x80000000);
    t.add("bfe.s32 %r0, %r1, 28, 8", 0xFFFFFFF8L, 0x80000000);
    t.add("bfe.s32 %r0, %r1, 40, 4", 0xFFFFFFFFL, 0x80000000);
    t.add("bfe.u32 %r0, %r1, 40, 4", 0, -1);
    t.add("bfe.s64 %rd0, %rd1, 60, 4", -6, 0xAL << 60);
    t.add("bfe.u64 %rd0, %rd1, 32, 32", 0x12345678, 0x1234567800000000L);
    t.add("prmt.b32 %r0, %r1, %r2, 0x7531", 0x77553311, 0x33221100, 0x77665544);
    t.add("prmt.b32 %r0, %r1, %r2, 0x0246", 0x00224466, 0x33221100, 0x77665544);
    t.add("prmt.b32 %r0, %r1, %r2, 0x89CD", 0xFF0000FFL, 0x7F80, 0xFF00);
  }

  private static long funnel(int high, int by) {
    long both = (long) high << 32 | 0x5A5A5A5AL;
    return both << (by & 31) >>> 32;
  }

  private static long majority(int a, int b, int c) {
    return ((a & b) | (b & c) | (a & c)) & 0xFFFFFFFFL;
  }

  @Test
  void instructions() {
    open();
    INSTRUCTIONS.check(device, memory);
  }

  // Warps, vectors, branches, spaces of memory.

  private static final String LANES_AND_VECTORS =
      """
      .visible .entry lanes(
        .param .u64 out,
        .param .u32 amount,
        .param .u32 clamp
      )
      .maxntid 64, 1, 1
      {
        .reg .pred %p<3>;
        .reg .b32 %r<9>;
        .reg .b64 %rd<4>;
        ld.param.u64 %rd1, [out];
        cvta.to.global.u64 %rd1, %rd1;
        ld.param.u32 %r1, [amount];
        ld.param.u32 %r2, [clamp];
        mov.u32 %r3, %tid.x;
        mul.wide.u32 %rd2, %r3, 4;
        add.s64 %rd1, %rd1, %rd2;
        shfl.sync.up.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1], %r4;
        shfl.sync.down.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1+256], %r4;
        shfl.sync.bfly.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1+512], %r4;
        shfl.sync.idx.b32 %r4|%p1, %r3, %r1, %r2, -1;
        selp.u32 %r5, 1000, 0, %p1;
        add.s32 %r4, %r4, %r5;
        st.global.u32 [%rd1+768], %r4;
        setp.lt.u32 %p2, %r3, 40;
        vote.sync.ballot.b32 %r6, %p2, 0xFFFFFFFF;
        st.global.u32 [%rd1+1024], %r6;
        vote.sync.any.pred %p1, %p2, -1;
        selp.u32 %r7, 1, 0, %p1;
        vote.sync.all.pred %p1, %p2, -1;
        selp.u32 %r8, 2, 0, %p1;
        or.b32 %r7, %r7, %r8;
        bar.warp.sync -1;
        st.global.u32 [%rd1+1280], %r7;
        ret;
      }
      .visible .entry vectors(
        .param .u64 in,
        .param .u64 out,
        .param .f32 factor
      )
      {
        .local .align 16 .b8 depot[32];
        .shared .align 16 .b8 pool[16];
        .reg .pred %p<2>;
        .reg .b16 %rs<3>;
        .reg .b32 %r<6>;
        .reg .f32 %f<6>;
        .reg .b64 %rd<8>;
        ld.param.u64 %rd1, [in];
        ld.param.u64 %rd2, [out];
        ld.param.f32 %f5, [factor];
        ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
        mul.rn.f32 %f4, %f4, %f5;
        st.shared.v4.f32 [pool], {%f4, %f3, %f2, %f1};
        ld.shared.v2.f32 {%f1, %f2}, [pool+8];
        ld.shared.f32 %f3, [pool+4];
        ld.shared.f32 %f4, [pool];
        st.global.v2.f32 [%rd2], {%f1, %f2};
        st.global.v2.f32 [%rd2+8], {%f3, %f4};
        mov.u64 %rd3, depot;
        cvta.local.u64 %rd4, %rd3;
        ld.global.v2.u32 {%r1, %r2}, [%rd1];
        mov.b64 %rd5, {%r1, %r2};
        st.local.u64 [%rd3+24], %rd5;
        ld.local.v2.u32 {%r3, %r4}, [%rd3+24];
        st.global.v2.u32 [%rd2+16], {%r4, %r3};
        mov.b64 {%r1, %r2}, %rd5;
        mov.b64 {%r3, _}, %rd5;
        st.global.v4.u32 [%rd2+32], {%r1, %r2, %r3, 0};
        ld.global.u8 %rs1, [%rd1+3];
        ld.global.s8 %rs2, [%rd1+3];
        st.global.v2.u16 [%rd2+24], {%rs1, %rs2};
        mov.f32 %f1, 0fBF800000;
        mov.u32 %r1, 0;
      $again:
        add.s32 %r1, %r1, 1;
        add.rn.f32 %f1, %f1, 0f3F000000;
        setp.ne.s32 %p1, %r1, 5;
        @%p1 bra $again;
        st.global.f32 [%rd2+28], %f1;
        @!%p1 bra.uni $end;
        st.global.f32 [%rd2+28], 0f00000000;
      $end:
        atom.global.add.u32 %r2, [%rd2+48], -3;
        st.global.u32 [%rd2+52], %r2;
        atom.global.min.s32 %r2, [%rd2+56], -3;
        atom.global.max.u32 %r2, [%rd2+60], 7;
        ret;
      }
      """;

  @ParameterizedTest
  @CsvSource({"3, 0, 31", "9, 0, 31", "31, 24, 7", "5, 24, 7", "6, 16, 15", "40, 0, 31", "2, 0, 9"})
  void lanes(int amount, int segments, int last) {
    open();
    Ints out = memory.ints("out", 6L * LANES);
    device.launch("lanes", new Geometry(1, 1, LANES, 0), out, amount, segments << 8 | last);
    int[] got = out.download(new int[6 * LANES]);
    int distance = amount % 32;
    for (int t = 0; t < LANES; t++) {
      int lane = t % 32;
      int warp = t - lane;
      int begin = lane & segments; // of the lane's segment
      int end = begin | (last & ~segments); // last lane that can be read; for "up" the first
      int[] from = {
        lane - distance, lane + distance, lane ^ distance, begin | (distance & ~segments)
      };
      for (int mode = 0; mode < 4; mode++) {
        boolean there = mode == 0 ? from[0] >= end : from[mode] <= end;
        int expected = warp + (there ? from[mode] : lane) + (there ? 1000 : 0);
        assertEquals(expected, got[mode * LANES + t], "shuffle " + mode + ", thread " + t);
      }
      assertEquals(warp == 0 ? -1 : 0xFF, got[4 * LANES + t], "ballot");
      assertEquals(warp == 0 ? 3 : 1, got[5 * LANES + t], "any and all");
    }
  }

  @Test
  void aBlockLargerThanTheKernelsBoundIsRefused() {
    open();
    Ints out = memory.ints("out", 6L * LANES);
    Geometry larger = new Geometry(1, 1, LANES + 1, 0);
    CsdpException e =
        assertThrows(CsdpException.class, () -> device.launch("lanes", larger, out, 1, 31));
    assertTrue(e.getMessage().contains("a block of 65 threads, not 1..64, by thread 0"));
  }

  @Test
  void vectorsBranchesAndSpaces() {
    open();
    Ints in = memory.ints("in", 4);
    Ints out = memory.ints("out", 16);
    int[] floats = new int[4];
    java.util.Arrays.setAll(floats, k -> Float.floatToRawIntBits(-1.5f - k));
    in.upload(floats);
    out.upload(new int[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 5, 5});
    device.launch("vectors", ONE, in, out, 2f);
    int[] expected = {
      floats[1],
      floats[0],
      floats[2],
      Float.floatToRawIntBits(-9f),
      floats[1],
      floats[0],
      0xFFBF00BF,
      Float.floatToRawIntBits(1.5f),
      floats[0],
      floats[1],
      floats[0],
      0,
      7,
      10,
      -3,
      7
    };
    assertArrayEquals(expected, out.download(new int[16]));
  }

  // Mistakes that a kernel can make.

  private static final String MISTAKES =
      mistake("misaligned_vector", "ld.global.v2.u32 {%r1, %r2}, [%rd1+4];")
          + mistake("misaligned_store", "st.global.v4.f32 [%rd1+8], {%f1, %f1, %f1, %f1};")
          + mistake("behind", "ld.global.u32 %r1, [%rd1+20];")
          + mistake("across_the_end", "ld.global.v2.u32 {%r1, %r2}, [%rd1+16];")
          + mistake("before", "st.global.u32 [%rd1+-4], %r1;")
          + mistake("no_address", "ld.global.u32 %r1, [0];")
          + mistake("host_address", "mov.u64 %rd2, depot; ld.global.u32 %r1, [%rd2];")
          + mistake("misaligned_shared", "st.shared.v2.u32 [a+4], {%r1, %r1};")
          + mistake("between_shared_arrays", "st.shared.u32 [a+16], %r1;")
          + mistake("behind_shared", "st.shared.u32 [b+16], %r1;")
          + mistake("before_shared", "mov.u32 %r2, a; st.shared.u32 [%r2+-4], %r1;")
          + mistake(
              "unwritten_shared", "st.shared.u32 [a+4], %r1; ld.shared.v2.u32 {%r1, %r2}, [a];")
          + mistake("outside_local", "mov.u64 %rd2, depot; st.local.u32 [%rd2+16], %r1;")
          + mistake("misaligned_local", "mov.u64 %rd2, depot; st.local.u64 [%rd2+4], %rd1;")
          + mistake("missing_at_barrier", "@%p1 ret; bar.sync 0;")
          + mistake("missing_lane", "@!%p1 shfl.sync.idx.b32 %r1, %r1, 0, 31, -1;")
          + mistake("partial_mask", "vote.sync.ballot.b32 %r1, %p1, 0xFFFF;")
          + mistake("partial_warp_barrier", "bar.warp.sync 1;")
          + mistake("division_by_zero", "div.s32 %r1, 1, %r3;")
          + mistake("remainder_of_zero", "rem.u64 %rd2, 1, %rd3;")
          + mistake("right", "st.shared.u32 [b+12], %r1; ld.shared.u32 %r2, [b+12];");

  private static String mistake(String name, String body) {
    return """
        .visible .entry NAME(
          .param .u64 out
        )
        {
          .local .align 16 .b8 depot[16];
          .shared .align 16 .b8 a[16];
          .shared .align 16 .b8 b[16];
          .reg .pred %p<2>;
          .reg .b32 %r<4>;
          .reg .f32 %f<2>;
          .reg .b64 %rd<4>;
          ld.param.u64 %rd1, [out];
          mov.u32 %r1, %tid.x;
          setp.eq.u32 %p1, %r1, 1;
          mov.u32 %r3, 0;
          mov.u64 %rd3, 0;
          BODY
          ret;
        }
        """
        .replace("NAME", name)
        .replace("BODY", body.replace("; ", ";\n  "));
  }

  @ParameterizedTest
  @CsvSource({
    "misaligned_vector, a misaligned access of 8 bytes by thread 0",
    "misaligned_store, a misaligned access of 16 bytes by thread 0",
    "behind, an access of 4 bytes outside device memory by thread 0",
    "across_the_end, an access of 8 bytes outside device memory by thread 0",
    "before, an access of 4 bytes outside device memory by thread 0",
    "no_address, an access of 4 bytes outside device memory by thread 0",
    "host_address, an access of 4 bytes outside device memory by thread 0",
    "misaligned_shared, a misaligned access of 8 bytes to shared memory by thread 0",
    "between_shared_arrays, an access of 4 bytes outside shared memory by thread 0",
    "behind_shared, an access of 4 bytes outside shared memory by thread 0",
    "before_shared, an access of 4 bytes outside shared memory by thread 0",
    "unwritten_shared, a read of shared memory that the block did not write by thread 0",
    "outside_local, an access of 4 bytes outside local memory by thread 0",
    "misaligned_local, a misaligned access of 8 bytes to local memory by thread 0",
    "missing_at_barrier, a barrier or warp collective was not reached by all threads",
    "missing_lane, a barrier or warp collective was not reached by all threads",
    "partial_mask, only the full warp mask is emulated by thread 0",
    "partial_warp_barrier, only the full warp mask is emulated by thread 0",
    "division_by_zero, an integer division by zero by thread 0",
    "remainder_of_zero, an integer division by zero by thread 0",
  })
  void mistakesEndTheLaunch(String kernel, String error) {
    open();
    Geometry warp = new Geometry(1, 1, 32, 0);
    Ints out = memory.ints("out", 5);
    CsdpException e = assertThrows(CsdpException.class, () -> device.launch(kernel, warp, out));
    assertEquals(
        "the kernel " + kernel + " <<<(1, 1), 32, 0 bytes>>> failed: " + error + " (block 0, 0)",
        e.getMessage());
    device.launch("right", warp, out);
  }

  /** The weights of the blocks of a kernel whose branch skips some instructions. */
  private static String weights(String... skipped) {
    String body =
        ".reg .pred %p<2>;\n.reg .b32 %r<3>;\n.reg .b64 %rd<2>;\nmov.u64 %rd1, 0;\nsetp.eq.s32 %p1, %r1, 0;\n@%p1 bra $L1;\n"
            + String.join("\n", skipped)
            + "\n$L1:\nadd.s32 %r2, %r1, 1;\nret;\n";
    Matcher m =
        Pattern.compile("weights\\[] = \\{(.*)}")
            .matcher(
                PtxTranslator.translate(".visible .entry k(\n.param .u64 x\n)\n{\n" + body + "}\n")
                    .text());
    assertTrue(m.find());
    return m.group(1);
  }

  @Test
  void aShortBranchCountsAsConditionalInstructions() {
    String add = "add.s32 %r1, %r1, 1;";
    assertEquals("5, 0, 2", weights(add, add, add, add));
    assertEquals("2, 5, 2", weights(add, add, add, add, add));
    assertEquals("2, 2, 2", weights(add, "st.global.u32 [%rd1], %r1;"));
  }

  // Errors name the unsupported instruction or line.

  private static String refusal(String ptx) {
    return assertThrows(IllegalArgumentException.class, () -> PtxTranslator.translate(ptx))
        .getMessage();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ex2.approx.f32 %f1, %f1", // opcodes
        "call helper, (%r1)",
        "brx.idx %r1, targets",
        "red.global.add.u32 [%rd1], %r1",
        "cp.async.ca.shared.global [%r1], [%rd1], 16",
        "cvta.shared.u64 %rd1, %rd1", // a shared address as one of any space
        "add.f32 %f1, %f1, %f1", // modifiers: without a rounding the driver may fuse it
        "add.rn.ftz.f32 %f1, %f1, %f1",
        "add.rz.f32 %f1, %f1, %f1",
        "add.sat.s32 %r1, %r1, %r1",
        "add.cc.u32 %r1, %r1, %r1",
        "div.approx.f32 %f1, %f1, %f1",
        "div.full.f32 %f1, %f1, %f1",
        "sqrt.approx.f32 %f1, %f1",
        "min.NaN.f32 %f1, %f1, %f1",
        "setp.lt.ftz.f32 %p1, %f1, %f1",
        "setp.lt.and.s32 %p1, %r1, %r1, %p1",
        "shf.l.clamp.b32 %r1, %r1, %r1, %r1",
        "shfl.idx.b32 %r1, %r1, 0, 31",
        "bar.red.popc.u32 %r1, 0, %p1",
        "ld.u32 %r1, [%rd1]", // accesses
        "st.u32 [%rd1], %r1",
        "atom.add.u32 %r1, [%rd1], 1",
        "ld.volatile.global.u32 %r1, [%rd1]",
        "ld.global.nc.u32 %r1, [%rd1]",
        "ld.const.u32 %r1, [%rd1]",
        "atom.global.add.f32 %f1, [%rd1], %f1",
        "ld.shared.u32 %r1, [%r1]", // of a kernel without shared memory
        "ld.local.u32 %r1, [%rd1]",
        "add.s32 %r9, %r1, %r1", // operands
        "mov.u32 %r1, %tid.y",
        "mov.u64 %rd1, table",
        "barrier.sync 1",
        "ld.global.u32 %r1, [%rd1-4]",
        "ld.param.u32 %r1, [out]",
        "ld.param.u64 %rd1, [other]",
        "add.s32 %r1, %r1, %r1, %r1",
      })
  void unknownInstructionsAreNamed(String instruction) {
    String ptx =
        """
        .visible .entry k(
          .param .u64 out
        )
        {
          .reg .pred %p<2>;
          .reg .b32 %r<2>;
          .reg .f32 %f<2>;
          .reg .b64 %rd<2>;
          BODY;
          ret;
        }
        """
            .replace("BODY", instruction);
    String message = refusal(ptx);
    assertTrue(message.startsWith("the PTX of k has an unknown "), message);
    String opcode = instruction.split(" ")[0];
    String operand = instruction.replaceAll(".*?(%r9|%tid.y|table|\\[%rd1-4\\]).*", "$1");
    assertTrue(message.contains(opcode) || message.contains(operand), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".reg .b128 %q<2>;",
        ".shared .align 4 .u32 words[4];",
        ".shared .align 4 .b8 much[49156];",
        ".local .align 4 .b8 a[4];\n.local .align 4 .b8 b[4];",
        ".branchtargets a, b;",
        ".reg .b32 %r;\n.reg .f32 %r;",
        "add.s32 %r1, %r1",
      })
  void unknownLinesAreNamed(String lines) {
    String message = refusal(".visible .entry k(\n.param .u64 out\n)\n{\n" + lines + "\n}\n");
    String last = lines.substring(lines.lastIndexOf('\n') + 1);
    String named =
        lines.contains(".local") ? "array b" : last.replaceAll(".*(\\.b128|much|%r(?=;)).*", "$1");
    assertTrue(
        message.startsWith("the PTX of k has an unknown ") && message.contains(named), message);
  }

  @Test
  void unknownFunctionsAndParametersAreNamed() {
    String body = "\n)\n{\nret;\n}\n";
    assertEquals(
        "the PTX of k has an unknown parameter .param .u16 x",
        refusal(".visible .entry k(\n.param .u16 x" + body));
    assertEquals(
        "the PTX has a function that is not understood: helper",
        refusal(".visible .func (.param .b32 y) helper(\n.param .b32 x" + body));
    assertEquals(
        "the PTX has a function that is not understood: hidden",
        refusal(".weak .entry hidden(\n.param .u64 x" + body));
    assertEquals(
        "the PTX of k has an unknown directive .maxclusterrank 8",
        refusal(".visible .entry k(\n.param .u64 x\n)\n.maxclusterrank 8\n{\nret;\n}\n"));
  }
}
