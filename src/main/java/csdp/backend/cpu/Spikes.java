package csdp.backend.cpu;

import java.util.Arrays;

/**
 * The spikes of a population in one step, in three formats: bits (N x words), an ascending list of
 * spiking units per sample, and an ascending list of samples per unit. Neighbouring input units
 * spike in similar samples, so sixteen of them share a list. Lists have fixed strides: they are
 * filled in parallel without allocation.
 */
final class Spikes {
  /** Number of units that share a list. */
  static final int GROUP = 16;

  final int samples;
  final int units;
  final int words;
  final long[] bits;

  /** Spiking units of sample b at {@code b * units ..}, {@code unitCount[b]} of them. */
  final int[] unitList;

  final int[] unitCount;

  /**
   * Samples in which unit i spiked at {@code i * samples ..}, {@code sampleCount[i]} of them; null
   * if units are grouped.
   */
  final int[] sampleList;

  final int[] sampleCount;

  /**
   * Samples in which any unit of group g spiked at {@code g * samples ..}, {@code groupCount[g]} of
   * them; null if units are not grouped.
   */
  final int[] groupList;

  /** One bit per unit of the group that spiked in that sample. */
  final char[] groupBits;

  final int[] groupCount;

  /** Number of a unit's samples that are positive; these come first. */
  final int[] positiveCount;

  Spikes(int samples, RowLayout rows, boolean grouped) {
    this.samples = samples;
    this.units = rows.units;
    this.words = rows.words();
    bits = new long[samples * words];
    unitList = new int[Math.multiplyExact(samples, units)];
    unitCount = new int[samples];
    int groups = (units + GROUP - 1) / GROUP;
    sampleList = grouped ? null : new int[samples * units];
    groupList = grouped ? new int[Math.multiplyExact(samples, groups)] : null;
    groupBits = grouped ? new char[groupList.length] : null;
    groupCount = grouped ? new int[groups] : null;
    sampleCount = new int[units];
    positiveCount = new int[units];
  }

  /** Clears all spikes. */
  void clear() {
    Arrays.fill(bits, 0);
    Arrays.fill(unitCount, 0);
    Arrays.fill(sampleCount, 0);
    Arrays.fill(positiveCount, 0);
    if (grouped()) {
      Arrays.fill(groupCount, 0);
    }
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

  /** Returns true if neighbouring units share lists of samples. */
  boolean grouped() {
    return groupList != null;
  }

  /** Fills the lists by unit, or by group of units, from the lists by sample. */
  void transpose(int positives) {
    Arrays.fill(sampleCount, 0);
    if (grouped()) {
      Arrays.fill(groupCount, 0);
    }
    for (int b = 0; b < samples; b++) {
      if (b == positives) {
        System.arraycopy(sampleCount, 0, positiveCount, 0, units);
      }
      if (grouped()) {
        listByGroup(b);
      } else {
        listByUnit(b);
      }
    }
    if (positives == samples) {
      System.arraycopy(sampleCount, 0, positiveCount, 0, units);
    }
  }

  private void listByUnit(int b) {
    for (int k = b * units, end = k + unitCount[b]; k < end; k++) {
      int i = unitList[k];
      sampleList[i * samples + sampleCount[i]++] = b;
    }
  }

  private void listByGroup(int b) {
    int k = b * units;
    int end = k + unitCount[b];
    while (k < end) {
      int g = unitList[k] / GROUP;
      int bits = 0;
      for (; k < end && unitList[k] / GROUP == g; k++) {
        bits |= 1 << unitList[k] % GROUP;
        sampleCount[unitList[k]]++;
      }
      int at = g * samples + groupCount[g]++;
      groupList[at] = b;
      groupBits[at] = (char) bits;
    }
  }

  /** Lists the samples in which one unit of a group spiked. */
  void samplesOf(int unit, int[] list) {
    int n = 0;
    int from = unit / GROUP * samples;
    for (int k = from, end = from + groupCount[unit / GROUP]; k < end; k++) {
      if (n < sampleCount[unit]) { // prevents a write after the end of the list
        list[n] = groupList[k];
      }
      n += groupBits[k] >> unit % GROUP & 1;
    }
  }
}
