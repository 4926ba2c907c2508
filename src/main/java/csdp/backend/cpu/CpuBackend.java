package csdp.backend.cpu;

import csdp.CsdpException;
import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.NotFinite;
import csdp.backend.NotFinite.Quantity;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.backend.cpu.RowMath.Dynamics;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Event-driven and multi-threaded. Work follows spikes: currents gather the weight rows of units
 * that spiked, gradients gather the traces of samples in which a unit spiked, and no gradient is
 * ever stored beyond one row of a tile. Only Adam costs what the weights cost.
 *
 * <p>A step is a few parallel phases, each a list of independent items: (tile x samples) for
 * currents and integration, (samples) for lists, goodness and errors, (tile x rows) for plasticity.
 * Every sum is taken in a fixed order, so the number of threads does not change a bit of the
 * result, and sums run in the same order as in the reference backend.
 */
public final class CpuBackend implements Backend {
  private static final int SAMPLE_CHUNK = 16;
  private static final int ROW_CHUNK = 32;

  private final NetworkSpec spec;
  private final Constants c;
  private final RowMath fast;
  private final RowMath plain = new RowMath.PlainRowMath();
  private RowMath math; // the fast one where no value can stop being finite
  private final Workers workers;
  private final Dynamics dynamics;
  private final Layer[] layers;
  private final Weights[] weights;
  private final Scratch[] scratch;
  private final Encoder encoder;
  private final NotFinite.Watch watch;
  private final float[] silent; // the gradient of a row without spikes: all zero
  private CsdpException refused; // what was restored is not finite; null where it is
  private long plasticitySteps;
  private PhaseTimes times; // null unless somebody measures

  // The batch at hand.
  private Batch batch;
  private int n;
  private int step;
  private boolean learn;
  private boolean everyRow; // whether plasticity leaves no row for later
  private ReadOut out;

  // The phases of a step: which item is what. Fixed while N stays the same.
  private int chunks; // of samples
  private TileItem[] feedForward = {}; // currents and integration of hidden layers and head
  private TileItem[] reconstruct = {};
  private Layer[] transposed = {};
  private RowItem[] plastic = {};
  private final Workers.Job integrateJob = (i, w) -> integrate(feedForward[i], scratch(w));
  private final Workers.Job sampleJob = this::finishSamples;
  private final Workers.Job reconstructJob = this::reconstructOrTranspose;
  private final Workers.Job errorJob = this::finishReconstruction;
  private final Workers.Job plasticityJob = (i, w) -> learn(plastic[i], scratch(w));

  /** Columns [tile] of a layer for some samples. */
  private record TileItem(Layer layer, int tile, int fromSample, int toSample) {}

  /** Rows of a synapse. */
  private record RowItem(Weights weights, int fromRow, int toRow) {}

  /** A worker's own buffers: rows of a tile and of the widest layer. */
  private static final class Scratch {
    final float[] current = new float[Tiling.TILE];
    final float[] sum = new float[Tiling.TILE];
    final float[] gradient;
    final float[] alone;
    final int[] word = new int[4];

    Scratch(int padded) {
      gradient = new float[padded];
      alone = new float[padded];
    }
  }

  /**
   * A network with all parameters zero; {@link #restore} sets them.
   *
   * @param threads number of threads, the caller's included; at least 1
   */
  public CpuBackend(NetworkSpec spec, int threads) {
    this(spec, threads, RowMath.best());
  }

  CpuBackend(NetworkSpec spec, int threads, RowMath math) {
    this.spec = spec;
    this.c = spec.constants();
    this.fast = math;
    this.math = math;
    this.workers = new Workers(threads);
    this.dynamics = new Dynamics(c.inverseTauM(), c.dt(), c.traceDecay());
    this.layers =
        spec.populations().stream()
            .map(p -> new Layer(p, c.steps(), c.traceDecay()))
            .toArray(Layer[]::new);
    this.weights =
        spec.synapses().stream()
            .map(s -> new Weights(s, layers[s.pre().index()], layers[s.post().index()], c))
            .toArray(Weights[]::new);
    this.watch = new NotFinite.Watch(spec);
    this.encoder = new Encoder(spec.input().units());
    this.scratch = new Scratch[threads];
    int widest = Arrays.stream(layers).mapToInt(l -> l.tiling.padded).max().orElseThrow();
    this.silent = new float[widest];
    for (int i = 0; i < threads; i++) {
      scratch[i] = new Scratch(widest);
    }
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return String.format(
        "cpu: event-driven, %d thread%s, %s",
        workers.count(), workers.count() == 1 ? "" : "s", math.description());
  }

