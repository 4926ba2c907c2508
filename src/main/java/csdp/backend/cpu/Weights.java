package csdp.backend.cpu;

import csdp.model.Constants;
import csdp.model.Synapse;
import java.util.Arrays;

/** Weights and moments of a synapse: one row per presynaptic unit. */
final class Weights {
  final Synapse synapse;
  final Layer pre;
  final Layer post;
  final RowLayout rows;
  final float[] w;
  final float[] m;
  final float[] v;
  final RowMath.Rule rule;
  private final int[] done; // last step of the window applied to each row

  Weights(Synapse synapse, Layer pre, Layer post, Constants c) {
    this.synapse = synapse;
    this.pre = pre;
    this.post = post;
    this.rows = post.rows;
    int size = rows.size(synapse.pre().units());
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

  /** Prepares a window. */
  void begin() {
    Arrays.fill(done, 0);
  }

  /**
   * Applies the deferred steps of a row, then Adam, decay and clip of this step.
   *
   * @param u gradient of the row
   * @param uAt start of the gradient
   * @param unpaired postsynaptic spikes without a presynaptic one; for contrastive synapses
   * @param unpairedAt start of these counts
   * @return true if all values are finite
   */
  boolean update(
      RowMath math, int row, int step, float[] u, int uAt, float[] unpaired, int unpairedAt) {
    int at = rows.at(row);
    boolean finite;
    if (synapse.rule() == Synapse.Rule.CONTRASTIVE) {
      int missed = done[row] + 1;
      if (missed < step) {
        math.catchUp(
            w,
            m,
            v,
            at,
            rows.padded,
            rule,
            missed,
            step,
            post.columnSpikes,
            rows.at(missed),
            rows.stride);
      }
      finite = math.contrastive(w, m, v, at, rows.padded, u, uAt, unpaired, unpairedAt, rule, step);
    } else {
      finite = math.error(w, m, v, at, rows.padded, u, uAt, rule, step);
    }
    done[row] = step;
    if (synapse.hollow()) {
      w[at + row] = 0;
    }
    return finite;
  }
}
