package csdp.backend.cuda;

import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.GpuDevice;
import csdp.backend.cuda.device.GpuDevice.Geometry;
import csdp.model.Learning;
import csdp.model.Population;
import csdp.model.Synapse;

/**
 * One method per kernel of {@code kernels/*.cu}, with the kernel's name. It is the only place with
 * block, grid and order of arguments, and it checks the size of buffers outside of the network. The
 * headers of the kernel files state the equations.
 */
public final class Kernels {
  /** Columns of a tile: four for each lane of a warp. */
  static final int TILE = 128;

  /** Columns of a row that a block of learn takes at once. */
  static final int SEGMENT = 4096;

  /** Warps of a block of learn. They share a long row, or have a short one each. */
  static final int LEARN_WARPS = 4;

  /** Warps of a block of forward. */
  static final int FORWARD_WARPS = 12;

  /** Samples per warp of forward. */
  static final int LISTS = 8;

  /** Input units whose weights forward holds in shared memory. */
  static final int CHUNK = 96;

  /** Below this number of samples, gathering from the L2 cache is faster than filling a tile. */
  private static final int TILED_FROM = 48;

  /** Lanes of a warp. */
  static final int WARP = 32;

  private static final int BLOCK = 256;

  /** Threads of a block of transpose. */
  static final int TRANSPOSE_BLOCK = 16 * WARP;

  private final GpuDevice device;

  Kernels(GpuDevice device) {
    this.device = device;
  }

  /** Returns the rows of a block of learn, by the units that a row ends at. */
  static int rowsOfBlock(int units) {
    return Padding.stride(units) <= SEGMENT / LEARN_WARPS ? LEARN_WARPS : 1;
  }

  /** Returns the number of segments of a row. */
  static int segments(int units) {
    return (Padding.stride(units) + SEGMENT - 1) / SEGMENT;
  }

  /** Returns the number of chunks of a population. */
  static int chunks(int units) {
    return (Padding.stride(units) + CHUNK - 1) / CHUNK;
  }

  /**
   * Returns the number of sample pairs with common lists of input spikes; none in a small batch.
   */
  static int pairs(int n) {
    return n < TILED_FROM ? 0 : (n + 1) / 2;
  }

  /** Returns the number of tiles of a row. */
  static int tiles(int units) {
    return (units + TILE - 1) / TILE;
  }

  /** One thread per element. */
  private static Geometry each(long elements, int block) {
    return new Geometry(Math.toIntExact((elements + block - 1) / block), 1, block, 0);
  }

  /** One thread per word of a population's spikes. */
  private static Geometry eachWord(Population p, int n) {
    return each((long) n * Padding.words(p.units()), BLOCK);
  }

  /** One warp per sample and step. */
  private static Geometry window(NetworkState net, int n) {
    int samples = BLOCK / WARP;
    return new Geometry((n + samples - 1) / samples, net.spec.constants().steps(), BLOCK, 0);
  }

  /**
   * Blocks of (96 samples, tiles), half of the samples from each half of the batch. The first
   * tiles, those of the first hidden layer, take longest: all blocks of a tile start before the
   * next one.
   */
  private static Geometry tiled(int tiles, int n) {
    int group = LISTS * FORWARD_WARPS;
    return new Geometry(((n + 1) / 2 * 2 + group - 1) / group, tiles, FORWARD_WARPS * WARP, 0);
  }

  // encode.cu

  void encode(NetworkState net, Floats images, Ints draw, int n) {
    images.require((long) n * net.spec.input().units());
    draw.require(4);
    device.launch("encode", window(net, n), net.table, images, draw, n);
  }

  void encodePlain(NetworkState net, Floats images, Ints draw, int step, int n) {
    images.require((long) n * net.spec.input().units());
    draw.require(4);
    device.launch("encode_plain", eachWord(net.spec.input(), n), net.table, images, draw, step, n);
  }

  // The images of a batch are selected in device memory: DeviceImages checks them.

  void encodeStored(NetworkState net, Bytes pixels, Ints order, Ints draw, int positives, int n) {
    draw.require(5);
    device.launch("encode_stored", window(net, n), net.table, pixels, order, draw, positives, n);
  }