  @Override
  public NetworkSpec spec() {
    return spec;
  }

  @Override
  public void restore(Parameters from) {
    for (Weights k : weights) {
      int rows = k.synapse.pre().units();
      k.post.tiling.toTiles(from.weights(k.synapse), k.w, rows);
      k.post.tiling.toTiles(from.firstMoments(k.synapse), k.m, rows);
      k.post.tiling.toTiles(from.secondMoments(k.synapse), k.v, rows);
    }
    for (Population p : spec.integrating()) {
      System.arraycopy(from.thresholds(p), 0, layers[p.index()].initialThreshold, 0, p.units());
    }
    plasticitySteps = from.plasticitySteps();
    refused = NotFinite.in(from);
    math = NotFinite.impossible(from) ? fast : plain;
  }

  @Override
  public void snapshot(Parameters into) {
    for (Weights k : weights) {
      int rows = k.synapse.pre().units();
      k.post.tiling.fromTiles(k.w, into.weights(k.synapse), rows);
      k.post.tiling.fromTiles(k.m, into.firstMoments(k.synapse), rows);
      k.post.tiling.fromTiles(k.v, into.secondMoments(k.synapse), rows);
    }
    for (Population p : spec.integrating()) {
      System.arraycopy(layers[p.index()].initialThreshold, 0, into.thresholds(p), 0, p.units());
    }
    into.plasticitySteps(plasticitySteps);
  }

  @Override
  public void run(Batch batch, boolean learn, ReadOut out, StepObserver observer) {
    if (refused != null) {
      throw refused;
    }
    begin(batch, learn, out);
    for (step = 1; step <= c.steps(); step++) {
      phase("integrate", integrateJob, feedForward.length);
      for (Layer layer : layers) {
        if (layer.p.role() == Role.HIDDEN) {
          layer.signals.choose();
        }
      }
      phase("samples", sampleJob, chunks);
      phase("reconstruct", reconstructJob, transposed.length + reconstruct.length);
      phase("errors", errorJob, chunks);
      if (learn) {
        Adam adam = Adam.at(++plasticitySteps, c.learningRate());
        for (Weights w : weights) {
          w.rule.at(step, adam);
        }
        everyRow = step == c.steps() || observer != null || math != fast; // weights are read then
        phase("plasticity", plasticityJob, plastic.length);
      }
      watch.check();
      for (Layer layer : layers) {
        for (int b = 0; b < n; b++) {
          out.spikes()[layer.p.index()] += layer.spikes.unitCount[b];
        }
      }
      if (observer != null) {
        observer.afterStep(new CpuView(this, layers, n, step));
      }
      for (Layer layer : layers) {
        layer.swapSpikes();
      }
    }
    this.batch = null;
    this.out = null;
  }

  /**
   * Measures how long the phases of every step take, from now on.
   *
   * @param into adds up times; null to stop
   */
  public void measure(PhaseTimes into) {
    times = into;
  }

  private void phase(String name, Workers.Job job, int items) {
    if (times == null) {
      workers.run(job, items);
    } else {
      times.run(workers, name, job, items, this::part);
    }
  }

  /** Whose work an item of a phase is: what times are told apart by. */
  private String part(String phase, int item) {
    return switch (phase) {
      case "integrate" -> feedForward[item].layer.p.name();
      case "reconstruct" ->
          item < transposed.length ? PhaseTimes.TRANSPOSE : spec.reconstruction().name();
      case "plasticity" -> plastic[item].weights.synapse.name();
      default -> "";
    };
  }

  private void begin(Batch batch, boolean learn, ReadOut out) {
    this.batch = batch;
    this.learn = learn;
    this.out = out;
    out.reset(batch.size());
    if (n != batch.size()) {
      n = batch.size();
      for (Layer layer : layers) {
        layer.allocate(n);
      }
      layOut();
    }
    transposed =
        learn
            ? Arrays.stream(layers)
                .filter(l -> Arrays.stream(weights).anyMatch(w -> w.pre == l))
                .toArray(Layer[]::new)
            : new Layer[0];
    for (Layer layer : layers) {
      layer.reset();
    }
    for (Weights w : weights) {
      w.begin();
    }
    encoder.begin(batch);
  }

