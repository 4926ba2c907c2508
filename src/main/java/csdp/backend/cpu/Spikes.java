package csdp.backend.cpu;

import java.util.Arrays;

/**
 * The spikes of a population in one step, in three forms: bits (N x words), for each sample the
 * ascending list of its spiking units, and for each unit the ascending list of samples in which it
 * spiked. Lists have fixed strides, so they are filled in parallel and nothing is allocated.
 */
final class Spikes {
  final int samples;
  final int units;
  final int words;
  final long[] bits;

  /** Spiking units of sample b at {@code b * units ..}, {@code unitCount[b]} of them. */
  final int[] unitList;

  final int[] unitCount;

  /** Samples in which unit i spiked at {@code i * samples ..}, {@code sampleCount[i]} of them. */
  final int[] sampleList;

  final int[] sampleCount;

  /** How many of a unit's samples are positive ones; those come first. */
  final int[] positiveCount;

  Spikes(int samples, RowLayout rows) {
    this.samples = samples;
    this.units = rows.units;
    this.words = rows.words();
    bits = new long[samples * words];
    unitList = new int[Math.multiplyExact(samples, units)];
    unitCount = new int[samples];
    sampleList = new int[samples * units];
    sampleCount = new int[units];
    positiveCount = new int[units];
  }

  /** Nothing spiked. */
  void clear() {
    Arrays.fill(bits, 0);
    Arrays.fill(unitCount, 0);
    Arrays.fill(sampleCount, 0);
    Arrays.fill(positiveCount, 0);
  }

  /** Fills a sample's list from its bits. */
  void list(int sample) {
    int at = sample * units;
    int start = at;
    for (int w = 0; w < words; w++) {
      for (long word = bits[sample * words + w]; word != 0; word &= word - 1) {
        unitList[at++] = w * 64 + Long.numberOfTrailingZeros(word);
      }
    }
    unitCount[sample] = at - start;
  }

  /** Adds a sample's spikes to a dense N x units matrix. */
  void addTo(float[] sums, int sample) {
    for (int k = sample * units, end = k + unitCount[sample]; k < end; k++) {
      sums[sample * units + unitList[k]]++;
    }
  }

  /** Fills the lists by unit from the lists by sample. */
  void transpose(int positives) {
    Arrays.fill(sampleCount, 0);
    for (int b = 0; b < samples; b++) {
      if (b == positives) {
        System.arraycopy(sampleCount, 0, positiveCount, 0, units);
      }
      for (int k = b * units, end = k + unitCount[b]; k < end; k++) {
        int i = unitList[k];
        sampleList[i * samples + sampleCount[i]++] = b;
      }
    }
    if (positives == samples) {
      System.arraycopy(sampleCount, 0, positiveCount, 0, units);
    }
  }
}
