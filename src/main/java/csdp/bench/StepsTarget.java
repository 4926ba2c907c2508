package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.model.NetworkSpec;

/** Any backend: whole steps only. */
final class StepsTarget extends Target {
  private final Device device;
  private final int threads;

  /**
   * Uses a device.
   *
   * @param threads CPU threads, 0 for one per core
   */
  StepsTarget(Device device, int threads) {
    this.device = device;
    this.threads = threads;
  }

  @Override
  String name() {
    return device.name();
  }

  @Override
  public Backend open(NetworkSpec spec) {
    return device.open(spec, threads);
  }
}
