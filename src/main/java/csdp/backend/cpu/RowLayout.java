package csdp.backend.cpu;

/**
 * Where the rows of a matrix lie that has a column for every unit of a population: weights (a row
 * for every presynaptic unit), state (a row for every sample). Rows are padded to whole vectors, so
 * that inner loops have no tails, and a row is contiguous, so that hardware prefetches what
 * plasticity streams.
 */
final class RowLayout {
  /** Rows hold a multiple of this, the lanes of the widest vectors (16 floats of 512 bits). */
  static final int LANES = 16;

  /**
   * Floats before the first row. Behind the 16 bytes of an array's header it comes to lie on a
   * cache line's start, so that no vector spans two: large arrays begin at a heap region's start.
   */
  static final int LEAD = 12;

  final int units;
  final int padded;

  /** From row to row: an odd number of vectors, or rows of 2^k would share few sets of a cache. */
  final int stride;

  RowLayout(int units) {
    this.units = units;
    int vectors = (units + LANES - 1) / LANES;
    this.padded = vectors * LANES;
    this.stride = (vectors | 1) * LANES;
  }

  /** Where a row begins. */
  int at(int row) {
    return LEAD + row * stride;
  }

  /** Elements of a matrix of so many rows. */
  int size(int rows) {
    return Math.addExact(LEAD, Math.multiplyExact(rows, stride));
  }

  /** Words that hold a row's spikes as bits. */
  int words() {
    return (units + 63) / 64;
  }

  /** Copies a dense rows x units matrix to where its rows lie here; the padding is left alone. */
  void fromDense(float[] dense, float[] padded, int rows) {
    for (int r = 0; r < rows; r++) {
      System.arraycopy(dense, r * units, padded, at(r), units);
    }
  }

  /** The inverse of {@link #fromDense}. */
  void toDense(float[] padded, float[] dense, int rows) {
    for (int r = 0; r < rows; r++) {
      System.arraycopy(padded, at(r), dense, r * units, units);
    }
  }
}
