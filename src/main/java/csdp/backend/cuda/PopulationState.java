package csdp.backend.cuda;

import csdp.backend.cuda.DeviceBuffer.Bytes;
import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.backend.cuda.DeviceBuffer.Ints;
import csdp.model.Population;
import csdp.model.Population.Role;

/**
 * State of a population on the device, for batches of up to so many samples: N x units, row-major.
 * What a role does not have is null.
 */
final class PopulationState {
  final Population p;
  final int units;

  /** Spikes of even and of odd steps: one holds t, the other t-1. */
  private final SpikeBuffers[] spikes = new SpikeBuffers[2];

  final Ints total; // N: spikes over the window
  final Floats current; // j
  final Floats membrane; // v
  final Floats threshold; // thr, as of the start of this step: the move is still to come
  final Floats trace; // z
  final Floats readOut; // N x units: spikes over the window; traces of the reconstruction
  final Floats error; // e of head and reconstruction
  final Ints lastSpike; // step of each unit's last spike, 0 for none (hidden layers)
  final Ints alive; // N x (T+1): units by the step of their last spike
  final Floats goodness; // G, N
  final Floats factor; // d = factor x z, N

  /** The spikes of one step, in three forms; see {@code kernels/common.cuh}. */
  record SpikeBuffers(
      Bytes dense, Ints list, Ints count, Ints samples, Ints sampleCount, Ints positiveCount) {
    /** Nothing spiked. */
    void clear() {
      dense.clear();
      count.clear();
      sampleCount.clear();
      positiveCount.clear();
    }
  }

  /** Its buffers are freed with the memory that they come from. */
  PopulationState(DeviceMemory memory, Population p, int samples, int steps) {
    this.p = p;
    this.units = p.units();
    int size = Math.multiplyExact(samples, units);
    boolean hidden = p.role() == Role.HIDDEN;
    for (int parity = 0; parity < 2; parity++) {
      spikes[parity] =
          new SpikeBuffers(
              memory.bytes("spikes of " + p.name(), size),
              memory.ints("spike lists of " + p.name(), size),
              memory.ints("spike counts of " + p.name(), samples),
              memory.ints("sample lists of " + p.name(), size),
              memory.ints("sample counts of " + p.name(), units),
              memory.ints("positive counts of " + p.name(), units));
    }
    total = memory.ints("spike totals of " + p.name(), samples);
    boolean dynamic = p.integrates();
    current = dynamic ? memory.floats("currents of " + p.name(), size) : null;
    membrane = dynamic ? memory.floats("membranes of " + p.name(), size) : null;
    threshold = dynamic ? memory.floats("thresholds of " + p.name(), size) : null;
    trace = dynamic ? memory.floats("traces of " + p.name(), size) : null;
    readOut = dynamic ? memory.floats("read-out of " + p.name(), size) : null;
    error = dynamic && !hidden ? memory.floats("errors of " + p.name(), size) : null;
    lastSpike = hidden ? memory.ints("last spikes of " + p.name(), size) : null;
    alive = hidden ? memory.ints("ages of " + p.name(), samples * (steps + 1)) : null;
    goodness = hidden ? memory.floats("goodness of " + p.name(), samples) : null;
    factor = hidden ? memory.floats("modulation of " + p.name(), samples) : null;
  }

  /** Spikes of a step. Those of the step after the next take their place. */
  SpikeBuffers spikes(int step) {
    return spikes[step & 1];
  }

  /** Start of a batch: no spikes, all sums zero. Membranes, thresholds and traces: Kernels.rest. */
  void clear() {
    spikes(0).clear();
    total.clear();
    if (readOut != null) {
      readOut.clear();
    }
    if (error != null) {
      error.clear();
    }
    if (lastSpike != null) {
      lastSpike.clear();
      alive.clear();
    }
  }
}
