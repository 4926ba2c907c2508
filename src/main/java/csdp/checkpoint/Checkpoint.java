package csdp.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.error.CsdpException;
import csdp.io.AtomicFolder;
import csdp.io.Disk;
import csdp.io.Json;
import csdp.io.NpzWriter;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Synapse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * A training state in a folder, written atomically: weights and thresholds as in {@link
 * ParameterFolder}, optionally Adam's moments ({@code adam/W1.npz} with {@code m} and {@code v},
 * (pre, post) f4), the caller's state ({@code state.json}) and {@code manifest.json} with the step
 * count and the size and CRC-32 of every other file.
 */
public final class Checkpoint {
  /** Version of the format, for writing and reading. */
  public static final int FORMAT = 1;

  private static final String MANIFEST = "manifest.json";
  private static final String STATE = "state.json";
  private static final long MAX_STATE = 256L << 20; // it holds the confusion matrix

  /** Maximum number of attempts to read a checkpoint that is being replaced. */
  private static final int ATTEMPTS = 100;

  private Checkpoint() {}

  /** Size and CRC-32 (8 hexadecimal digits) of a file. */
  record FileSum(long bytes, String crc32) {}

  /**
   * Contents of a checkpoint.
   *
   * @param format of the folder: {@link #FORMAT}
   * @param network sizes and kind of the network, as {@link NetworkSpec#toString}
   * @param plasticitySteps Adam's step count
   * @param moments true if Adam's moments are stored, so that training can resume
   * @param files size and checksum of every other file
   * @param check CRC-32 of the manifest itself, with this field empty
   */
  public record Manifest(
      int format,
      String network,
      long plasticitySteps,
      boolean moments,
      Map<String, FileSum> files,
      String check) {
    /** Rejects an inconsistent manifest, as read from a file. */
    public Manifest {
      if (files == null || plasticitySteps < 0) {
        throw CsdpException.badInput(
            "invalid manifest of a checkpoint: %d plasticity steps, files %s",
            plasticitySteps, files);
      }
    }

    private Manifest signed() {
      return with(hex(crc(Json.bytes(with("")))));
    }

    private Manifest with(String newCheck) {
      return new Manifest(format, network, plasticitySteps, moments, files, newCheck);
    }
  }

  /**
   * Writes a checkpoint atomically, replacing an earlier one.
   *
   * @param folder of the checkpoint
   * @param p weights, thresholds, moments and step count
   * @param withMoments whether to write Adam's moments (twice the size of the weights)
   * @param state the caller's state, of any type that Jackson maps to an object; null for none
   * @throws CsdpException environment if it cannot be written, failed if a value is not finite, bad
   *     input if the folder holds something else; an earlier checkpoint is then intact
   */
  public static void write(Path folder, Parameters p, boolean withMoments, Object state) {
    AtomicFolder.replace(
        folder,
        MANIFEST,
        temporary -> {
          Map<String, FileSum> files = new LinkedHashMap<>();
          ParameterFolder.Opener opener = file -> new SummedFile(temporary, file, files);
          ParameterFolder.write(opener, p);
          if (withMoments) {
            Files.createDirectory(temporary.resolve("adam"));
            for (Synapse s : p.spec().synapses()) {
              try (NpzWriter out = new NpzWriter(opener.open(adam(s)))) {
                int[] shape = ParameterFolder.shape(s);
                ParameterFolder.add(out, s.name(), "m", shape, p.firstMoments(s));
                ParameterFolder.add(out, s.name(), "v", shape, p.secondMoments(s));
              }
            }
          }
          if (state != null) {
            try (OutputStream out = opener.open(STATE)) {
              out.write(Json.bytes(state));
            }
          }
          Manifest manifest =
              new Manifest(
                  FORMAT, p.spec().toString(), p.plasticitySteps(), withMoments, files, "");
          Files.write(temporary.resolve(MANIFEST), Json.bytes(manifest.signed()));
        });
  }

