package csdp.checkpoint;

import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.List;

/** Small networks for the tests of this package. */
final class Networks {
  private Networks() {}

  static NetworkSpec spec(boolean supervised, boolean reconstruction, int... hidden) {
    return NetworkSpec.builder(6, 3)
        .hidden(hidden)
        .supervised(supervised)
        .reconstruction(reconstruction)
        .build();
  }

  static List<NetworkSpec> kinds() {
    List<NetworkSpec> all = new ArrayList<>();
    for (int[] hidden : new int[][] {{5}, {5, 4}, {5, 4, 7}, {2, 3, 4, 5}}) {
      for (boolean supervised : new boolean[] {true, false}) {
        for (boolean reconstruction : new boolean[] {true, false}) {
          all.add(spec(supervised, reconstruction, hidden));
        }
      }
    }
    return all;
  }

  /** Parameters in which every array differs from every other. */
  static Parameters parameters(NetworkSpec spec, int seed) {
    Parameters p = Parameters.random(spec, seed);
    Parameters m = Parameters.random(spec, seed + 1);
    for (Synapse s : spec.synapses()) {
      for (int i = 0; i < s.size(); i++) {
        p.firstMoments(s)[i] = m.weights(s)[i];
        p.secondMoments(s)[i] = m.weights(s)[i] * m.weights(s)[i];
      }
    }
    p.weights(spec.synapses().get(0))[0] = -0f;
    p.weights(spec.synapses().get(0))[1] = Float.MIN_VALUE;
    p.plasticitySteps(1_234_567_890_123L);
    return p;
  }
}
