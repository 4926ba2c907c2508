package csdp.backend.cpu;

/**
 * Columns (units) of a matrix in tiles, each tile contiguous: element (row, column) of a matrix of
 * R rows lies at {@link #at}. A tile of a layer's state, and of the weights from a population that
 * is mostly silent, is {@link #TILE} columns wide and fits a core's L2 cache; where nearly every
 * row is read for nearly every sample, {@link #STRIPE} columns keep the rows that are read most in
 * L1. The last tile is padded to whole vectors so that inner loops have no tails.
 */
final class Tiling {
  /** Columns of a full tile. */
  static final int TILE = 256;

  /** Columns of a tile of weights whose rows are read by every sample; divides {@link #TILE}. */
  static final int STRIPE = 64;

  /** Widths are multiples of this, the lanes of the widest vectors (16 floats of 512 bits). */
  static final int LANES = 16;

  /** Words of 64 bits that hold the spikes of a full tile. */
  static final int TILE_WORDS = TILE / 64;

  /**
   * Floats before the first element. Behind the 16 bytes of an array's header it comes to lie on a
   * cache line's start (large arrays begin at a heap region's start), so that no vector spans two.
   */
  private static final int LEAD = 12;

  final int units;
  final int columns; // of a full tile
  final int tiles;
  final int padded;

  Tiling(int units) {
    this(units, TILE);
  }

  Tiling(int units, int columns) {
    this.units = units;
    this.columns = columns;
    this.tiles = (units + columns - 1) / columns;
    this.padded = (units + LANES - 1) / LANES * LANES;
  }

  int width(int tile) {
    return Math.min(columns, padded - tile * columns);
  }

  int base(int tile, int rows) {
    return LEAD + tile * columns * rows;
  }

  /** Where the element of a row and a unit lies, in a matrix of so many rows. */
  int at(int row, int unit, int rows) {
    int tile = unit / columns;
    return base(tile, rows) + row * width(tile) + unit % columns;
  }

  /** Words of a sample's spike bits, in a layer's tiles. */
  int words() {
    return tiles * TILE_WORDS;
  }

  /** Elements of a tiled matrix of so many rows. */
  int size(int rows) {
    return Math.addExact(LEAD, Math.multiplyExact(rows, padded));
  }

  /** Copies a row-major rows x units matrix into its tiled form; padding is left alone. */
  void toTiles(float[] rowMajor, float[] tiled, int rows) {
    for (int t = 0; t < tiles; t++) {
      int real = Math.min(columns, units - t * columns);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(
            rowMajor, r * units + t * columns, tiled, base(t, rows) + r * width(t), real);
      }
    }
  }

  /** Copies a tiled matrix back into row-major form. */
  void fromTiles(float[] tiled, float[] rowMajor, int rows) {
    for (int t = 0; t < tiles; t++) {
      int real = Math.min(columns, units - t * columns);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(
            tiled, base(t, rows) + r * width(t), rowMajor, r * units + t * columns, real);
      }
    }
  }
}
