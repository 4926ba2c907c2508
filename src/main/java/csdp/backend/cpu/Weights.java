package csdp.backend.cpu;

import csdp.model.Constants;
import csdp.model.Synapse;
import java.util.Arrays;

/** Tiled weights and moments of a synapse: pre rows, tiles of post columns. */
final class Weights {
  final Synapse synapse;
  final Layer pre;
  final Layer post;
  final float[] w;
  final float[] m;
  final float[] v;
  final RowMath.Rule rule;
  private final int[] done; // last step of the window that each row has been taken through

  Weights(Synapse synapse, Layer pre, Layer post, Constants c) {
    this.synapse = synapse;
    this.pre = pre;
    this.post = post;
    int size = post.tiling.size(synapse.pre().units());
    w = new float[size];
    m = new float[size];
    v = new float[size];
    done = new int[synapse.pre().units()];
    rule = new RowMath.Rule(c.weightDecay(), synapse.lower(), synapse.upper(), c.steps());
    post.incoming.add(this);
  }

  /** The presynaptic spikes that act in this step. */
  Spikes acting() {
    return post.p.fedByNewSpikes() ? pre.spikes : pre.previous;
  }

  /** Before a window. */
  void begin() {
    Arrays.fill(done, 0);
  }

  /**
   * Adam, decay and clip of a row in this step, after those that it was left out of.
   *
   * @param gradient of the row, padded units
   * @param alone postsynaptic spikes without a presynaptic one; null where errors are learnt from
   * @return whether all values were finite
   */
  boolean update(RowMath math, int row, int step, float[] gradient, float[] alone) {
    Tiling tiling = post.tiling;
    boolean finite = true;
    for (int t = 0; t < tiling.tiles; t++) {
      int width = tiling.width(t);
      int at = tiling.base(t, synapse.pre().units()) + row * width;
      int from = t * Tiling.TILE;
      if (alone != null) {
        finite &=
            math.contrastive(
                w,
                m,
                v,
                at,
                width,
                gradient,
                alone,
                from,
                rule,
                done[row] + 1,
                step,
                post.columnSpikes,
                post.tiling.padded);
      } else {
        finite &= math.error(w, m, v, at, width, gradient, from, rule, step);
      }
    }
    done[row] = step;
    if (synapse.hollow()) {
      w[tiling.at(row, row, synapse.pre().units())] = 0;
    }
    return finite;
  }
}
