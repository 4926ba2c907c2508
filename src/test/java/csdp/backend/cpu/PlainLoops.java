package csdp.backend.cpu;

import csdp.model.NetworkSpec;

/** The CPU backend as it is where the Vector API's module is not there. */
public final class PlainLoops {
  private PlainLoops() {}

  /** Opens one. */
  public static CpuBackend open(NetworkSpec spec, int threads) {
    return new CpuBackend(spec, threads, new PlainRowMath());
  }
}