  /** Cuts the phases into items. Items of one tile follow each other: the tile stays in cache. */
  private void layOut() {
    chunks = (n + SAMPLE_CHUNK - 1) / SAMPLE_CHUNK;
    List<TileItem> forward = new ArrayList<>();
    List<TileItem> recon = new ArrayList<>();
    List<RowItem> rows = new ArrayList<>();
    for (Layer layer : layers) {
      if (!layer.p.integrates()) {
        continue;
      }
      List<TileItem> items = layer.p.fedByNewSpikes() ? recon : forward;
      for (int t = 0; t < layer.tiling.tiles; t++) {
        for (int b = 0; b < n; b += SAMPLE_CHUNK) {
          items.add(new TileItem(layer, t, b, Math.min(n, b + SAMPLE_CHUNK)));
        }
      }
      for (Weights w : layer.incoming) {
        int units = w.synapse.pre().units();
        for (int r = 0; r < units; r += ROW_CHUNK) {
          rows.add(new RowItem(w, r, Math.min(units, r + ROW_CHUNK)));
        }
      }
    }
    feedForward = forward.toArray(TileItem[]::new);
    reconstruct = recon.toArray(TileItem[]::new);
    plastic = rows.toArray(RowItem[]::new);
  }

  private Scratch scratch(int worker) {
    return scratch[worker];
  }

  /** Currents from the rows of spiking units, then integration, for one tile of a layer. */
  private void integrate(TileItem item, Scratch s) {
    Layer layer = item.layer;
    int tile = item.tile;
    int width = layer.tiling.width(tile);
    int bad = 0;
    for (int b = item.fromSample; b < item.toSample; b++) {
      Arrays.fill(s.current, 0, width, 0f);
      for (Weights k : layer.incoming) {
        Spikes pre = k.acting();
        int count = pre.unitCount[b];
        if (count > 0) {
          int base = layer.tiling.base(tile, k.synapse.pre().units());
          math.gather(
              s.current,
              k.synapse.currentScale(),
              k.w,
              base,
              width,
              pre.unitList,
              b * pre.units,
              count,
              s.sum);
        }
      }
      bad |=
          math.integrate(
              s.current,
              layer.membrane,
              layer.threshold,
              layer.trace,
              layer.tiling.base(tile, n) + b * width,
              width,
              dynamics,
              layer.thresholdChange[b],
              layer.spikes.bits,
              b * layer.spikes.words + tile * Tiling.TILE_WORDS);
    }
    if ((bad & RowMath.BAD_MEMBRANE) != 0) {
      watch.saw(Quantity.MEMBRANES, layer.p, step);
    }
    if ((bad & RowMath.BAD_THRESHOLD) != 0) {
      watch.saw(Quantity.THRESHOLDS, layer.p, step - 1); // whose spikes had changed them
    }
  }

  /** Per sample: input spikes, spike lists, thresholds, goodness, the head's error and read-out. */
  private void finishSamples(int chunk, int worker) {
    int to = Math.min(n, (chunk + 1) * SAMPLE_CHUNK);
    for (int b = chunk * SAMPLE_CHUNK; b < to; b++) {
      long start = times == null ? 0 : System.nanoTime();
      encoder.encode(step, b, layers[spec.input().index()].spikes, scratch(worker).word);
      encoder.clamp(b, layers[spec.context().index()].spikes);
      if (times != null) {
        times.within(worker, PhaseTimes.ENCODE, System.nanoTime() - start);
      }
      for (Layer layer : layers) {
        switch (layer.p.role()) {
          case HIDDEN -> {
            adapt(layer, b);
            modulate(layer, b);
            if (out.hiddenSpikes(layer.p).length > 0) { // they are wanted
              layer.spikes.addTo(out.hiddenSpikes(layer.p), b);
            }
          }
          case HEAD -> {
            adapt(layer, b);
            headError(layer, b);
            layer.spikes.addTo(out.classSpikes(), b);
          }
          default -> {}
        }
      }
    }
  }

  private void adapt(Layer layer, int b) {
    if (!Float.isFinite(layer.adapt(b, c.thresholdRate()))) {
      watch.saw(Quantity.THRESHOLDS, layer.p, step);
    }
  }

  private void modulate(Layer hidden, int b) {
    float g = hidden.goodness(b, step);
    if (!Float.isFinite(g)) {
      watch.saw(Quantity.GOODNESS, hidden.p, step);
    }
    double p = 1 / (1 + StrictMath.exp(-(g - c.goodnessThreshold())));
    hidden.modulate(b, step, (float) (2 * (p - (b < batch.positives() ? 1 : 0)) / n));
  }

  private void headError(Layer head, int b) {
    head.signals.count[b] = 0;
    if (b < batch.positives()) {
      for (int k = 0; k < head.p.units(); k++) {
        int target = batch.label(b) == k ? 1 : 0;
        float z = head.trace[head.tiling.at(b, k, n)];
        head.signals.append(b, k, 2 * (target - z) / batch.positives());
      }
    }
  }

