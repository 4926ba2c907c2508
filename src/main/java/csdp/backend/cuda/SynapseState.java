package csdp.backend.cuda;

import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.model.Parameters;
import csdp.model.Synapse;

/** Weights and Adam's moments of a synapse on the device: pre x post, row-major. */
record SynapseState(Synapse synapse, Floats weights, Floats first, Floats second) {
  SynapseState(DeviceMemory memory, Synapse s) {
    this(
        s,
        memory.floats("weights of " + s.name(), s.size()),
        memory.floats("first moments of " + s.name(), s.size()),
        memory.floats("second moments of " + s.name(), s.size()));
  }

  void upload(Parameters from) {
    weights.upload(from.weights(synapse));
    first.upload(from.firstMoments(synapse));
    second.upload(from.secondMoments(synapse));
  }

  void download(Parameters into) {
    weights.download(into.weights(synapse));
    first.download(into.firstMoments(synapse));
    second.download(into.secondMoments(synapse));
  }

  int rows() {
    return synapse.pre().units();
  }

  int cols() {
    return synapse.post().units();
  }
}
