package csdp.backend.cuda;

import csdp.backend.Backend;
import csdp.backend.cuda.device.DenseProducts;
import csdp.backend.cuda.device.GpuDevice;
import csdp.backend.cuda.device.JCudaDevice;
import csdp.backend.cuda.driver.CudaSurvey;
import csdp.backend.cuda.driver.DriverLibrary;
import csdp.backend.cuda.driver.JCudaNatives;
import csdp.backend.cuda.driver.JCudaQuery;
import csdp.backend.cuda.ptx.Ptx;
import csdp.error.CsdpException;
import csdp.model.NetworkSpec;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Entry point to CUDA devices. JCuda classes are loaded only by {@link #survey} and {@link #open},
 * and only if a driver's library was found.
 */
public final class Cuda {
  /**
   * Launch options.
   *
   * @param products implementation of spikes x weights
   * @param syncLaunches whether to synchronise after each launch, so that an error is reported with
   *     its kernel; slow, for debugging
   */
  public record Options(Products products, boolean syncLaunches) {
    /** Own kernels, asynchronous launches. */
    public static final Options DEFAULT = new Options(Products.KERNELS, false);
  }

  /** Implementation of the products of spikes and weights. */
  public enum Products {
    /** Own sparse kernels. */
    KERNELS,
    /** cuBLAS, dense: the baseline of the benchmark. */
    CUBLAS
  }

  private static CudaSurvey survey;

  private Cuda() {}

  /** Returns the driver and devices of this machine; queried once. Never fails. */
  public static synchronized CudaSurvey survey() {
    if (survey == null) {
      survey = ask(System.getenv(), Path.of("/"));
    }
    return survey;
  }

  /**
   * Queries the driver found below a root.
   *
   * @param env the environment, whose variables name further folders
   */
  public static CudaSurvey ask(Map<String, String> env, Path root) {
    String os = System.getProperty("os.name");
    boolean windows = os.toLowerCase(Locale.ROOT).startsWith("windows");
    if (!JCudaNatives.platform()) {
      return CudaSurvey.none(
          "JCuda is made for Linux and Windows on x86_64, not for "
              + (os + " on " + System.getProperty("os.arch")));
    }
    Optional<Path> driver = DriverLibrary.cuda(env, root, windows);
    if (driver.isEmpty()) {
      return CudaSurvey.none(
          "no NVIDIA driver is installed (no libcuda): install one to use a GPU");
    }
    try {
      // JCuda's library refers to the driver's by name only. Once loaded, it is not searched for:
      // so it may be in a folder outside the loader's path.
      System.load(driver.get().toAbsolutePath().toString());
      JCudaNatives.load("JCudaDriver", "jcuda.driver.JCudaDriver");
      return JCudaQuery.survey();
    } catch (CsdpException | LinkageError e) {
      return CudaSurvey.broken(
          null,
          String.format(
              Locale.ROOT,
              "the NVIDIA driver at %s cannot be used (%s): reinstall or update it",
              driver.get(),
              e.getMessage()));
    }
  }

  /**
   * Opens a backend on a device.
   *
   * @param index one that {@link #survey} lists
   */
  public static Backend open(NetworkSpec spec, int index, Options options) {
    GpuDevice device = device(index, options.syncLaunches());
    if (options.products() == Products.KERNELS) {
      return new CudaBackend(spec, device);
    }
    DenseProducts products;
    try {
      products = device.cublas();
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
    return new CudaBackend(spec, device, products);
  }

  /** Opens a device that {@link #survey} lists. */
  public static GpuDevice device(int index, boolean syncLaunches) {
    if (survey().gpus().stream().noneMatch(g -> g.index() == index)) {
      throw CsdpException.environment("no CUDA device %d: %s", index, whatThereIs(survey()));
    }
    return JCudaDevice.open(survey(), index, syncLaunches);
  }

  /** Returns the devices in one line, or the reason why there are none. */
  public static String whatThereIs(CudaSurvey s) {
    return s.gpus().isEmpty()
        ? s.problem()
        : "this machine has "
            + String.join("; ", s.gpus().stream().map(CudaSurvey.Gpu::toString).toList());
  }

  /**
   * Returns the state of the shipped PTX, without asking a driver: its description, or the reason
   * why it is refused.
   *
   * @return {@code ok} lines start with "ok"
   */
  public static String ptxState() {
    var refusals = new java.util.ArrayList<String>();
    return Ptx.forDevice(Ptx.TARGETS.get(0), refusals)
        .map(p -> "ok: compute_" + Ptx.TARGETS.get(0) + ", made by nvcc " + p.compiler())
        .orElseGet(() -> String.join("; ", refusals));
  }
}
