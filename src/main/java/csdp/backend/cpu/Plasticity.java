package csdp.backend.cpu;

import csdp.backend.NotFinite;
import csdp.backend.NotFinite.Quantity;

/**
 * Learning of the weights, row by row: a row's gradient is gathered, used and forgotten. Rows are
 * independent of each other, so workers share them out.
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
   * Before the rows of a step.
   *
   * @param everyRow whether none is left for later
   */
  void begin(RowMath math, int step, boolean everyRow) {
    this.math = math;
    this.step = step;
    this.everyRow = everyRow;
  }

  /**
   * Plasticity of some rows: gather a row's gradient, then Adam, decay and clip. A row whose unit
   * is silent is left for later: it is taken through the steps it missed when its unit spikes
   * again, so that its weights are next read, or at the window's end.
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

  /** The same for groups of rows: neighbours of the input spike in much the same samples. */
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

  /** Whether a row's unit is silent, so that nothing reads its weights before the next step. */
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
    int alone =
        switch (k.synapse.rule()) {
          case CONTRASTIVE -> alone(k, list, from, count, worker);
          case ERROR -> scratch.alone(worker); // not read
        };
    boolean some = count > 0;
    if (!k.update(math, row, step, some ? own : silent, some ? u : 0, own, alone)) {
      watch.saw(Quantity.WEIGHTS, k.synapse, step);
    }
  }

  /**
   * (1-a)^T s of a row: the column sums of postsynaptic spikes, less those in the samples of the
   * list. Returns where it begins in the scratch memory.
   */
  private int alone(Weights k, int[] list, int from, int count, int worker) {
    float[] own = scratch.floats;
    int alone = scratch.alone(worker);
    System.arraycopy(k.post.columnSpikes, k.rows.at(step), own, alone, k.rows.padded);
    Spikes post = k.post.spikes;
    for (int q = from; q < from + count; q++) {
      int start = list[q] * post.units;
      for (int e = start, end = start + post.unitCount[list[q]]; e < end; e++) {
        own[alone + post.unitList[e]]--;
      }
    }
    return alone;
  }
}
