package csdp.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import csdp.backend.NotFinite;
import csdp.backend.NotFinite.Quantity;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.Emulated;
import csdp.backend.cuda.device.EmulatedDevice;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.backend.cuda.ptx.KernelSources;
import csdp.backend.cuda.ptx.Nvcc;
import csdp.error.CsdpException;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Population;
import csdp.model.Synapse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares values that Java and the kernels both define. To extend it: structs in {@link
 * NetworkState}'s layouts, numbers in {@link #CONSTANTS} and {@link #LITERALS}.
 */
class MirrorsTest {
  /** Expressions of the headers, with Java's value. */
  private static final Map<String, Integer> CONSTANTS =
      Map.of(
          "WARP", Kernels.WARP,
          "TILE", Kernels.TILE,
          "SEGMENT", Kernels.SEGMENT,
          "CHUNK", Kernels.CHUNK,
          "MOST_LEARNED", CudaBackend.MOST_LEARNED);

  /** Literals that kernel families define for themselves, with Java's value. */
  private static final Map<String, Number> LITERALS =
      Map.of(
          "BETA1", Constants.BETA1,
          "GAIN1", Adam.GAIN1,
          "BETA2", Constants.BETA2,
          "GAIN2", Adam.GAIN2,
          "EPSILON", Constants.EPSILON,
          "TRANSPOSING_WARPS", Kernels.TRANSPOSE_BLOCK / Kernels.WARP,
          "WARPS", Kernels.FORWARD_WARPS,
          "LISTS", Kernels.LISTS,
          "LEARN_WARPS", Kernels.LEARN_WARPS);

  private static final List<StructLayout<?>> STRUCTS =
      List.of(
          NetworkState.NETWORK, NetworkState.POPULATION, NetworkState.SYNAPSE, NetworkState.PART);

  /** A number that the compiler of the kernels is asked for, and Java's. */
  private record Asked(String what, String expression, int expected) {}

  private static List<Asked> asked() {
    List<Asked> all = new ArrayList<>();
    for (StructLayout<?> layout : STRUCTS) {
      String struct = layout.struct();
      for (StructLayout.Field f : layout.fields()) {
        String member = struct + "::" + f.name();
        all.add(
            new Asked(
                "offset of " + member,
                "__builtin_offsetof(" + struct + ", " + f.name() + ")",
                f.offset()));
        all.add(
            new Asked(
                "type of " + member,
                "Kind<decltype(" + member + ")>::ordinal",
                f.type().ordinal()));
      }
      all.add(new Asked("size of " + struct, "sizeof(" + struct + ")", layout.bytes()));
    }
    CONSTANTS.forEach((expression, value) -> all.add(new Asked(expression, expression, value)));
    long place = NotFinite.Watch.place(Quantity.WEIGHTS, 300, 7);
    all.add(new Asked("low half of a place", "place", (int) place));
    all.add(new Asked("high half of a place", "(place >> 32)", (int) (place >> 32)));
    all.add(new Asked("low half of no place", "ALL_FINITE", (int) NotFinite.Watch.NOTHING));
    all.add(
        new Asked(
            "high half of no place", "(ALL_FINITE >> 32)", (int) (NotFinite.Watch.NOTHING >> 32)));
    return all;
  }

  private static String kernel() {
    StringBuilder text =
        new StringBuilder(
            """
            #include "network.cuh"

            // Ordinals of StructLayout.Type.
            template <typename T>
            struct Kind;
            template <typename T>
            struct Kind<Global<T>> {
              static constexpr int ordinal = 0;
            };
            template <>
            struct Kind<int> {
              static constexpr int ordinal = 1;
            };
            template <>
            struct Kind<Role> : Kind<int> {};
            template <>
            struct Kind<Rule> : Kind<int> {};
            template <>
            struct Kind<float> {
              static constexpr int ordinal = 2;
            };

            KERNEL mirrors(int* given) {
              Global<int> out = argumentOfKernel(given);
              Network net;
              net.firstNotFinite = argumentOfKernel((unsigned long long*)given);
              net.firstNotFinite[0] = ALL_FINITE;
              reportNotFinite(net, WEIGHTS, 300, 7);
              unsigned long long place = net.firstNotFinite[0];
            """);
    List<Asked> all = asked();
    for (int k = 0; k < all.size(); k++) {
      text.append("  out[" + k + "] = (int)" + all.get(k).expression + ";\n");
    }
    return text.append("}\n").toString();
  }

