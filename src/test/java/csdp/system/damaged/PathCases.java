package csdp.system.damaged;

import static csdp.system.damaged.GoodInputs.EVALUATE;
import static csdp.system.damaged.GoodInputs.PREDICT;
import static csdp.system.damaged.GoodInputs.TRAIN_IDX;
import static csdp.system.damaged.GoodInputs.TRAIN_NPY;

import csdp.error.CsdpException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Paths and settings that cannot be, and pipes in place of files. */
final class PathCases {
  private PathCases() {}

  static void add(Cases c) {
    for (String command :
        List.of(
            "evaluate --model @/nothing",
            "evaluate --model @/data",
            "evaluate --model @/x.png",
            "evaluate --model @/run --data @/nothing",
            "evaluate --model @/run --data @/run",
            "evaluate --model @/run --data a\0b",
            "evaluate --model @/run --test-x @/data --test-y @/data",
            "predict --model @/run @/nothing.png",
            "predict --model @/run @/data",
            "predict --model @/run @/run/config.json",
            "export --model @/ngc --to @/run",
            "replay @/nothing.npz",
            "replay @/data",
            "train --resume --out @/data",
            "train --out @/run --valid 3 --data @/data",
            "train --out @/new --valid 3 --data @/data --threads 0 --device cpu",
            "train --out @/new --valid 3 --data @/data --hidden 40001 --device cpu",
            "train --out @/new --valid 3 --data @/data --learning-rate NaN --device cpu")) {
      c.command = command;
      c.add("good files, a command that cannot be: " + command.replace('\0', '?'), f -> {});
    }
    c.command = TRAIN_IDX.replace("@/out", "@/x.png");
    c.add(
        "good files, a file where the run's folder should be", CsdpException.ENVIRONMENT, f -> {});
    if (Files.isExecutable(Path.of("/usr/bin/mkfifo"))) { // a reader that waits would hang
      for (String file :
          List.of("run/config.json", "npy/trainX.npy", "data/train-labels-idx1-ubyte", "x.png")) {
        c.command =
            file.startsWith("run")
                ? EVALUATE
                : file.startsWith("npy")
                    ? TRAIN_NPY
                    : file.startsWith("data") ? TRAIN_IDX : PREDICT + "x.png";
        c.add(
            file + " a pipe",
            f -> {
              Files.delete(f.resolve(file));
              new ProcessBuilder("/usr/bin/mkfifo", f.resolve(file).toString()).start().waitFor();
            });
      }
    }
  }
}
