package csdp.backend.cpu;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.NotFinite;
import csdp.backend.NotFinite.Quantity;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.backend.cpu.PhaseTimes.Part;
import csdp.backend.cpu.RowMath.Dynamics;
import csdp.error.CsdpException;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.IntFunction;

/**
 * Event-driven, multi-threaded backend. Work is proportional to spikes: currents sum the weight
 * rows of units that spiked, gradients sum the traces of samples in which a unit spiked. Gradients
 * are stored for a few rows per worker only. Adam's cost is proportional to the weights; it is
 * deferred for rows of silent units.
 *
 * <p>A step is a few parallel phases, each a list of independent items: see {@link StepPlan}. This
 * class runs the phases and computes currents and integration; {@link Layer} the quantities that
 * depend on new spikes, {@link Plasticity} the weights. Sums run in the order of the reference
 * backend, so results are bit-identical to it for any number of threads.
 */
public final class CpuBackend implements Backend {
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

  private StepPlan plan; // null before the first window
  private Window window; // null between windows
  private final Workers.Job panelJob = (i, w) -> drive(plan.panels[i], w);
  private final Workers.Job forwardJob = (i, w) -> advance(plan.forward[i], w);
  private final Workers.Job listOrReconstructJob = this::listOrReconstruct;
  private final Workers.Job plasticJob = this::learnRows;

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
    this.layers = spec.populations().stream().map(p -> new Layer(p, c)).toArray(Layer[]::new);
    this.input = layers[spec.input().index()];
    this.context = layers[spec.context().index()];
    if (spec.reconstruction() != null) {
      layers[spec.reconstruction().index()].target = input;
    }
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
    begin(new Window(batch, learning, out, watch));
    for (int step = 1; step <= c.steps(); step++) {
      window.step = step;
      step();
      if (learning != null) {
        // The observer may read all weights, or non-finite values are searched.
        boolean everyRow = step == c.steps() || observer != null || math != fast;
        learn(everyRow);
      }
      watch.check();
      for (Layer layer : layers) {
        for (int b = 0; b < window.n; b++) {
          out.spikes()[layer.p.index()] += layer.spikes.unitCount[b];
        }
      }
      if (observer != null) {
        observer.afterStep(new CpuView(this, layers, window.n, step));
      }
      for (Layer layer : layers) {
        layer.swapSpikes();
      }
    }
    window = null;
  }

  /** Computes the new spikes of a step and the quantities that depend on them. */
  private void step() {
    for (Layer layer : layers) {
      if (layer.p.hasGoodness()) {
        layer.signals.choose();
      }
    }
    window.panelled = inputSpikes() >= PANEL_READS * input.p.units();
    if (window.panelled) {
      phase(panelJob, plan.panels.length, plan::panelPart);
    }
    phase(forwardJob, plan.forward.length, plan::forwardPart);
    int last = plan.lists.length + plan.reconstruct.length;
    phase(listOrReconstructJob, last, plan::listOrReconstructPart);
  }

  /**
   * Applies plasticity.
   *
   * @param everyRow true if no row may be deferred
   */
  private void learn(boolean everyRow) {
    Adam adam = Adam.at(++plasticitySteps, window.learning.learningRate());
    for (Weights w : weights) {
      w.rule.at(window.step, adam);
    }
    plasticity.begin(math, window.step, everyRow);
    phase(plasticJob, plan.plastic.length, plan::plasticPart);
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

  private void begin(Window next) {
    Learning learning = next.learning;
    math = bounded && NotFinite.moderate(learning) ? fast : plain;
    next.out.reset(next.n);
    Learning.Synapses plastic = learning == null ? null : learning.synapses();
    if (plan == null || !plan.isFor(next.n, plastic)) {
      plan = null; // stay consistent if allocation fails
      for (Layer layer : layers) {
        layer.allocate(next.n);
      }
      Arrays.setAll(scratch.samples, w -> new int[next.n]);
      plan = new StepPlan(layers, next.n, plastic, workers.count());
    }
    for (Layer layer : layers) {
      layer.reset();
    }
    for (Weights w : weights) {
      w.begin(learning);
    }
    encoder.begin(next.batch);
    window = next;
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
  private void drive(StepPlan.Panel item, int worker) {
    Weights k = item.weights();
    Spikes pre = k.acting();
    int width = item.width();
    int panel = scratch.panel(worker);
    for (int i = 0; i < pre.units; i++) {
      int row = k.rows.at(i) + item.fromColumn();
      System.arraycopy(k.w, row, scratch.floats, panel + i * width, width);
    }
    RowMath.Matrix matrix = new RowMath.Matrix(scratch.floats, panel, width, width);
    float[] j = k.post.currents;
    float scale = k.synapse.currentScale();
    for (int b : window.samplesByImage) {
      int at = k.rows.at(b) + item.fromColumn();
      int from = b * pre.units;
      int count = pre.unitCount[b];
      if (width == RowMath.PANEL) {
        math.gatherPanel(j, at, scale, scratch.floats, panel, pre.unitList, from, count);
      } else {
        Arrays.fill(j, at, at + width, 0f);
        math.gather(
            j, at, scale, matrix, pre.unitList, from, count, scratch.floats, scratch.sum(worker));
      }
    }
  }

  /** Computes new spikes of some samples of a layer and the quantities that depend on them. */
  private void advance(StepPlan.Samples item, int worker) {
    Layer layer = item.layer();
    if (!layer.p.integrates()) {
      encode(item, worker);
      return;
    }
    integrate(item, worker);
    long start = times == null ? 0 : System.nanoTime();
    for (int b = item.from(); b < item.to(); b++) {
      layer.finish(b, window);
    }
    if (times != null) {
      times.within(worker, StepPlan.finishPart(layer), System.nanoTime() - start);
    }
  }

  /** Draws the input spikes of some samples and clamps their context. */
  private void encode(StepPlan.Samples item, int worker) {
    for (int b = item.from(); b < item.to(); b++) {
      encoder.encode(fast, window.step, b, item.layer().spikes, scratch.words[worker]);
      encoder.clamp(b, context.spikes);
    }
  }

  /** Currents from the rows of spiking units, then integration, for some samples of a layer. */
  private void integrate(StepPlan.Samples item, int worker) {
    Layer layer = item.layer();
    RowLayout rows = layer.rows;
    boolean driven = window.panelled && layer.drivenByInput();
    float[] j = driven ? layer.currents : scratch.floats;
    int bad = 0;
    for (int b = item.from(); b < item.to(); b++) {
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
              k.matrix,
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
      watch.report(Quantity.MEMBRANES, layer.p, window.step);
    }
    if ((bad & RowMath.BAD_THRESHOLD) != 0) {
      int changed = window.step - 1; // the step whose spikes changed them
      watch.report(Quantity.THRESHOLDS, layer.p, changed);
    }
  }

  /** Builds the lists by unit of a layer, or integrates the reconstruction. */
  private void listOrReconstruct(int item, int worker) {
    if (item < plan.lists.length) {
      plan.lists[item].listByUnit(window);
    } else {
      advance(plan.reconstruct[item - plan.lists.length], worker);
    }
  }

  private void learnRows(int item, int worker) {
    StepPlan.Rows rows = plan.plastic[item];
    plasticity.learn(rows.weights(), rows.from(), rows.to(), worker);
  }

  @Override
  public void close() {
    workers.close();
  }
}
