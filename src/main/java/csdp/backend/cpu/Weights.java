package csdp.backend.cpu;

import csdp.model.Constants;
import csdp.model.Synapse;

/** Tiled weights and moments of a synapse: pre rows, tiles of post columns. */
final class Weights {
  final Synapse synapse;
  final Layer pre;
  final Layer post;
  final float[] w;
  final float[] m;
  final float[] v;
  final RowMath.Rule rule;

  Weights(Synapse synapse, Layer pre, Layer post, Constants c) {
    this.synapse = synapse;
    this.pre = pre;
    this.post = post;
    int size = post.tiling.size(synapse.pre().units());
    w = new float[size];
    m = new float[size];
    v = new float[size];
    rule = new RowMath.Rule(c.weightDecay(), synapse.lower(), synapse.upper());
    post.incoming.add(this);
  }

  /** The presynaptic spikes that act in this step. */
  Spikes acting() {
    return post.p.fedByNewSpikes() ? pre.spikes : pre.previous;
  }
}