  /**
   * Cleans up after a crash during a write.
   *
   * @throws CsdpException environment if that fails
   */
  static void recover(Path folder) {
    AtomicFolder.recover(folder, MANIFEST);
  }

  /** Returns true if there is a checkpoint, or its {@code .old} version after a crash. */
  public static boolean exists(Path folder) {
    return AtomicFolder.exists(folder, MANIFEST);
  }

  /**
   * Returns the manifest of a checkpoint without reading its arrays.
   *
   * @throws CsdpException bad input if it is missing, damaged or of another version
   */
  public static Manifest manifest(Path folder) {
    return reading(folder, Checkpoint::manifestIn);
  }

  /**
   * Reads a checkpoint with moments and the caller's state, to resume training. Every file is
   * verified before {@code into} changes.
   *
   * @throws CsdpException bad input if it is missing, damaged, of another version or network, or
   *     has no moments or no state
   */
  public static <T> T read(Path folder, Parameters into, Class<T> type) {
    return reading(
        folder,
        found -> {
          Manifest manifest = verify(found, into.spec());
          if (!manifest.moments()) {
            throw CsdpException.badInput("%s was written without Adam's moments", folder);
          }
          T state = stateIn(found, manifest, type);
          fill(found, manifest, into);
          return state;
        });
  }

  /**
   * Refuses a checkpoint of another network before memory is allocated for it.
   *
   * @throws CsdpException bad input, as {@link #read}
   */
  public static void requireFit(Path folder, NetworkSpec spec) {
    reading(
        folder,
        found -> {
          requireFit(found, manifestIn(found), spec);
          ParameterFolder.requireSizes(found, spec);
          return null;
        });
  }

  /** As {@link #read}, without the caller's state; missing moments become zero. */
  public static void readParameters(Path folder, Parameters into) {
    reading(
        folder,
        found -> {
          fill(found, verify(found, into.spec()), into);
          return null;
        });
  }

  /**
   * Reads only the caller's state.
   *
   * @throws CsdpException bad input if it is missing or damaged
   */
  public static <T> T readState(Path folder, Class<T> type) {
    return reading(folder, found -> stateIn(found, manifestIn(found), type));
  }

  /**
   * Reads while another process may write. A result or an error is valid only if the same
   * checkpoint is still in place afterwards.
   */
  private static <T> T reading(Path folder, Function<Path, T> read) {
    for (int attempt = 1; ; attempt++) {
      String before = identity(folder);
      try {
        T value = read.apply(AtomicFolder.existing(folder, MANIFEST));
        if (before != null && before.equals(identity(folder))) {
          return value;
        }
      } catch (CsdpException e) {
        // An unreadable checkpoint may be in the middle of a replacement: try again.
        if (Objects.equals(before, identity(folder)) && (before != null || attempt > 2)) {
          throw e;
        }
      }
      if (attempt == ATTEMPTS) {
        throw CsdpException.failed("%s is replaced faster than it can be read: try later", folder);
      }
    }
  }

  /**
   * Returns the identity of a checkpoint: its manifest's checksum and folder; null if it is
   * unreadable.
   */
  private static String identity(Path folder) {
    try {
      Path found = AtomicFolder.existing(folder, MANIFEST);
      return manifestIn(found).check() + " " + found;
    } catch (CsdpException e) {
      return null;
    }
  }

  private static <T> T stateIn(Path folder, Manifest manifest, Class<T> type) {
    Path file = folder.resolve(STATE);
    if (!manifest.files().containsKey(STATE)) {
      throw CsdpException.badInput("%s was written without a %s", folder, STATE);
    }
    verify(folder, manifest, STATE);
    return Json.value(Json.tree(Json.bytes(file, MAX_STATE), file), type, file);
  }

