package csdp.backend.cuda.ptx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Called by the build: compiles the kernels to PTX if nvcc is available. Otherwise the PTX of the
 * sources is used, if it fits the kernels.
 */
public final class PtxBuild {
  private static final String STALE =
      "warning: the kernels have changed since their PTX was shipped";

  private PtxBuild() {}

  /**
   * Writes {@code compute_NN.ptx}.
   *
   * @param args folder to write to; a second argument {@code --ship} makes failure an error
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    boolean ship = args.length > 1 && args[1].equals("--ship");
    Optional<Nvcc> nvcc = Nvcc.find();
    KernelSources sources = KernelSources.device();
    for (int target : Ptx.TARGETS) {
      Path file = folder.resolve("compute_" + target + ".ptx");
      boolean shippedFits =
          Ptx.shipped(target).filter(p -> p.refusal(sources, target).isEmpty()).isPresent();
      if (nvcc.isEmpty()) {
        if (ship) {
          throw new IOException("no nvcc on the PATH: install the CUDA toolkit");
        }
        if (!shippedFits) {
          System.err.println(
              STALE
                  + ", and there is no nvcc to compile them: CUDA devices cannot be used"
                  + " (scripts/ship_ptx.sh mends it)");
        }
        continue;
      }
      if (!shippedFits && !ship) {
        System.err.println(STALE + ": run scripts/ship_ptx.sh");
      }
      if (Files.exists(file)) {
        Ptx there = Ptx.parse(Files.readString(file));
        if (there.refusal(sources, target).isEmpty()
            && there.compiler().equals(nvcc.get().version())) {
          continue;
        }
      }
      try {
        Ptx built = Ptx.compile(nvcc.get(), target);
        Files.createDirectories(folder);
        Files.writeString(file, built.text());
        System.out.printf(
            Locale.ROOT,
            "kernels compiled to PTX for compute_%d by nvcc %s%n",
            target,
            nvcc.get().version());
      } catch (IOException e) {
        Files.deleteIfExists(file);
        if (ship || !shippedFits) {
          throw e;
        }
        System.err.println("warning: the shipped PTX is used: " + e.getMessage());
      }
    }
  }
}