  /** Lists by unit of every presynaptic population, beside the reconstruction's integration. */
  private void reconstructOrTranspose(int item, int worker) {
    if (item >= transposed.length) {
      integrate(reconstruct[item - transposed.length], scratch(worker));
      return;
    }
    Layer layer = transposed[item];
    layer.spikes.transpose(batch.positives());
    for (int i = 0; i < layer.p.units(); i++) {
      layer.columnSpikes[step * layer.tiling.padded + i] = layer.spikes.sampleCount[i];
    }
  }

  /** Per sample: spikes, sum of traces and error of the reconstruction. */
  private void finishReconstruction(int chunk, int worker) {
    if (spec.reconstruction() == null) {
      return;
    }
    Layer r = layers[spec.reconstruction().index()];
    Spikes s0 = layers[spec.input().index()].spikes;
    float[] sums = out.reconstruction();
    int to = Math.min(n, (chunk + 1) * SAMPLE_CHUNK);
    for (int b = chunk * SAMPLE_CHUNK; b < to; b++) {
      r.spikes.list(b);
      for (int t = 0; t < r.tiling.tiles; t++) {
        int width = r.tiling.width(t);
        int at = r.tiling.base(t, n) + b * width;
        int real = Math.min(Tiling.TILE, r.p.units() - t * Tiling.TILE);
        int sum = b * r.p.units() + t * Tiling.TILE;
        for (int k = 0; k < real; k++) {
          sums[sum + k] += r.trace[at + k];
        }
      }
      r.signals.count[b] = 0;
      if (learn && b < batch.positives()) {
        reconstructionError(r, s0, b);
      }
    }
  }

  /** e = 2 (s0 - sR) / N+ where just one of the two spiked; both lists ascend. */
  private void reconstructionError(Layer r, Spikes s0, int b) {
    float error = 2f / batch.positives();
    int i = b * s0.units;
    int iEnd = i + s0.unitCount[b];
    int k = b * r.spikes.units;
    int kEnd = k + r.spikes.unitCount[b];
    while (i < iEnd || k < kEnd) {
      int in = i < iEnd ? s0.unitList[i] : Integer.MAX_VALUE;
      int out = k < kEnd ? r.spikes.unitList[k] : Integer.MAX_VALUE;
      if (in != out) {
        r.signals.append(b, Math.min(in, out), in < out ? error : -error);
      }
      i += in <= out ? 1 : 0;
      k += out <= in ? 1 : 0;
    }
  }

  /**
   * Plasticity of some rows: gather a row's gradient, then Adam, decay and clip. A row whose unit
   * is silent is left for later: it is taken through the steps it missed when its unit spikes
   * again, so that its weights are next read, or at the window's end.
   */
  private void learn(RowItem item, Scratch s) {
    Weights k = item.weights;
    Spikes pre = k.acting();
    boolean contrastive = k.synapse.rule() == Synapse.Rule.CONTRASTIVE;
    float scale = k.synapse.learningScale();
    for (int i = item.fromRow; i < item.toRow; i++) {
      int from = i * n;
      int count = contrastive ? pre.sampleCount[i] : pre.positiveCount[i];
      if (contrastive && count == 0 && !everyRow && k.pre.spikes.sampleCount[i] == 0) {
        continue;
      }
      float[] gradient = silent;
      if (count > 0) {
        gradient = s.gradient;
        k.post.signals.gather(math, scale, pre.sampleList, from, count, gradient);
      }
      if (contrastive) {
        spikesAlone(k.post, pre.sampleList, from, count, s.alone);
      }
      if (!k.update(math, i, step, gradient, contrastive ? s.alone : null)) {
        watch.saw(Quantity.WEIGHTS, k.synapse, step);
      }
    }
  }

  /** (1-a)^T s of a row: the columns' spikes less those in samples where the row's unit spiked. */
  private void spikesAlone(Layer post, int[] list, int from, int count, float[] alone) {
    Spikes s = post.spikes;
    int padded = post.tiling.padded;
    System.arraycopy(post.columnSpikes, step * padded, alone, 0, padded);
    for (int k = from; k < from + count; k++) {
      int start = list[k] * s.units;
      for (int q = start, end = start + s.unitCount[list[k]]; q < end; q++) {
        alone[s.unitList[q]]--;
      }
    }
  }

  @Override
  public void close() {
    workers.close();
  }
}