  private static void fill(Path folder, Manifest manifest, Parameters into) {
    ParameterFolder.read(folder, into);
    for (Synapse s : into.spec().synapses()) {
      if (manifest.moments()) {
        int[] shape = ParameterFolder.shape(s);
        Path file = folder.resolve(adam(s));
        float most = Float.MAX_VALUE;
        ParameterFolder.read(file, "m", shape, -most, most, into.firstMoments(s));
        ParameterFolder.read(file, "v", shape, 0, most, into.secondMoments(s));
      } else {
        java.util.Arrays.fill(into.firstMoments(s), 0);
        java.util.Arrays.fill(into.secondMoments(s), 0);
      }
    }
    into.plasticitySteps(manifest.plasticitySteps());
  }

  private static Manifest manifestIn(Path folder) {
    Path file = folder.resolve(MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw CsdpException.badInput("%s is not a checkpoint: it has no %s", folder, MANIFEST);
    }
    JsonNode tree = Json.tree(file);
    JsonNode format = tree instanceof ObjectNode o ? o.get("format") : null;
    if (format != null && format.isInt() && format.intValue() != FORMAT) {
      throw CsdpException.badInput(
          "%s is a checkpoint of format %d, this csdp4j reads format %d; use the csdp4j that wrote"
              + " it",
          folder, format.intValue(), FORMAT);
    }
    Manifest manifest = Json.value(tree, Manifest.class, file);
    if (!manifest.signed().check().equals(manifest.check())) {
      throw damaged(file);
    }
    return manifest;
  }

  private static Manifest verify(Path folder, NetworkSpec spec) {
    Manifest manifest = manifestIn(folder);
    requireFit(folder, manifest, spec);
    List<String> files = new ArrayList<>(ParameterFolder.files(spec));
    if (manifest.moments()) {
      spec.synapses().forEach(s -> files.add(adam(s)));
    }
    files.forEach(file -> verify(folder, manifest, file));
    return manifest;
  }

  private static void requireFit(Path folder, Manifest manifest, NetworkSpec spec) {
    if (!spec.toString().equals(manifest.network())) {
      throw CsdpException.badInput(
          "%s holds a network %s; expected %s", folder, manifest.network(), spec);
    }
  }

  private static void verify(Path folder, Manifest manifest, String name) {
    Path file = folder.resolve(name);
    FileSum sum = manifest.files().get(name);
    if (sum == null || !Files.isRegularFile(file)) {
      throw CsdpException.badInput(
          "checkpoint %s is incomplete: %s is missing; go back to another checkpoint",
          folder, name);
    }
    CRC32 crc = new CRC32();
    long bytes = 0;
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 18];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        crc.update(buffer, 0, n);
        bytes += n;
      }
    } catch (IOException e) {
      throw Disk.unreadable(file, e);
    }
    if (bytes != sum.bytes() || !hex(crc.getValue()).equals(sum.crc32())) {
      throw damaged(file);
    }
  }

  private static CsdpException damaged(Path file) {
    return CsdpException.badInput(
        "checkpoint file %s is damaged (its checksum is wrong); go back to another checkpoint",
        file);
  }

  private static String adam(Synapse s) {
    return "adam/" + s.name() + ".npz";
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  private static String hex(long crc) {
    return String.format(Locale.ROOT, "%08x", crc);
  }

  /** A new file that adds its size and checksum to the manifest when closed. */
  private static final class SummedFile extends CheckedOutputStream {
    private final Path file;
    private final String name;
    private final Map<String, FileSum> sums;

    SummedFile(Path folder, String name, Map<String, FileSum> sums) throws IOException {
      super(Files.newOutputStream(folder.resolve(name)), new CRC32());
      this.file = folder.resolve(name);
      this.name = name;
      this.sums = sums;
    }

    @Override
    public void close() throws IOException {
      super.close();
      sums.put(name, new FileSum(Files.size(file), hex(getChecksum().getValue())));
    }
  }
}
