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
 * The way to CUDA devices. Only what is behind {@link #survey} and {@link #open} touches JCuda, and
 * only where a driver's library was found: elsewhere not one of its classes is loaded.
 */
public final class Cuda {
  /**
   * How kernels are launched.
   *
   * @param products who computes spikes x weights
   * @param syncLaunches whether every launch is waited for, so that a failure is reported with its
   *     own kernel; slow, for debugging
   */
  public record Options(Products products, boolean syncLaunches) {
    /** Own kernels, not waited for. */
    public static final Options DEFAULT = new Options(Products.KERNELS, false);
  }

  /** Who computes the products of spikes and weights. */
  public enum Products {
    /** Own kernels, which follow the spikes. */
    KERNELS,
    /** cuBLAS, dense: the baseline of the benchmark. */
    CUBLAS
  }

  private static CudaSurvey survey;

  private Cuda() {}

  /** What the driver of this machine offers; asked once. Never fails. */
  public static synchronized CudaSurvey survey() {
    if (survey == null) {
      survey = ask(System.getenv(), Path.of("/"));
    }
    return survey;
  }

  /**
   * Asks the driver that is found below a root.
   *
   * @param env the environment, whose variables name more folders
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
      // JCuda's library names the driver's without a folder. Once that is loaded, nobody looks for
      // it:
      // so it may be in a folder where the loader would not look.
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

  /** The devices in a line, or why there are none. */
  public static String whatThereIs(CudaSurvey s) {
    return s.gpus().isEmpty()
        ? s.problem()
        : "this machine has "
            + String.join("; ", s.gpus().stream().map(CudaSurvey.Gpu::toString).toList());
  }

  /**
   * Whether kernels can be had for a device without its driver's consent: why the PTX in the
   * classes is refused, or which it is.
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
