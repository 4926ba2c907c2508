package csdp.backend.cuda.ptx;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernels as PTX, with a header about their origin. One PTX is shipped with the classes ({@code
 * src/main/resources/csdp/ptx}), for users without a CUDA toolkit; a build that finds nvcc adds its
 * own. The header contains a hash of the kernel sources and flags and one of the PTX itself; a
 * stale PTX is refused.
 *
 * <p>compute_75 is the only target, because no kernel uses anything newer: a driver compiles it for
 * the GPU at hand, up to the newest.
 *
 * <p>nvcc writes the newest PTX version it knows ({@code .version 9.0} for CUDA 13.0), which a
 * driver older than the toolkit refuses, although the kernels use nothing that is new. The version
 * is therefore lowered to {@value #ISA}; PtxTest has ptxas show that this changes no bit of the
 * machine code.
 */
public final class Ptx {
  /** PTX version that is written: that of CUDA 11.0, which all drivers from 450 accept. */
  static final String ISA = "7.0";

  /** Minimum compute capability of each PTX, times ten, ascending. */
  public static final List<Integer> TARGETS = List.of(75);

  private static final Pattern VERSION = Pattern.compile("(?m)^\\.version (\\d+)\\.(\\d+)$");

  /** A hint of a load for sanitizers, unknown to older versions. */
  private static final Pattern HINT =
      Pattern.compile("(?m)^[ \\t]*\\.pragma \"used_bytes_mask .*\\n");

  private static final String SOURCES = "// sources sha256  ";
  private static final String TEXT = "// text sha256     ";
  private static final String COMPILER = "// compiler        nvcc ";
  private static final String END = "// end of header\n";

  private final String text;

  private Ptx(String text) {
    this.text = text;
  }

  /** Compiles the sources of the classes. */
  static Ptx compile(Nvcc nvcc, int target) throws IOException {
    KernelSources sources = KernelSources.device();
    return of(nvcc.ptx(sources, "compute_" + target), target, nvcc.version(), sources);
  }

  static Ptx of(String compiled, int target, String nvccVersion, KernelSources sources) {
    String body = lower(compiled.replace("\r\n", "\n"));
    return new Ptx(
        "// csdp4j's kernels (kernels/*.cu) as PTX for compute capability "
            + (target / 10 + "." + target % 10)
            + " and up. Generated: see csdp.backend.cuda.ptx.Ptx.\n"
            + COMPILER
            + nvccVersion
            + " -ptx -arch=compute_"
            + target
            + " "
            + String.join(" ", Nvcc.FLAGS)
            + ", then .version lowered to "
            + ISA
            + " for older drivers\n"
            + SOURCES
            + expectedHash(sources, target)
            + "\n"
            + TEXT
            + sha256(body)
            + "\n"
            + END
            + body);
  }

  /** Parses a PTX file. */
  static Ptx parse(String text) {
    return new Ptx(text.replace("\r\n", "\n"));
  }

  /** Returns the PTX files in the classes for a target; the build's own comes first. */
  static List<Ptx> inClasses(int target) {
    return java.util.stream.Stream.of("built/", "")
        .flatMap(folder -> read(folder + "compute_" + target + ".ptx").stream())
        .toList();
  }

  /** Returns the shipped PTX, which may be stale. */
  static Optional<Ptx> shipped(int target) {
    return read("compute_" + target + ".ptx");
  }

  /**
   * Returns the text of the shipped PTX.
   *
   * @throws IllegalStateException if it was not made from the kernels in these classes
   */
  public static String shippedText(int target) {
    Ptx ptx = shipped(target).orElseThrow();
    ptx.refusal(KernelSources.device(), target)
        .ifPresent(
            reason -> {
              throw new IllegalStateException(reason + ": run scripts/ship_ptx.sh");
            });
    return ptx.text;
  }

  private static Optional<Ptx> read(String name) {
    try (InputStream in = Ptx.class.getResourceAsStream("/csdp/ptx/" + name)) {
      return in == null
          ? Optional.empty()
          : Optional.of(parse(new String(in.readAllBytes(), StandardCharsets.US_ASCII)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the PTX for a GPU: the newest target that is not newer than the GPU.
   *
   * @param capability compute capability times ten
   * @param refusals receives the reasons if there is none
   */
  public static Optional<Ptx> forDevice(int capability, List<String> refusals) {
    return forDevice(capability, KernelSources.device(), refusals);
  }

  public static Optional<Ptx> forDevice(
      int capability, KernelSources sources, List<String> refusals) {
    List<Integer> fitting =
        TARGETS.stream().filter(t -> t <= capability).sorted(Comparator.reverseOrder()).toList();
    if (fitting.isEmpty()) {
      refusals.add("they need compute capability 7.5 or newer");
    }
    for (int target : fitting) {
      for (Ptx ptx : inClasses(target)) {
        Optional<String> refusal = ptx.refusal(sources, target);
        if (refusal.isEmpty()) {
          return Optional.of(ptx);
        }
        refusals.add(refusal.get());
      }
    }
    return Optional.empty();
  }

  /** Returns the reason why this PTX does not fit these kernel sources; empty if it fits. */
  Optional<String> refusal(KernelSources sources, int target) {
    if (!text.contains(END) || field(SOURCES).isEmpty()) {
      return Optional.of("the PTX for compute_" + target + " has no header");
    }
    if (!field(SOURCES).equals(expectedHash(sources, target))) {
      return Optional.of(
          "the PTX for compute_" + target + " was not made from the kernels in these classes");
    }
    if (!field(TEXT).equals(sha256(body()))) {
      return Optional.of("the PTX for compute_" + target + " is damaged");
    }
    return Optional.empty();
  }

  /** Returns the version of nvcc that compiled it. */
  public String compiler() {
    return field(COMPILER).split(" ")[0];
  }

  public String text() {
    return text;
  }

  private String body() {
    return text.substring(text.indexOf(END) + END.length());
  }

  /** Returns the text for the driver, zero-terminated. */
  byte[] image() {
    return (text + "\0").getBytes(StandardCharsets.US_ASCII);
  }

  private String field(String name) {
    int from = text.indexOf(name);
    return from < 0
        ? ""
        : text.substring(from + name.length(), text.indexOf('\n', from + name.length()));
  }

  private static String expectedHash(KernelSources sources, int target) {
    return sources.hash("compute_" + target, String.join(" ", Nvcc.FLAGS), ISA);
  }

  /** Lowers the version and removes the hints; a lower version is unchanged. */
  static String lower(String ptx) {
    Matcher m = VERSION.matcher(ptx);
    if (!m.find()) {
      throw new IllegalArgumentException("nvcc wrote PTX without a .version");
    }
    int written = Integer.parseInt(m.group(1)) * 10 + Integer.parseInt(m.group(2));
    return written <= Integer.parseInt(ISA.replace(".", ""))
        ? ptx
        : HINT.matcher(m.replaceFirst(".version " + ISA)).replaceAll("");
  }

  private static String sha256(String s) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(s.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
