package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.reference.ReferenceBackend;
import csdp.model.NetworkSpec;

/** The reference backend: whole steps only. */
public final class ReferenceTarget extends Target {
  @Override
  String name() {
    return "reference";
  }

  @Override
  public Backend open(NetworkSpec spec) {
    return new ReferenceBackend(spec);
  }
}
