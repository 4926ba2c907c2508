package csdp.backend.cuda;

import csdp.backend.cuda.DeviceBuffer.Bytes;
import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.backend.cuda.DeviceBuffer.Ints;
import csdp.backend.cuda.GpuDevice.Geometry;
import csdp.backend.cuda.PopulationState.SpikeBuffers;
import csdp.model.Constants;
import csdp.model.Synapse;

/**
 * One method for each kernel of {@code kernels/*.cu}, of the kernel's name: it alone knows block,
 * grid and the order of arguments, and checks that buffers are large enough. What the kernels
 * compute is written in their files' headers.
 */
final class Kernels {
  private static final int WARP = 32;
  private static final int BLOCK = 256;

  /** Threads of a block that spreads over the columns of one sample's currents. */
  private static final int CURRENT_COLUMNS = 128;

  /** Threads of a block of list_samples: 16 slices of the samples x 32 units. */
  private static final int LIST_BLOCK = 16 * WARP;

  /** Threads of a tiled kernel's block: 16 warps of 8 lists each, all over the same 32 columns. */
  private static final int TILED_BLOCK = 16 * WARP;

  private static final int TILED_LISTS = 16 * 8;

  private final GpuDevice device;

  Kernels(GpuDevice device) {
    this.device = device;
  }

  /** A thread for each of so many elements. */
  private static Geometry each(long elements, int block) {
    return new Geometry(Math.toIntExact((elements + block - 1) / block), 1, block, 0);
  }

  /** A block for each row, its threads over the columns; whole warps. */
  private static Geometry blockPerRow(int rows, int columns) {
    return new Geometry(rows, 1, Math.min(BLOCK, (columns + WARP - 1) / WARP * WARP), 0);
  }

  /** Blocks of (row, some columns). */
  private static Geometry tiles(int rows, int columns, int block) {
    int threads = Math.min(block, (columns + WARP - 1) / WARP * WARP);
    return new Geometry(rows, (columns + threads - 1) / threads, threads, 0);
  }

  /** Blocks of (32 columns, 128 lists). */
  private static Geometry tiled(int lists, int columns) {
    return new Geometry(
        (columns + WARP - 1) / WARP, (lists + TILED_LISTS - 1) / TILED_LISTS, TILED_BLOCK, 0);
  }

  private static void require(SpikeBuffers s, int n, int units) {
    s.dense().require((long) n * units);
    s.list().require((long) n * units);
    s.count().require(n);
    s.samples().require((long) n * units);
  }

  // encode.cu

  void encode(Floats images, Ints draw, int step, PopulationState input, SpikeBuffers s, int n) {
    int units = input.units;
    images.require((long) n * units);
    draw.require(4);
    require(s, n, units);
    device.launch(
        "encode",
        blockPerRow(n, (units + 3) / 4), // four units a thread
        images,
        draw,
        step,
        s.dense(),
        s.list(),
        s.count(),
        input.total,
        units);
  }

  // Which images a batch shows stands in device memory: DeviceImages checks it.

  void encodeStored(
      Bytes pixels,
      Ints order,
      Ints draw,
      int step,
      PopulationState input,
      SpikeBuffers s,
      int positives,
      int n) {
    int units = input.units;
    draw.require(5);
    require(s, n, units);
    device.launch(
        "encode_stored",
        blockPerRow(n, (units + 3) / 4), // four units a thread
        pixels,
        order,
        draw,
        step,
        s.dense(),
        s.list(),
        s.count(),
        input.total,
        positives,
        units);
  }

  void encodeStoredPlain(
      Bytes pixels,
      Ints order,
      Ints draw,
      int step,
      PopulationState input,
      SpikeBuffers s,
      int positives,
      int n) {
    int units = input.units;
    draw.require(5);
    require(s, n, units);
    device.launch(
        "encode_stored_plain",
        each((long) n * units, BLOCK),
        pixels,
        order,
        draw,
        step,
        s.dense(),
        positives,
        n,
        units);
  }

  void encodePlain(
      Floats images, Ints draw, int step, PopulationState input, SpikeBuffers s, int n) {
    int units = input.units;
    images.require((long) n * units);
    draw.require(4);
    require(s, n, units);
    device.launch(
        "encode_plain", each((long) n * units, BLOCK), images, draw, step, s.dense(), n, units);
  }

  void encodeRecorded(Bytes recorded, int step, PopulationState input, SpikeBuffers s, int n) {
    int units = input.units;
    recorded.require((long) step * n * units);
    require(s, n, units);
    device.launch(
        "encode_recorded",
        blockPerRow(n, units),
        recorded,
        step,
        s.dense(),
        s.list(),
        s.count(),
        input.total,
        n,
        units);
  }

  void clampContext(Ints labels, PopulationState context, SpikeBuffers s, int n) {
    labels.require(n);
    require(s, n, context.units);
    device.launch(
        "clamp_context",
        each(n, WARP),
        labels,
        s.dense(),
        s.list(),
        s.count(),
        context.total,
        n,
        context.units);
  }

