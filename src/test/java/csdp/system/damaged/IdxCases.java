package csdp.system.damaged;

import static csdp.data.TestData.idx;
import static csdp.data.TestData.idxLabels;
import static csdp.system.damaged.Damages.put;
import static csdp.system.damaged.Damages.set;
import static csdp.system.damaged.GoodInputs.EVALUATE;
import static csdp.system.damaged.GoodInputs.TRAIN_IDX;

import csdp.system.Folders;
import java.io.IOException;
import java.nio.file.Files;

/** IDX files. */
final class IdxCases {
  private IdxCases() {}

  static void add(Cases c) throws IOException {
    c.command = TRAIN_IDX;
    for (String name : Folders.names(c.good.resolve("data"))) {
      String file = "data/" + name;
      c.truncated(file, 4);
      c.bytes(file, "with a byte too many", Damages::longer);
      c.flipped(file, 0, 4, 2);
      boolean images = name.contains("images");
      for (int d = 0; d < (images ? 3 : 1); d++) {
        for (int size : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 7_777}) {
          int at = 4 + 4 * d;
          c.bytes(file, "size " + d + " is " + size, b -> put(b, at, size));
        }
      }
      c.missing(file);
    }
    c.bytes("data/train-labels-idx1-ubyte", "one label short", b -> idxLabels(13, 3));
    c.bytes("data/train-labels-idx1-ubyte", "one class only", b -> idx(new byte[14], 14));
    c.bytes(
        "data/train-images-idx3-ubyte",
        "too many pixels",
        b -> idx(new byte[14 * 201 * 200], 14, 201, 200));
    c.add(
        "IDX and .npy in one folder",
        f -> Files.copy(f.resolve("npy/trainX.npy"), f.resolve("data/trainX.npy")));
    c.command = TRAIN_IDX.replace("--valid 3", "--valid 14");
    c.add("no training image left", f -> {});
    c.command = EVALUATE;
    c.bytes(
        "data/t10k-labels-idx1-ubyte", "a label beyond the model's classes", b -> set(b, 8 + 5, 3));
    c.bytes(
        "data/t10k-images-idx3-ubyte",
        "of another size than the model's",
        b -> idx(new byte[6 * 25], 6, 5, 5));
  }
}