  private static void check(EmulatedDevice opened) {
    List<Asked> all = asked();
    try (EmulatedDevice device = opened;
        DeviceMemory memory = new DeviceMemory(device)) {
      Ints out = memory.ints("out", all.size());
      out.upload(new int[out.length()]);
      device.launch("mirrors", new Geometry(1, 1, 1, 0), out);
      int[] got = out.download(new int[all.size()]);
      StringBuilder differing = new StringBuilder();
      for (int k = 0; k < got.length; k++) {
        Asked a = all.get(k);
        if (got[k] != a.expected) {
          differing.append(a.what + " is " + got[k] + ", in Java " + a.expected + "\n");
        }
      }
      assertEquals("", differing.toString());
    }
  }

  @Test
  void structsAsTheHostLaysThemOut() {
    check(Emulated.ofSources(KernelSources.host().only(kernel())));
  }

  @Test
  void structsAsTheDeviceLaysThemOut() throws IOException {
    Optional<Nvcc> nvcc = Nvcc.find();
    assumeTrue(nvcc.isPresent(), "no nvcc on the PATH to compile kernels");
    check(Emulated.ofPtx(nvcc.get().ptx(KernelSources.device().only(kernel()), "compute_75")));
  }

  /** Fields in the order of the text, so that one which Java does not know is named. */
  @Test
  void noFieldIsMissing() {
    String text = KernelSources.device().texts().get("network.cuh");
    for (StructLayout<?> layout : STRUCTS) {
      Matcher struct =
          Pattern.compile("(?s)\\nstruct " + layout.struct() + " \\{\\n(.*?)\\n\\};").matcher(text);
      assertTrue(struct.find(), layout.struct());
      List<String> names =
          Pattern.compile("(?m)^  [\\w<> ]+ (\\w+);")
              .matcher(struct.group(1))
              .results()
              .map(m -> m.group(1))
              .toList();
      assertEquals(
          layout.fields().stream().map(StructLayout.Field::name).toList(), names, layout.struct());
    }
  }

  private static List<String> constantsOf(String cudaEnum) {
    String text = KernelSources.device().texts().get("network.cuh");
    Matcher m =
        Pattern.compile("enum " + cudaEnum + "(?: : int)? \\{ ([A-Z_, ]+) \\};").matcher(text);
    assertTrue(m.find(), cudaEnum);
    return List.of(m.group(1).split(", "));
  }

  private static List<String> names(Enum<?>[] values) {
    return Arrays.stream(values).map(Enum::name).toList();
  }

  @Test
  void enumsHaveTheSameOrder() {
    assertEquals(names(Population.Role.values()), constantsOf("Role"));
    assertEquals(names(Synapse.Rule.values()), constantsOf("Rule"));
    List<String> seen = constantsOf("Quantity"); // Java knows more, which no kernel looks for
    assertEquals(names(Quantity.values()).subList(0, seen.size()), seen);
  }

  /** A new role or rule must be named wherever roles or rules differ. */
  @ParameterizedTest
  @ValueSource(strings = {"CONTEXT", "ERROR"})
  void aSwitchNamesEveryValue(String lastOfItsEnum) {
    KernelSources all = KernelSources.host();
    String text =
        all.texts().get("network.cuh").replace(lastOfItsEnum + " };", lastOfItsEnum + ", ADDED };");
    KernelSources extended = all.with("network.cuh", text);
    String message =
        assertThrows(CsdpException.class, () -> Emulated.ofSources(extended)).getMessage();
    assertTrue(message.matches(".*enumeration value .ADDED. not handled in switch.*"), message);
  }

  @Test
  void literalsHaveTheSameValue() {
    String all = String.join("\n", KernelSources.device().texts().values());
    LITERALS.forEach(
        (name, value) -> {
          Matcher m = Pattern.compile("(?m)^#define " + name + " ([\\d.e-]+)").matcher(all);
          assertTrue(m.find(), "no kernel defines " + name + " as a number");
          assertEquals(value.floatValue(), Float.parseFloat(m.group(1)), name);
        });
    assertEquals(Kernels.WARP, Padding.WORD);
  }
}
