package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.model.Population;

/**
 * State of a population on the device, for batches up to a maximum size: the fields of {@code
 * Population} in {@code kernels/network.cuh}. Fields that a role does not use are null.
 */
final class PopulationState {
  final Population p;
  final int stride;
  final int stepMask; // spikes of a step are kept at step & stepMask
  final Ints spikes;
  final Ints list;
  final Ints count;
  final Ints total;
  final Bytes samples; // two bytes each
  final Floats columns;
  final Floats current;
  final Floats membrane;
  final Floats threshold;
  final Bytes last; // two bytes each
  final Floats readOut;
  final Floats error;
  final Floats goodness;
  final Floats modulator;
  final Ints lastStepCounts;
  final Ints ever;
  final Ints live;
  final Bytes slot; // two bytes each
  final Ints liveCount;
  final Ints pairs;
  final Ints pairCounts;

  /**
   * Its buffers are freed with their memory.
   *
   * @param presynaptic true if it is presynaptic to any synapse
   * @param currents true if its currents are computed externally
   */
  PopulationState(
      DeviceMemory memory, Population p, int n, int steps, boolean presynaptic, boolean currents) {
    this.p = p;
    this.stride = Padding.stride(p.units());
    this.stepMask =
        switch (p.role()) {
          case INPUT -> -1;
          case HIDDEN, HEAD, RECONSTRUCTION -> 1;
          case CONTEXT -> 0;
        };
    int kept = (stepMask < 0 ? steps : stepMask) + 1;
    String of = " of " + p.name();
    long size = (long) n * stride;
    boolean hidden = p.hasGoodness();
    boolean integrates = p.integrates();
    boolean hasError = integrates && !hidden;
    spikes = memory.ints("spikes" + of, size / Padding.WORD * kept);
    list = p.drawnFromImage() ? null : memory.ints("spike lists" + of, 2 * size);
    count = memory.ints("spike counts" + of, 2L * n);
    total = memory.ints("spike totals" + of, n);
    samples = presynaptic ? memory.bytes("samples" + of, 4L * stride * n) : null;
    columns = presynaptic ? memory.floats("spike sums" + of, (steps + 1L) * stride) : null;
    current = integrates && currents ? memory.floats("currents" + of, size) : null;
    membrane = integrates ? memory.floats("membranes" + of, size) : null;
    threshold = p.adaptive() ? memory.floats("thresholds" + of, size) : null;
    last = integrates ? memory.bytes("last spikes" + of, 2 * size) : null;
    readOut = integrates ? memory.floats("read-out" + of, size) : null;
    error = hasError ? memory.floats("errors" + of, size) : null;
    goodness = hidden ? memory.floats("goodness" + of, n) : null;
    modulator = hidden ? memory.floats("modulation" + of, n) : null;
    lastStepCounts = hidden ? memory.ints("ages" + of, n * (steps + 1L)) : null;
    ever = hidden ? memory.ints("units with a trace" + of, size / Padding.WORD) : null;
    live = hidden ? memory.ints("traces" + of, 2 * size) : null;
    slot = hidden ? memory.bytes("places of traces" + of, 2L * size) : null;
    liveCount =
        hidden ? memory.ints("trace counts" + of, (long) n * Kernels.segments(p.units())) : null;
    int pairCount = p.drawnFromImage() ? Kernels.pairs(n) : 0;
    long chunks = pairCount * (long) Kernels.chunks(p.units());
    pairs = pairCount > 0 ? memory.ints("spikes of pairs" + of, chunks * Kernels.CHUNK) : null;
    pairCounts = pairCount > 0 ? memory.ints("spike counts of pairs" + of, chunks) : null;
  }

  /** Returns the spikes of a stored step, N x units bytes. */
  byte[] spikes(int step, int n) {
    int words = stride / Padding.WORD;
    int first = (step & stepMask) * n; // of the samples
    int[] kept = spikes.download(new int[(first + n) * words]);
    byte[] dense = new byte[n * p.units()];
    for (int k = 0; k < dense.length; k++) {
      int i = k % p.units();
      int word = kept[(first + k / p.units()) * words + i / Padding.WORD];
      dense[k] = (byte) (word >>> i % Padding.WORD & 1);
    }
    return dense;
  }

  /** Returns the number of spikes of each sample in this or the previous step. */
  int[] counts(int step, int n) {
    int[] both = count.download(new int[2 * n]);
    return java.util.Arrays.copyOfRange(both, (step & 1) * n, (step & 1) * n + n);
  }

  /** Returns the traces of a step, N x units. */
  float[] traces(int step, int n, float[] powers) {
    byte[] steps = last.download(new byte[2 * n * stride]);
    float[] z = new float[n * p.units()];
    for (int k = 0; k < z.length; k++) {
      int at = 2 * (k / p.units() * stride + k % p.units());
      int spike = (steps[at] & 0xFF) | (steps[at + 1] & 0xFF) << 8;
      z[k] = spike == 0 ? 0 : powers[step - spike];
    }
    return z;
  }
}
