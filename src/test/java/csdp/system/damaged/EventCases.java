package csdp.system.damaged;

import static csdp.system.damaged.Damages.set;
import static csdp.system.damaged.GoodInputs.PIXELS;
import static csdp.system.damaged.GoodInputs.TRAIN_BITS;
import static csdp.system.damaged.GoodInputs.TRAIN_NMNIST;
import static csdp.system.damaged.GoodInputs.TRAIN_SHD;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** Recorded spikes: N-MNIST, SHD and packed .npy files. */
final class EventCases {
  private EventCases() {}

  static void add(Cases c) throws IOException {
    c.command = TRAIN_NMNIST;
    String file = firstRecording(c.good);
    c.content(file, "empty", "");
    c.content(file, "a text", "hello, world, here are no events");
    c.bytes(file, "cut in an event", b -> Arrays.copyOf(b, 12));
    c.bytes(file, "with an event beside the camera", b -> set(b, 5, 34));
    c.bytes(file, "with an event below the camera", b -> set(b, 6, 200));

    c.command = TRAIN_SHD;
    file = "shd/shd_train.h5";
    c.truncated(file, 10);
    c.flipped(file, 0, 8, 3); // signature
    c.flipped(file, 8, 48, 4); // superblock: it has a checksum
    c.bytes(file, "zeros in its second half", b -> zeroed(b, b.length / 2));
    c.bytes(file, "without the first heap", b -> set(b, 48, 0));
    for (int part = 2; part < 4; part++) { // the size of the first heap: 8 MB, 2 GB
      int at = 56 + part;
      c.bytes(file, "with byte " + at + " of a heap's size 127", b -> set(b, at, 127));
    }
    c.bytes(file, "with times that are negative", b -> set(b, 81, 0xBC));
    c.bytes(file, "with times that are not numbers", b -> set(set(b, 81, 0x7E), 80, 1));
    c.missing(file);

    c.command = TRAIN_BITS;
    file = "bits/trainBits.npy";
    c.truncated(file, 5);
    c.flipped(file, 0, 8, 3);
    c.bytes(file, "a byte longer", b -> Arrays.copyOf(b, b.length + 1));
    c.npy(file, "of floats", new int[] {14, 3, PIXELS}, new float[14 * 3 * PIXELS]);
    c.npy(file, "of two dimensions", new int[] {14, PIXELS}, new byte[14 * PIXELS]);
    c.npy(file, "without recordings", new int[] {0, 3, PIXELS}, new byte[0]);
    c.npy(file, "of other steps", new int[] {14, 4, PIXELS}, new byte[14 * 4 * PIXELS]);
    c.npy(file, "of another number", new int[] {13, 3, PIXELS}, new byte[13 * 3 * PIXELS]);
    c.missing("bits/trainY.npy");
  }

  private static String firstRecording(Path good) throws IOException {
    try (Stream<Path> all = Files.walk(good.resolve("nmnist/Train"))) {
      Path first = all.filter(Files::isRegularFile).sorted().findFirst().orElseThrow();
      return good.relativize(first).toString();
    }
  }

  private static byte[] zeroed(byte[] bytes, int from) {
    Arrays.fill(bytes, from, bytes.length, (byte) 0);
    return bytes;
  }
}
