package csdp.backend.cpu;

/**
 * Columns (units) of a matrix in tiles of 256, each tile contiguous: element (row, column) of a
 * matrix of R rows lies at {@link #at}. A tile of a weight matrix or of a layer's traces then fits
 * a core's L2 cache, and the last tile is padded to whole vectors so that inner loops have no
 * tails.
 */
final class Tiling {
  /** Columns of a full tile. */
  static final int TILE = 256;

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
  final int tiles;
  final int padded;

  Tiling(int units) {
    this.units = units;
    this.tiles = (units + TILE - 1) / TILE;
    this.padded = (units + LANES - 1) / LANES * LANES;
  }

  int width(int tile) {
    return Math.min(TILE, padded - tile * TILE);
  }

  int base(int tile, int rows) {
    return LEAD + tile * TILE * rows;
  }

  /** Where the element of a row and a unit lies, in a matrix of so many rows. */
  int at(int row, int unit, int rows) {
    int tile = unit / TILE;
    return base(tile, rows) + row * width(tile) + unit % TILE;
  }

  /** Words of a sample's spike bits. */
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
      int real = Math.min(TILE, units - t * TILE);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(rowMajor, r * units + t * TILE, tiled, base(t, rows) + r * width(t), real);
      }
    }
  }

  /** Copies a tiled matrix back into row-major form. */
  void fromTiles(float[] tiled, float[] rowMajor, int rows) {
    for (int t = 0; t < tiles; t++) {
      int real = Math.min(TILE, units - t * TILE);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(tiled, base(t, rows) + r * width(t), rowMajor, r * units + t * TILE, real);
      }
    }
  }
}
