package csdp.backend.cpu;

/**
 * Memory layout of matrices with a column per unit of a population: weights (a row per presynaptic
 * unit) and state (a row per sample). Rows are padded to whole vectors, so inner loops have no
 * tails. Rows are contiguous for the hardware prefetcher.
 */
final class RowLayout {
  /** Row lengths are multiples of this: the lanes of the widest vectors (16 floats, 512 bits). */
  static final int LANES = 16;

  /**
   * Floats before the first row. After the 16-byte array header, the first row is aligned to a
   * cache line, since large arrays start at a heap region.
   */
  static final int LEAD = 12;

  final int units;
  final int padded;

  /**
   * Distance between rows: an odd number of vectors, so that rows do not map to the same cache
   * sets.
   */
  final int stride;

  RowLayout(int units) {
    this.units = units;
    int vectors = (units + LANES - 1) / LANES;
    this.padded = vectors * LANES;
    this.stride = (vectors | 1) * LANES;
  }

  /** Returns the start index of a row. */
  int at(int row) {
    return LEAD + row * stride;
  }

  /** Returns a view of a matrix in this layout. */
  RowMath.Matrix of(float[] matrix) {
    return new RowMath.Matrix(matrix, at(0), stride, padded);
  }

  /** Returns the array length of a matrix. */
  int size(int rows) {
    return Math.addExact(LEAD, Math.multiplyExact(rows, stride));
  }

  /** Returns the number of words for a row's spike bits. */
  int words() {
    return (units + 63) / 64;
  }

  /** Copies a dense rows x units matrix into this layout; the padding is unchanged. */
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
