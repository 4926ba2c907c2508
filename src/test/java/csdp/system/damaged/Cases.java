package csdp.system.damaged;

import static csdp.system.damaged.Damages.flip;
import static csdp.system.damaged.GoodInputs.SEED;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import csdp.error.CsdpException;
import csdp.io.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Collects damaged inputs. Places of cuts and flips are drawn from one seed, in the order of the
 * cases.
 */
final class Cases {
  /** Changes the input in a folder. */
  @FunctionalInterface
  interface Damage {
    void to(Path folder) throws Exception;
  }

  /** A damage, the command that reads the input, and its exit code. */
  record Case(String what, String command, int exitCode, Damage damage) {}

  final Path good;
  final List<Case> all = new ArrayList<>();
  final Random random = new Random(SEED + 1);

  /** The command of the cases that are added next. */
  String command;

  Cases(Path good) {
    this.good = good;
  }

  int size(String file) throws IOException {
    return (int) Files.size(good.resolve(file));
  }

  String parameters(String file) throws IOException {
    return GoodInputs.parameters(good, file);
  }

  /** Adds a case that is refused as bad input. */
  void add(String what, Damage damage) {
    add(what, CsdpException.USAGE, damage);
  }

  void add(String what, int exitCode, Damage damage) {
    all.add(new Case(what, command, exitCode, damage));
  }

  /** A file with other bytes. */
  void bytes(String file, String how, UnaryOperator<byte[]> change) {
    add(file + " " + how, folder -> edit(folder.resolve(file), change));
  }

  /** A file cut at places drawn from the seed, never whole. */
  void truncated(String file, int times) throws IOException {
    int length = size(file);
    Set<Integer> cuts = new HashSet<>();
    while (cuts.size() < Math.min(times, length - 1)) {
      int cut = 1 + random.nextInt(length - 1);
      if (cuts.add(cut)) {
        bytes(file, "cut after " + cut + " of " + length, b -> Arrays.copyOf(b, cut));
      }
    }
    bytes(file, "empty", b -> new byte[0]);
  }

  /** Flipped bits in a part of a file where every bit counts. */
  void flipped(String file, int from, int to, int times) {
    for (int k = 0; k < times; k++) {
      int at = from + random.nextInt(to - from);
      int bit = random.nextInt(8);
      bytes(file, "bit " + bit + " of byte " + at + " flipped (" + k + ")", b -> flip(b, at, bit));
    }
  }

  void text(String file, String how, String regex, String replacement) {
    add(
        file + " " + how,
        folder -> {
          Path path = folder.resolve(file);
          String before = Files.readString(path);
          String after = before.replaceFirst(regex, replacement);
          assertNotEquals(before, after, regex + " is not in " + before);
          Files.writeString(path, after);
        });
  }

  void content(String file, String how, String content) {
    add(file + " " + how, folder -> Files.writeString(folder.resolve(file), content));
  }

  void missing(String... files) {
    for (String file : files) {
      add(file + " missing", folder -> Files.delete(folder.resolve(file)));
    }
  }

  /** A folder in place of a file. */
  void folder(String file) {
    add(
        file + " a folder",
        f -> {
          Files.delete(f.resolve(file));
          Files.createDirectory(f.resolve(file));
        });
  }

  void npy(String file, String how, int[] shape, Object data) {
    add(file + " " + how, folder -> Npy.write(folder.resolve(file), shape, data));
  }

  /** An array of an .npz in place of another; of a checkpoint, with its checksums mended. */
  void npz(String file, String how, String array, int[] shape, Object data) {
    add(
        file + " " + how,
        folder -> NpzCases.replaceArray(folder.resolve(file), array, shape, data));
  }

  static void edit(Path file, UnaryOperator<byte[]> change) throws IOException {
    byte[] before = Files.readAllBytes(file);
    byte[] after = change.apply(before.clone());
    assertFalse(Arrays.equals(before, after), "nothing was damaged");
    Files.write(file, after);
  }
}
