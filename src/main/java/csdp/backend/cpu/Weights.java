package csdp.backend.cpu;

import csdp.model.Learning;
import csdp.model.Synapse;
import java.util.Arrays;

/** Weights and moments of a synapse: one row per presynaptic unit. */
final class Weights {
  final Synapse synapse;
  final Layer pre;
  final Layer post;
  final RowLayout rows;
  final float[] w;
  final RowMath.Matrix matrix; // of w
  final float[] m;
  final float[] v;
  final RowMath.Rule rule;
  private final int[] done; // last step of the window applied to each row

  Weights(Synapse synapse, Layer pre, Layer post, int steps) {
    this.synapse = synapse;
    this.pre = pre;
    this.post = post;
    this.rows = post.rows;
    int size = rows.size(synapse.pre().units());
    w = new float[size];
    matrix = rows.of(w);
    m = new float[size];
    v = new float[size];
    done = new int[synapse.pre().units()];
    rule = new RowMath.Rule(synapse.lower(), synapse.upper(), steps);
    post.incoming.add(this);
  }

  /** The presynaptic spikes that act in this step. */
  Spikes acting() {
    return post.p.fedByNewSpikes() ? pre.spikes : pre.previous;
  }

  /**
   * Before a window.
   *
   * @param learning null for inference
   */
  void begin(Learning learning) {
    Arrays.fill(done, 0);
    rule.decay = learning == null ? 0 : learning.weightDecay();
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
    boolean finite =
        switch (synapse.rule()) {
          case CONTRASTIVE -> {
            catchUp(math, at, done[row] + 1, step);
            yield math.contrastive(
                w, m, v, at, rows.padded, u, uAt, unpaired, unpairedAt, rule, step);
          }
          case ERROR -> math.error(w, m, v, at, rows.padded, u, uAt, rule, step);
        };
    done[row] = step;
    if (synapse.hollow()) {
      w[at + row] = 0;
    }
    return finite;
  }

  private void catchUp(RowMath math, int at, int missed, int step) {
    if (missed < step) {
      float[] columns = post.columnSpikes;
      int columnsAt = rows.at(missed);
      math.catchUp(w, m, v, at, rows.padded, rule, missed, step, columns, columnsAt, rows.stride);
    }
  }
}