  // spikes.cu

  void listUnitsPlain(PopulationState p, SpikeBuffers s, int n) {
    require(s, n, p.units);
    device.launch(
        "list_units_plain", each(n, WARP), s.dense(), s.list(), s.count(), p.total, n, p.units);
  }

  void listSamples(PopulationState p, SpikeBuffers s, int n, int positives) {
    require(s, n, p.units);
    device.launch(
        "list_samples",
        new Geometry((p.units + WARP - 1) / WARP, 1, LIST_BLOCK, 0),
        s.dense(),
        s.samples(),
        s.sampleCount(),
        s.positiveCount(),
        n,
        positives,
        p.units);
  }

  void listSamplesPlain(PopulationState p, SpikeBuffers s, int n, int positives) {
    require(s, n, p.units);
    device.launch(
        "list_samples_plain",
        each(p.units, BLOCK),
        s.dense(),
        s.samples(),
        s.sampleCount(),
        s.positiveCount(),
        n,
        positives,
        p.units);
  }

  void widen(SpikeBuffers s, Floats wide, int n, int units) {
    require(s, n, units);
    wide.require((long) n * units);
    device.launch("widen", each((long) n * units, BLOCK), s.dense(), wide, n * units);
  }

  // synapse.cu

  void currents(PopulationState post, SpikeBuffers pre, SynapseState k, boolean add, int n) {
    require(pre, n, k.rows());
    post.current.require((long) n * k.cols());
    device.launch(
        "currents",
        tiles(n, k.cols(), CURRENT_COLUMNS),
        post.current,
        pre.list(),
        pre.count(),
        k.weights(),
        k.synapse().currentScale(),
        add ? 1 : 0,
        k.rows(),
        k.cols());
  }

  void currentsPlain(PopulationState post, SpikeBuffers pre, SynapseState k, boolean add, int n) {
    require(pre, n, k.rows());
    post.current.require((long) n * k.cols());
    device.launch(
        "currents_plain",
        each((long) n * k.cols(), BLOCK),
        post.current,
        pre.dense(),
        k.weights(),
        k.synapse().currentScale(),
        add ? 1 : 0,
        n,
        k.rows(),
        k.cols());
  }

  void currentsTiled(PopulationState post, SpikeBuffers pre, SynapseState k, boolean add, int n) {
    require(pre, n, k.rows());
    post.current.require((long) n * k.cols());
    device.launch(
        "currents_tiled",
        tiled(n, k.cols()),
        post.current,
        pre.list(),
        pre.count(),
        k.weights(),
        k.synapse().currentScale(),
        add ? 1 : 0,
        n,
        k.rows(),
        k.cols());
  }

  // neuron.cu

  void rest(Floats initialThreshold, PopulationState p, int n) {
    initialThreshold.require(p.units);
    p.membrane.require((long) n * p.units);
    device.launch(
        "rest",
        each((long) n * p.units, BLOCK),
        initialThreshold,
        p.membrane,
        p.threshold,
        p.trace,
        n,
        p.units);
  }

  void integrate(PopulationState p, int step, Constants c, int n) {
    SpikeBuffers s = p.spikes(step);
    require(s, n, p.units);
    device.launch(
        "integrate",
        blockPerRow(n, p.units),
        p.current,
        p.membrane,
        p.threshold,
        p.trace,
        s.dense(),
        s.list(),
        s.count(),
        p.total,
        p.spikes(step - 1).count(),
        p.readOut,
        p.p.fedByNewSpikes() ? 1 : 0,
        step,
        p.p.adaptive() ? 1 : 0,
        c.thresholdRate(),
        Constants.THRESHOLD_FLOOR,
        c.inverseTauM(),
        c.dt(),
        c.traceDecay(),
        p.units);
  }

  void integratePlain(PopulationState p, int step, Constants c, int n) {
    SpikeBuffers s = p.spikes(step);
    require(s, n, p.units);
    device.launch(
        "integrate_plain",
        each((long) n * p.units, BLOCK),
        p.current,
        p.membrane,
        p.threshold,
        p.trace,
        s.dense(),
        p.spikes(step - 1).count(),
        p.readOut,
        p.p.fedByNewSpikes() ? 1 : 0,
        step,
        p.p.adaptive() ? 1 : 0,
        c.thresholdRate(),
        Constants.THRESHOLD_FLOOR,
        c.inverseTauM(),
        c.dt(),
        c.traceDecay(),
        n,
        p.units);
  }

  // goodness.cu

