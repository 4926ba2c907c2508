package csdp.backend.cpu;

import csdp.backend.Batch;
import csdp.model.Philox;

/** Lists of input spikes, drawn or recorded, and of the clamped context. */
final class Encoder {
  private final int units;
  private final int stride; // units rounded up to Philox blocks of 4
  private final float[] image;
  private Batch batch;
  private int[] bounds = new int[0]; // N x stride: 24-bit words below which a unit spikes
  private int[] blocks = new int[0]; // N x stride/4: blocks of 4 units that are not all black
  private int[] blockCount = new int[0]; // N

  Encoder(int units) {
    this.units = units;
    this.stride = (units + 3) & ~3;
    this.image = new float[units];
  }

  /** Before a batch. */
  void begin(Batch batch) {
    this.batch = batch;
    if (batch.input() instanceof Batch.Recorded) {
      return;
    }
    if (bounds.length < batch.size() * stride) {
      bounds = new int[batch.size() * stride];
      blocks = new int[batch.size() * (stride / 4)];
      blockCount = new int[batch.size()];
    }
    for (int b = 0; b < batch.size(); b++) {
      int original = batch.original(b);
      if (original < b) {
        int groups = stride / 4;
        System.arraycopy(bounds, original * stride, bounds, b * stride, stride);
        System.arraycopy(blocks, original * groups, blocks, b * groups, groups);
        blockCount[b] = blockCount[original];
        continue;
      }
      batch.copyImage(b, image, 0);
      for (int i = 0; i < units; i++) {
        bounds[b * stride + i] = Philox.spikeBound(image[i]);
      }
      int first = b * (stride / 4);
      int count = 0;
      for (int i = 0; i < units; i += 4) {
        int k = b * stride + i;
        if ((bounds[k] | bounds[k + 1] | bounds[k + 2] | bounds[k + 3]) != 0) {
          blocks[first + count++] = i;
        }
      }
      blockCount[b] = count; // black pixels never spike
    }
  }

  /**
   * The input spikes of a sample in a step.
   *
   * @param word scratch of four words
   */
  void encode(int step, int b, Spikes input, int[] word) {
    int at = b * units;
    if (batch.input() instanceof Batch.Recorded recorded) {
      int from = ((step - 1) * batch.size() + b) * units;
      for (int i = 0; i < units; i++) {
        if (recorded.spikes()[from + i] != 0) {
          input.unitList[at++] = i;
        }
      }
    } else {
      Batch.Drawn draw = (Batch.Drawn) batch.input();
      int sample = draw.firstSample() + b;
      int purpose = draw.purpose().ordinal();
      int first = b * (stride / 4);
      for (int block = first; block < first + blockCount[b]; block++) {
        int i = blocks[block];
        int k = b * stride + i;
        Philox.block(draw.batch(), step, sample, i >>> 2, draw.seed(), purpose, word);
        for (int lane = 0; lane < 4; lane++) {
          if ((word[lane] >>> 8) < bounds[k + lane]) {
            input.unitList[at++] = i + lane;
          }
        }
      }
    }
    input.unitCount[b] = at - b * units;
  }

  /** The context of a sample: its one-hot label, or nothing. */
  void clamp(int b, Spikes context) {
    int label = batch.label(b);
    context.unitList[b * context.units] = label;
    context.unitCount[b] = label < 0 ? 0 : 1;
  }
}
