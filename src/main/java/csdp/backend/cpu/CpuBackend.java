package csdp.backend.cpu;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.NotFinite;
import csdp.backend.NotFinite.Quantity;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.backend.cpu.PhaseTimes.Kind;
import csdp.backend.cpu.PhaseTimes.Part;
import csdp.backend.cpu.RowMath.Dynamics;
import csdp.error.CsdpException;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Event-driven, multi-threaded backend. Work is proportional to spikes: currents sum the weight
 * rows of units that spiked, gradients sum the traces of samples in which a unit spiked. Gradients
 * are stored for a few rows per worker only. Adam's cost is proportional to the weights; it is
 * deferred for rows of silent units.
 *
 * <p>A step is a few parallel phases, each a list of independent items: panels of columns for the
 * currents of the input; samples for other currents, integration, lists, goodness and errors; rows
 * for plasticity. Sums run in the order of the reference backend, so results are bit-identical to
 * it for any number of threads.
 */
public final class CpuBackend implements Backend {
  private static final int SAMPLE_CHUNK = 16;
  private static final int ROW_CHUNK = 2 * Spikes.GROUP; // whole groups only

  /** Minimum reads per weight row for which copying a panel pays off. */
  private static final long PANEL_READS = 8;

  private final NetworkSpec spec;
  private final Constants c;
  private final RowMath fast;
  private final RowMath plain = new PlainRowMath();
  private boolean bounded; // no value can stop being finite at moderate rates
  private RowMath math; // the fast one if all values must stay finite
  private final Workers workers;
  private final Dynamics dynamics;
  private final Layer[] layers;
  private final Layer input;
  private final Layer context;
  private final Weights[] weights;
  private final Scratch scratch;
  private final Plasticity plasticity;
  private final Encoder encoder;
  private final NotFinite.Watch watch;
  private CsdpException refused; // non-null if restored parameters are not finite; run throws it
  private long plasticitySteps;
  private PhaseTimes times; // null unless measuring

  // The current batch.
  private Batch batch;
  private int n;
  private int[] samplesByImage; // samples, those of the same image next to each other
  private int step;
  private Learning learning; // null for inference
  private ReadOut out;

  // Items of the phases of a step. Constant while N is constant.
  private PanelItem[] panels = {}; // currents of the input, if panels pay off
  private boolean panelled; // true if used in this step
  private SampleItem[] feedForward = {}; // hidden layers, head and input
  private SampleItem[] reconstruct = {};
  private Layer[] transposed = {};
  private RowItem[] plastic = {};
  private final Workers.Job panelJob = (i, w) -> drive(panels[i], w);
  private final Workers.Job sampleJob = (i, w) -> advance(feedForward[i], w);
  private final Workers.Job reconstructJob = this::reconstructOrTranspose;
  private final Workers.Job plasticityJob = this::learn;

  /** Columns of a synapse, for all samples. */
  private record PanelItem(Weights weights, int fromColumn, int width) {}

  /** A layer for some samples. */
  private record SampleItem(Layer layer, int fromSample, int toSample) {}