  void modulate(PopulationState hidden, Floats power, int step, Constants c, int positives, int n) {
    SpikeBuffers s = hidden.spikes(step);
    require(s, n, hidden.units);
    hidden.alive.require((long) n * (c.steps() + 1));
    power.require(c.steps());
    device.launch(
        "modulate",
        each((long) n * WARP, BLOCK), // a warp per sample
        s.list(),
        s.count(),
        hidden.lastSpike,
        hidden.alive,
        power,
        hidden.goodness,
        hidden.factor,
        step,
        c.steps(),
        c.goodnessThreshold(),
        positives,
        n,
        hidden.units);
  }

  void modulatePlain(PopulationState hidden, Constants c, int positives, int n) {
    hidden.trace.require((long) n * hidden.units);
    device.launch(
        "modulate_plain",
        each(n, WARP),
        hidden.trace,
        hidden.goodness,
        hidden.factor,
        c.goodnessThreshold(),
        positives,
        n,
        hidden.units);
  }

  void headError(Ints labels, PopulationState head, int positives) {
    labels.require(positives);
    head.error.require((long) positives * head.units);
    device.launch(
        "head_error",
        each((long) positives * head.units, BLOCK),
        labels,
        head.trace,
        head.error,
        positives,
        head.units);
  }

  void reconstructionError(
      SpikeBuffers input, SpikeBuffers reconstruction, PopulationState r, int positives) {
    require(input, positives, r.units);
    r.error.require((long) positives * r.units);
    device.launch(
        "reconstruction_error",
        each((long) positives * r.units, BLOCK),
        input.dense(),
        reconstruction.dense(),
        r.error,
        positives,
        r.units);
  }

  // plasticity.cu

  void learnContrastive(
      SynapseState k,
      SpikeBuffers pre,
      PopulationState post,
      Floats adam,
      int step,
      float decay,
      int n) {
    Synapse s = k.synapse();
    require(pre, n, k.rows());
    adam.require(2L * step);
    device.launch(
        "learn_contrastive",
        tiles(k.rows(), k.cols(), BLOCK),
        k.weights(),
        k.first(),
        k.second(),
        pre.samples(),
        pre.sampleCount(),
        post.factor,
        post.trace,
        post.spikes(step).dense(),
        post.spikes(step).sampleCount(),
        adam,
        step,
        s.learningScale(),
        decay,
        s.lower(),
        s.upper(),
        s.hollow() ? 1 : 0,
        n,
        k.cols());
  }

  void learnContrastiveTiled(
      SynapseState k,
      SpikeBuffers pre,
      PopulationState post,
      Floats adam,
      int step,
      float decay,
      int n) {
    Synapse s = k.synapse();
    require(pre, n, k.rows());
    adam.require(2L * step);
    device.launch(
        "learn_contrastive_tiled",
        tiled(k.rows(), k.cols()),
        k.weights(),
        k.first(),
        k.second(),
        pre.samples(),
        pre.sampleCount(),
        post.factor,
        post.trace,
        post.spikes(step).dense(),
        post.spikes(step).sampleCount(),
        adam,
        step,
        s.learningScale(),
        decay,
        s.lower(),
        s.upper(),
        s.hollow() ? 1 : 0,
        n,
        k.rows(),
        k.cols());
  }

  void learnContrastivePlain(
      SynapseState k,
      SpikeBuffers pre,
      PopulationState post,
      Floats adam,
      int step,
      float decay,
      int n) {
    Synapse s = k.synapse();
    require(pre, n, k.rows());
    adam.require(2L * step);
    device.launch(
        "learn_contrastive_plain",
        each(s.size(), BLOCK),
        k.weights(),
        k.first(),
        k.second(),
        pre.dense(),
        post.factor,
        post.trace,
        post.spikes(step).dense(),
        adam,
        step,
        s.learningScale(),
        decay,
        s.lower(),
        s.upper(),
        s.hollow() ? 1 : 0,
        n,
        k.rows(),
        k.cols());
  }

  void learnError(
      SynapseState k, SpikeBuffers pre, PopulationState post, Floats adam, int step, int n) {
    Synapse s = k.synapse();
    require(pre, n, k.rows());
    adam.require(2L * step);
    device.launch(
        "learn_error",
        tiles(k.rows(), k.cols(), BLOCK),
        k.weights(),
        k.first(),
        k.second(),
        pre.samples(),
        pre.positiveCount(),
        post.error,
        adam,
        step,
        s.learningScale(),
        s.lower(),
        s.upper(),
        n,
        k.cols());
  }

  void learnErrorPlain(
      SynapseState k,
      SpikeBuffers pre,
      PopulationState post,
      Floats adam,
      int step,
      int positives) {
    Synapse s = k.synapse();
    require(pre, positives, k.rows());
    adam.require(2L * step);
    device.launch(
        "learn_error_plain",
        each(s.size(), BLOCK),
        k.weights(),
        k.first(),
        k.second(),
        pre.dense(),
        post.error,
        adam,
        step,
        s.learningScale(),
        s.lower(),
        s.upper(),
        positives,
        k.rows(),
        k.cols());
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
