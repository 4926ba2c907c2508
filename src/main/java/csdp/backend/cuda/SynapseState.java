package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.model.Parameters;
import csdp.model.Synapse;

/**
 * A synapse on the device: weights and Adam's moments, pre x post, row-major and {@link Padding
 * padded}; and the last step of the window that was applied to each segment of a row.
 */
record SynapseState(Synapse synapse, Floats weights, Floats first, Floats second, Ints done) {
  static SynapseState allocate(DeviceMemory memory, Synapse s) {
    long size = (long) s.pre().units() * Padding.stride(s.post().units());
    return new SynapseState(
        s,
        memory.floats("weights of " + s.name(), size),
        memory.floats("first moments of " + s.name(), size),
        memory.floats("second moments of " + s.name(), size),
        memory.ints(
            "steps of " + s.name(), (long) s.pre().units() * Kernels.segments(s.post().units())));
  }

  void upload(Parameters from) {
    Padding.upload(weights, from.weights(synapse), units(), 0);
    Padding.upload(first, from.firstMoments(synapse), units(), 0);
    Padding.upload(second, from.secondMoments(synapse), units(), 0);
  }

  void download(Parameters into) {
    Padding.download(weights, into.weights(synapse), units());
    Padding.download(first, into.firstMoments(synapse), units());
    Padding.download(second, into.secondMoments(synapse), units());
  }

  private int units() {
    return synapse.post().units();
  }
}