  /** Rows of a synapse. */
  private record RowItem(Weights weights, int fromRow, int toRow) {}

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
    this.input = layers[spec.input().index()];
    this.context = layers[spec.context().index()];
    this.weights =
        spec.synapses().stream()
            .map(s -> new Weights(s, layers[s.pre().index()], layers[s.post().index()], c.steps()))
            .toArray(Weights[]::new);
    this.watch = new NotFinite.Watch(spec);
    this.encoder = new Encoder(spec.input().units());
    int widest = spec.populations().stream().mapToInt(Population::units).max().orElseThrow();
    this.scratch = new Scratch(threads, widest, spec.input().units(), encoder.words());
    this.plasticity = new Plasticity(scratch, watch, widest);
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return String.format(
        Locale.ROOT,
        "cpu: event-driven, %d thread%s, %s",
        workers.count(),
        workers.count() == 1 ? "" : "s",
        math.description());
  }

  @Override
  public NetworkSpec spec() {
    return spec;
  }

  @Override
  public void restore(Parameters from) {
    for (Weights k : weights) {
      int rows = k.synapse.pre().units();
      k.rows.fromDense(from.weights(k.synapse), k.w, rows);
      k.rows.fromDense(from.firstMoments(k.synapse), k.m, rows);
      k.rows.fromDense(from.secondMoments(k.synapse), k.v, rows);
    }
    for (Population p : spec.integrating()) {
      System.arraycopy(from.thresholds(p), 0, layers[p.index()].initialThreshold, 0, p.units());
    }
    plasticitySteps = from.plasticitySteps();
    refused = NotFinite.in(from);
    bounded = NotFinite.impossible(from);
    math = bounded ? fast : plain;
  }

  @Override
  public void snapshot(Parameters into) {
    for (Weights k : weights) {
      int rows = k.synapse.pre().units();
      k.rows.toDense(k.w, into.weights(k.synapse), rows);
      k.rows.toDense(k.m, into.firstMoments(k.synapse), rows);
      k.rows.toDense(k.v, into.secondMoments(k.synapse), rows);
    }
    for (Population p : spec.integrating()) {
      System.arraycopy(layers[p.index()].initialThreshold, 0, into.thresholds(p), 0, p.units());
    }
    into.plasticitySteps(plasticitySteps);
  }

  @Override
  public void run(Batch batch, Learning learning, ReadOut out, StepObserver observer) {
    if (refused != null) {
      throw refused;
    }
    begin(batch, learning, out);
    for (step = 1; step <= c.steps(); step++) {
      for (Layer layer : layers) {
        if (layer.p.hasGoodness()) {
          layer.signals.choose();
        }
      }
      panelled = inputSpikes() >= PANEL_READS * input.p.units();
      if (panelled) {
        phase(panelJob, panels.length, this::currentsPart);
      }
      phase(sampleJob, feedForward.length, this::integratePart);
      phase(reconstructJob, transposed.length + reconstruct.length, this::reconstructPart);
      if (learning != null) {
        Adam adam = Adam.at(++plasticitySteps, learning.learningRate());
        for (Weights w : weights) {
          w.rule.at(step, adam);
        }
        // The observer may read all weights, or non-finite values are searched.
        boolean everyRow = step == c.steps() || observer != null || math != fast;
        plasticity.begin(math, step, everyRow);
        phase(plasticityJob, plastic.length, this::plasticityPart);
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
   * Starts or stops measuring the time of phases.
   *
   * @param into accumulates times; null to stop
   */
  public void measure(PhaseTimes into) {
    times = into;
  }

  /**
   * Runs a phase.
   *
   * @param part of an item, for the times
   */
  private void phase(Workers.Job job, int items, IntFunction<Part> part) {
    if (times == null) {
      workers.run(job, items);
    } else {
      times.run(workers, job, items, part);
    }
  }

  private Part currentsPart(int item) {
    return new Part(Kind.CURRENTS, panels[item].weights.synapse.name());
  }

  private Part integratePart(int item) {
    Population p = feedForward[item].layer.p;
    return p.integrates() ? new Part(Kind.INTEGRATE, p.name()) : Part.ENCODE;
  }

  private Part reconstructPart(int item) {
    return item < transposed.length
        ? Part.LISTS
        : new Part(Kind.INTEGRATE, reconstruct[item - transposed.length].layer.p.name());
  }

  private Part plasticityPart(int item) {
    return new Part(Kind.PLASTICITY, plastic[item].weights.synapse.name());
  }

  private void begin(Batch batch, Learning learning, ReadOut out) {
    this.batch = batch;
    this.learning = learning;
    this.out = out;
    math = bounded && NotFinite.moderate(learning) ? fast : plain;
    out.reset(batch.size());
    samplesByImage =
        IntStream.range(0, batch.size())
            .boxed()
            .sorted(Comparator.comparingInt(batch::original))
            .mapToInt(Integer::intValue)
            .toArray();
    if (n != batch.size()) {
      n = 0; // stay consistent if allocation fails
      for (Layer layer : layers) {
        layer.allocate(batch.size());
      }
      Arrays.setAll(scratch.samples, w -> new int[batch.size()]);
      n = batch.size();
      layOut();
    }
    transposed =
        learning != null
            ? Arrays.stream(layers)
                .filter(l -> Arrays.stream(weights).anyMatch(w -> w.pre == l))
                .toArray(Layer[]::new)
            : new Layer[0];
    for (Layer layer : layers) {
      layer.reset();
    }
    for (Weights w : weights) {
      w.begin(learning);
    }
    encoder.begin(batch);
  }

  /** Divides the phases into items. */
  private void layOut() {
    List<PanelItem> columns = new ArrayList<>();
    List<SampleItem> forward = new ArrayList<>();
    List<SampleItem> recon = new ArrayList<>();
    List<RowItem> rows = new ArrayList<>();
    for (Layer layer : layers) {
      if (!layer.p.integrates()) {
        continue;
      }
      addSamples(layer.p.fedByNewSpikes() ? recon : forward, layer);
      if (layer.drivenByInput()) {
        for (int c = 0; c < layer.rows.padded; c += RowMath.PANEL) {
          int width = Math.min(RowMath.PANEL, layer.rows.padded - c);
          columns.add(new PanelItem(layer.incoming.get(0), c, width));
        }
      }
      for (Weights w : layer.incoming) {
        int units = w.synapse.pre().units();
        for (int r = 0; r < units; r += ROW_CHUNK) {
          rows.add(new RowItem(w, r, Math.min(units, r + ROW_CHUNK)));
        }
      }
    }
    addSamples(forward, input);
    panels = columns.toArray(PanelItem[]::new);
    feedForward = forward.toArray(SampleItem[]::new);
    reconstruct = recon.toArray(SampleItem[]::new);
    plastic = rows.toArray(RowItem[]::new);
  }

  private void addSamples(List<SampleItem> items, Layer layer) {
    for (int b = 0; b < n; b += SAMPLE_CHUNK) {
      items.add(new SampleItem(layer, b, Math.min(n, b + SAMPLE_CHUNK)));
    }
  }

  /** Returns the number of input spikes that act in this step. */
  private long inputSpikes() {
    long sum = 0;
    for (int count : input.previous.unitCount) {
      sum += count;
    }
    return sum;
  }

  /**
   * Computes the currents of the input for all samples and a panel of columns, which is copied to
   * stay in L2. Samples of the same image follow each other, so most of their rows are in L1.
   */
  private void drive(PanelItem item, int worker) {
    Weights k = item.weights;
    Spikes pre = k.acting();
    int width = item.width;
    int panel = scratch.panel(worker);
    for (int i = 0; i < pre.units; i++) {
      int row = k.rows.at(i) + item.fromColumn;
      System.arraycopy(k.w, row, scratch.floats, panel + i * width, width);
    }
    float[] j = k.post.currents;
    float scale = k.synapse.currentScale();
    for (int b : samplesByImage) {
      int at = k.rows.at(b) + item.fromColumn;
      int from = b * pre.units;
      int count = pre.unitCount[b];
      if (width == RowMath.PANEL) {
        math.gatherPanel(j, at, scale, scratch.floats, panel, pre.unitList, from, count);
      } else {
        Arrays.fill(j, at, at + width, 0f);
        math.gather(
            j,
            at,
            scale,
            scratch.floats,
            panel,
            width,
            width,
            pre.unitList,
            from,
            count,
            scratch.floats,
            scratch.sum(worker));
      }
    }
  }

  /** Computes new spikes of some samples of a layer and the quantities that depend on them. */
  private void advance(SampleItem item, int worker) {
    if (!item.layer.p.integrates()) {
      encode(item, worker);
      return;
    }
    integrate(item, worker);
    long start = times == null ? 0 : System.nanoTime();
    Part part = null;
    for (int b = item.fromSample; b < item.toSample; b++) {
      part = finish(item.layer, b);
    }
    if (times != null) {
      times.within(worker, part, System.nanoTime() - start);
    }
  }

  /** Ends a step of a sample; returns the part that its time counts for. */
  private Part finish(Layer layer, int b) {
    return switch (layer.p.role()) {
      case HIDDEN -> {
        finishHidden(layer, b);
        yield Part.SAMPLES;
      }
      case HEAD -> {
        finishHead(layer, b);
        yield Part.SAMPLES;
      }
      case RECONSTRUCTION -> {
        finishReconstruction(layer, b);
        yield Part.ERRORS;
      }
      case INPUT, CONTEXT -> throw new IllegalStateException(layer.p.name());
    };
  }

  /** Draws the input spikes of some samples and clamps their context. */
  private void encode(SampleItem item, int worker) {
    for (int b = item.fromSample; b < item.toSample; b++) {
      encoder.encode(fast, step, b, item.layer.spikes, scratch.words[worker]);
      encoder.clamp(b, context.spikes);
    }
  }

  /** Currents from the rows of spiking units, then integration, for some samples of a layer. */
  private void integrate(SampleItem item, int worker) {
    Layer layer = item.layer;
    RowLayout rows = layer.rows;
    boolean driven = panelled && layer.drivenByInput();
    float[] j = driven ? layer.currents : scratch.floats;
    int bad = 0;
    for (int b = item.fromSample; b < item.toSample; b++) {
      int at = driven ? rows.at(b) : scratch.current(worker);
      if (!driven) {
        Arrays.fill(j, at, at + rows.padded, 0f);
      }
      for (int q = driven ? 1 : 0; q < layer.incoming.size(); q++) {
        Weights k = layer.incoming.get(q);
        Spikes pre = k.acting();
        if (pre.unitCount[b] > 0) {
          math.gather(
              j,
              at,
              k.synapse.currentScale(),
              k.w,
              rows.at(0),
              rows.stride,
              rows.padded,
              pre.unitList,
              b * pre.units,
              pre.unitCount[b],
              scratch.floats,
              scratch.sum(worker));
        }
      }
      bad |=
          math.integrate(
              j,
              at,
              layer.membrane,
              layer.threshold,
              layer.trace,
              rows.at(b),
              rows.padded,
              dynamics,
              layer.thresholdChange[b],
              layer.spikes.bits,
              b * layer.spikes.words);
    }
    if ((bad & RowMath.BAD_MEMBRANE) != 0) {
      watch.report(Quantity.MEMBRANES, layer.p, step);
    }
    if ((bad & RowMath.BAD_THRESHOLD) != 0) {
      watch.report(Quantity.THRESHOLDS, layer.p, step - 1); // the step whose spikes changed them
    }
  }

  /** Spike list, thresholds, goodness and modulator. */
  private void finishHidden(Layer layer, int b) {
    adapt(layer, b);
    modulate(layer, b);
    if (out.hiddenSpikes(layer.p).length > 0) { // requested
      layer.spikes.addTo(out.hiddenSpikes(layer.p), b);
    }
  }

  /** Spike list, thresholds, error and read-out. */
  private void finishHead(Layer layer, int b) {
    adapt(layer, b);
    headError(layer, b);
    layer.spikes.addTo(out.classSpikes(), b);
  }

  private void adapt(Layer layer, int b) {
    if (!Float.isFinite(layer.adapt(b, c.thresholdRate()))) {
      watch.report(Quantity.THRESHOLDS, layer.p, step);
    }
  }

  private void modulate(Layer hidden, int b) {
    float g = hidden.goodness(b, step);
    if (!Float.isFinite(g)) {
      watch.report(Quantity.GOODNESS, hidden.p, step);
    }
    double p = 1 / (1 + StrictMath.exp(-(g - c.goodnessThreshold())));
    hidden.modulate(b, step, (float) (2 * (p - (b < batch.positives() ? 1 : 0)) / n));
  }

  private void headError(Layer head, int b) {
    head.signals.count[b] = 0;
    if (b < batch.positives()) {
      for (int k = 0; k < head.p.units(); k++) {
        int target = batch.label(b) == k ? 1 : 0;
        float z = head.trace[head.rows.at(b) + k];
        head.signals.append(b, k, 2 * (target - z) / batch.positives());
      }
    }
  }

  /**
   * Builds the lists by unit of the presynaptic populations, or integrates the reconstruction; both
   * in one phase.
   */
  private void reconstructOrTranspose(int item, int worker) {
    if (item >= transposed.length) {
      advance(reconstruct[item - transposed.length], worker);
      return;
    }
    Layer layer = transposed[item];
    layer.spikes.transpose(batch.positives());
    int at = layer.rows.at(step);
    for (int i = 0; i < layer.p.units(); i++) {
      layer.columnSpikes[at + i] = layer.spikes.sampleCount[i];
    }
  }

  /** Spike list, sum of traces and error. */
  private void finishReconstruction(Layer r, int b) {
    r.spikes.list(b);
    float[] sums = out.reconstruction();
    int at = r.rows.at(b);
    int sum = b * r.p.units();
    for (int k = 0; k < r.p.units(); k++) {
      sums[sum + k] += r.trace[at + k];
    }
    r.signals.count[b] = 0;
    if (learning != null && b < batch.positives()) {
      reconstructionError(r, input.spikes, b);
    }
  }

  /** e = 2 (s0 - sR) / N+ is nonzero if exactly one of the two spiked; both lists ascend. */
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

  private void learn(int item, int worker) {
    RowItem rows = plastic[item];
    plasticity.learn(rows.weights, rows.fromRow, rows.toRow, worker);
  }

  @Override
  public void close() {
    workers.close();
  }
}
