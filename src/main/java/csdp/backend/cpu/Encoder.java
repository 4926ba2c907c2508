package csdp.backend.cpu;

import csdp.backend.Batch;
import csdp.model.Philox;

/** Lists of input spikes, drawn or recorded, and of the clamped context. */
final class Encoder {
  private final int units;
  private final int groups; // of four units, one Philox block; padded to whole vectors
  private final float[] image;
  private Batch batch;
  private long[] group = new long[0]; // N x groups: groups with a pixel that is not black
  private int[] bound =
      new int[0]; // N x groups x 4: integer spike thresholds of their units, 24 bits
  private int[] count = new int[0]; // N: groups of a sample

  Encoder(int units) {
    this.units = units;
    this.groups = ((units + 3) / 4 + RowMath.BLOCKS - 1) / RowMath.BLOCKS * RowMath.BLOCKS;
    this.image = new float[4 * groups]; // padding: black
  }

  /** Returns the length of {@link #encode}'s scratch, in words. */
  int words() {
    return 4 * groups;
  }

  /** Prepares a batch. */
  void begin(Batch batch) {
    this.batch = batch;
    if (batch.input() instanceof Batch.Recorded) {
      return;
    }
    if (count.length < batch.size()) {
      group = new long[Math.multiplyExact(batch.size(), groups)];
      bound = new int[Math.multiplyExact(batch.size(), 4 * groups)];
      count = new int[batch.size()];
    }
    for (int b = 0; b < batch.size(); b++) {
      int original = batch.original(b);
      if (original < b) {
        System.arraycopy(group, original * groups, group, b * groups, groups);
        System.arraycopy(bound, original * groups * 4, bound, b * groups * 4, groups * 4);
        count[b] = count[original];
        continue;
      }
      batch.copyImage(b, image, 0);
      int at = b * groups;
      for (int i = 0; i < units; i += 4) {
        if (image[i] > 0 || image[i + 1] > 0 || image[i + 2] > 0 || image[i + 3] > 0) {
          group[at] = i / 4;
          for (int lane = 0; lane < 4; lane++) {
            bound[4 * at + lane] = Philox.spikeBound(image[i + lane]);
          }
          at++;
        }
      }
      count[b] = at - b * groups; // black pixels never spike
    }
  }

  /**
   * Draws the input spikes of a sample in a step.
   *
   * @param word scratch of {@link #words}
   */
  void encode(RowMath math, int step, int b, Spikes input, long[] word) {
    int[] list = input.unitList;
    int at = b * units;
    if (batch.input() instanceof Batch.Recorded recorded) {
      int from = ((step - 1) * batch.size() + b) * units;
      for (int i = 0; i < units; i++) {
        if (recorded.spikes()[from + i] != 0) {
          list[at++] = i;
        }
      }
    } else {
      Batch.RandomSpikes draw = (Batch.RandomSpikes) batch.input();
      int first = b * groups;
      math.philox(
          draw.batch(),
          step,
          draw.firstSample() + b,
          group,
          first,
          count[b],
          draw.seed(),
          draw.purpose().ordinal(),
          word,
          groups);
      for (int g = 0; g < count[b]; g++) {
        int i = 4 * (int) group[first + g];
        int k = 4 * (first + g);
        if (i + 4 <= units) { // constant trip count, for the compiler
          for (int lane = 0; lane < 4; lane++) {
            list[at] = i + lane;
            at += spike(word[lane * groups + g], bound[k + lane]);
          }
        } else {
          for (int lane = 0; i + lane < units; lane++) {
            list[at] = i + lane;
            at += spike(word[lane * groups + g], bound[k + lane]);
          }
        }
      }
    }
    input.unitCount[b] = at - b * units;
  }

  /**
   * Returns 1 if a word's upper 24 bits are below the bound; branch-free, since it is
   * unpredictable.
   */
  private static int spike(long word, int bound) {
    return (((int) word >>> 8) - bound) >>> 31;
  }

  /** Sets the context of a sample to its one-hot label, or zero. */
  void clamp(int b, Spikes context) {
    int label = batch.clamped(b);
    context.unitList[b * context.units] = label;
    context.unitCount[b] = label < 0 ? 0 : 1;
  }
}
