package csdp.backend.cpu;

import csdp.backend.NotFinite;
import csdp.backend.NotFinite.Quantity;

/**
 * Plasticity, row by row: a row's gradient is summed, applied and discarded. Rows are independent,
 * so workers process them in parallel.
 */
final class Plasticity {
  private final Scratch scratch;
  private final NotFinite.Watch watch;
  private final float[] silent; // the gradient of a row without spikes: all zero
  private RowMath math;
  private int step;
  private boolean everyRow;

  /**
   * @param widest units of the largest population
   */
  Plasticity(Scratch scratch, NotFinite.Watch watch, int widest) {
    this.scratch = scratch;
    this.watch = watch;
    this.silent = new float[new RowLayout(widest).padded];
  }

  /**
   * Prepares a step.
   *
   * @param everyRow true if no row may be deferred
   */
  void begin(RowMath math, int step, boolean everyRow) {
    this.math = math;
    this.step = step;
    this.everyRow = everyRow;
  }

  /**
   * Updates some rows: gradient, then Adam, decay and clip. A row whose unit is silent is deferred:
   * its missed steps are applied when the unit spikes again, that is before its weights are read,
   * or at the end of the window.
   */
  void learn(Weights k, int fromRow, int toRow, int worker) {
    Spikes pre = k.acting();
    if (pre.grouped() && !k.post.signals.isDense()) {
      learnGroups(k, fromRow, toRow, worker);
      return;
    }
    int[] counts =
        switch (k.synapse.rule()) {
          case CONTRASTIVE -> pre.sampleCount;
          case ERROR -> pre.positiveCount;
        };
    float[] own = scratch.floats;
    int u = scratch.gradient(worker);
    for (int i = fromRow; i < toRow; i++) {
      if (canWait(k, i)) {
        continue;
      }
      int[] list = pre.sampleList;
      int from = i * pre.samples;
      int count = counts[i];
      if (pre.grouped()) {
        list = scratch.samples[worker];
        from = 0;
        pre.samplesOf(i, list);
      }
      if (count > 0) {
        k.post.signals.gather(math, k.synapse.learningScale(), list, from, count, own, u);
      }
      update(k, i, list, from, count, u, worker);
    }
  }

  /** As above for groups of rows: neighbouring input units spike in similar samples. */
  private void learnGroups(Weights k, int fromRow, int toRow, int worker) {
    Spikes pre = k.acting();
    float[] own = scratch.floats;
    int[] list = scratch.samples[worker];
    int u = scratch.gradient(worker);
    int lanes = scratch.lanes(worker);
    int row = k.rows.stride;
    for (int i = fromRow; i < toRow; i++) {
      int lane = i % Spikes.GROUP;
      boolean any = pre.groupCount[i / Spikes.GROUP] > 0;
      if (any && lane == 0) {
        k.post.signals.gatherGroup(
            math,
            k.synapse.learningScale(),
            pre,
            i / Spikes.GROUP,
            own,
            lanes,
            scratch.scales[worker]);
      }
      if (any && lane % Scratch.ROWS == 0) {
        for (int c = 0; c < k.rows.padded; c++) {
          for (int r = 0; r < Scratch.ROWS; r++) {
            own[u + r * row + c] = own[lanes + Spikes.GROUP * c + lane + r];
          }
        }
      }
      if (!canWait(k, i)) {
        pre.samplesOf(i, list);
        update(k, i, list, 0, pre.sampleCount[i], u + lane % Scratch.ROWS * row, worker);
      }
    }
  }

  /** Returns true if a row's unit is silent, so its weights are not read before the next step. */
  private boolean canWait(Weights k, int row) {
    return switch (k.synapse.rule()) {
      case CONTRASTIVE ->
          !everyRow && k.acting().sampleCount[row] == 0 && k.pre.spikes.sampleCount[row] == 0;
      case ERROR -> false;
    };
  }

  /** Adam, decay and clip of a row whose unit spiked in the samples of the list. */
  private void update(Weights k, int row, int[] list, int from, int count, int u, int worker) {
    float[] own = scratch.floats;
    int unpaired =
        switch (k.synapse.rule()) {
          case CONTRASTIVE -> unpaired(k, list, from, count, worker);
          case ERROR -> scratch.unpaired(worker); // not read
        };
    boolean some = count > 0;
    if (!k.update(math, row, step, some ? own : silent, some ? u : 0, own, unpaired)) {
      watch.report(Quantity.WEIGHTS, k.synapse, step);
    }
  }

  /**
   * (1-a)^T s of a row: the column sums of postsynaptic spikes, less those in the samples of the
   * list. Returns where it begins in the scratch memory.
   */
  private int unpaired(Weights k, int[] list, int from, int count, int worker) {
    float[] own = scratch.floats;
    int unpaired = scratch.unpaired(worker);
    System.arraycopy(k.post.columnSpikes, k.rows.at(step), own, unpaired, k.rows.padded);
    Spikes post = k.post.spikes;
    for (int q = from; q < from + count; q++) {
      int start = list[q] * post.units;
      for (int e = start, end = start + post.unitCount[list[q]]; e < end; e++) {
        own[unpaired + post.unitList[e]]--;
      }
    }
    return unpaired;
  }
}