  void encodeStoredPlain(
      NetworkState net, Bytes pixels, Ints order, Ints draw, int step, int positives, int n) {
    draw.require(5);
    device.launch(
        "encode_stored_plain",
        eachWord(net.spec.input(), n),
        net.table,
        pixels,
        order,
        draw,
        step,
        positives,
        n);
  }

  void encodeRecorded(NetworkState net, Bytes recorded, int n) {
    recorded.require((long) net.spec.constants().steps() * n * net.spec.input().units());
    device.launch("encode_recorded", window(net, n), net.table, recorded, n);
  }

  /** context: whether the labels are clamped. */
  void clampContext(NetworkState net, boolean context, int n) {
    device.launch(
        "clamp_context", each(n, WARP), net.table, net.spec.context().index(), context ? 1 : 0, n);
  }

  // forward.cu

  void forward(NetworkState net, int step, int n) {
    device.launch(
        "forward", tiled(net.forward.blocks(), n), net.table, net.forward.table(), step, n);
  }

  void forwardPlain(NetworkState net, Population p, int step, int n) {
    device.launch("forward_plain", eachWord(p, n), net.table, p.index(), step, n);
  }

  /** step: the step of the presynaptic spikes. */
  void currents(NetworkState net, Synapse s, Floats into, int step, int n) {
    into.require((long) n * Padding.stride(s.post().units()));
    device.launch(
        "currents", tiled(tiles(s.post().units()), n), net.table, net.row(s), into, step, n);
  }

  /** step: the step of the presynaptic spikes. */
  void currentsPlain(NetworkState net, Synapse s, Floats into, int step, int n) {
    long size = (long) n * Padding.stride(s.post().units());
    into.require(size);
    device.launch("currents_plain", each(size, BLOCK), net.table, net.row(s), into, step, n);
  }

  // signals.cu

  void signals(NetworkState net, int step, int n, int positives, boolean learns) {
    device.launch(
        "signals", new Geometry(n, 1, BLOCK, 0), net.table, step, n, positives, learns ? 1 : 0);
  }

  void signalsPlain(NetworkState net, int step, int n, int positives, boolean learns) {
    device.launch("signals_plain", each(n, WARP), net.table, step, n, positives, learns ? 1 : 0);
  }

  // spikes.cu

  void transpose(NetworkState net, int step, int n) {
    device.launch(
        "transpose",
        new Geometry(net.transpose.blocks(), 1, TRANSPOSE_BLOCK, 0),
        net.table,
        net.transpose.table(),
        step,
        n);
  }

  void transposePlain(NetworkState net, Population p, int step, int n) {
    device.launch(
        "transpose_plain", each(Padding.stride(p.units()), BLOCK), net.table, p.index(), step, n);
  }

  void widen(NetworkState net, Population p, Floats wide, int step, int n) {
    long size = (long) n * p.units();
    wide.require(size);
    device.launch("widen", each(size, BLOCK), net.table, p.index(), wide, step, n);
  }

  // plasticity.cu

  /** all: defer no row, since the weights are read after this step. */
  void learn(
      NetworkState net, Learning.Synapses which, int step, int n, int positives, boolean all) {
    NetworkState.Parts parts = net.learn.get(which);
    device.launch(
        "learn",
        new Geometry(parts.blocks(), 1, LEARN_WARPS * WARP, 0),
        net.table,
        parts.table(),
        net.adam,
        step,
        n,
        positives,
        all ? 1 : 0);
  }

  void learnPlain(NetworkState net, Synapse s, int step, int n, int positives) {
    device.launch(
        "learn_plain",
        each((long) s.pre().units() * Padding.stride(s.post().units()), BLOCK),
        net.table,
        net.adam,
        net.row(s),
        step,
        n,
        positives);
  }

  // bench.cu

  void copyQuads(Floats to, Floats from, int quads) {
    to.require(4L * quads);
    from.require(4L * quads);
    device.launch("copy_quads", each(quads, BLOCK), to, from, quads);
  }

  void multiplyAdd(Floats out, float a, float b, int rounds, int count) {
    out.require(count);
    device.launch("multiply_add", each(count, BLOCK), out, a, b, rounds, count);
  }
}
