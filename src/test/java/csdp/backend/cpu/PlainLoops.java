package csdp.backend.cpu;

import csdp.model.NetworkSpec;

/** The CPU backend without the Vector API. */
public final class PlainLoops {
  private PlainLoops() {}

  /** Opens one. */
  public static CpuBackend open(NetworkSpec spec, int threads) {
    return new CpuBackend(spec, threads, new PlainRowMath());
  }
}
