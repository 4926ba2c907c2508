package csdp.backend.cuda;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.backend.cuda.DeviceBuffer.Bytes;
import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.backend.cuda.DeviceBuffer.Ints;
import csdp.backend.cuda.GpuDevice.Sequence;
import csdp.backend.cuda.PopulationState.SpikeBuffers;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import csdp.model.Synapse.Rule;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the hand-written CUDA kernels. The images of a data set and the epoch's order lie on the
 * device ({@link DeviceImages}); a batch's labels and its place in the order are uploaded, its
 * whole time window runs on the device without a host round trip, and the read-outs that are asked
 * for come back once. What changes from batch to batch lies in device memory (place, labels,
 * counters of the random draw, Adam's corrections), so the window is captured once for each kind of
 * batch and queued as a whole. Images that are not stored as bytes are uploaded with their batch.
 *
 * <p>Work follows spikes, as in the {@code cpu} backend, and sums run in the same order.
 */
public final class CudaBackend implements Backend {
  private final NetworkSpec spec;
  private final Constants c;
  private final GpuDevice device;
  private final DeviceMemory parameters; // what is not sized for a batch
  private final DeviceMemory window; // what is sized for the largest batch so far
  private final Kernels kernels;
  private final DenseProducts products; // null: own kernels
  private final SynapseState[] synapses;
  private final Floats[] initialThresholds; // by population; null where nothing integrates
  private final PopulationState[] states;
  private final DeviceImages stored;
  private final Ints draw; // {batch, firstSample, seed, purpose, from}; see encode.cu
  private final Floats tracePowers; // T: what is left of a trace by its age
  private final Floats adam; // T x {rate, secondScale}
  private final Map<Window, Sequence> captured = new HashMap<>();
  private long plasticitySteps;

  private int capacity; // samples that fit
  private Floats images;
  private float[] loose = new float[0]; // for images of a data set without bytes
  private Ints labels;
  private Bytes recorded;
  private Floats wide; // spikes as floats, for products

  /** All that decides which kernels a window launches with which scalar arguments. */
  private record Window(
      int n, int positives, boolean learn, boolean recorded, DeviceImages.OnDevice stored) {}

  /**
   * A network with all parameters zero; {@link #restore} sets them.
   *
   * @param device is closed with this backend, or here if there is not enough memory
   */
  public CudaBackend(NetworkSpec spec, GpuDevice device) {
    this(spec, device, null);
  }

  /**
   * The same with the products of spikes and weights computed elsewhere.
   *
   * @param products on the same device; closed with this backend
   */
  CudaBackend(NetworkSpec spec, GpuDevice device, DenseProducts products) {
    this.spec = spec;
    this.products = products;
    this.c = spec.constants();
    this.device = device;
    this.parameters = new DeviceMemory(device, "fewer hidden units (--hidden)");
    this.window = new DeviceMemory(device);
    this.stored = new DeviceImages(spec.input().units(), parameters, this::forgetWindows);
    this.kernels = new Kernels(device);
    this.synapses = new SynapseState[spec.synapses().size()];
    this.initialThresholds = new Floats[spec.populations().size()];
    this.states = new PopulationState[spec.populations().size()];
    try {
      spec.synapses().forEach(s -> synapses[s.index()] = new SynapseState(parameters, s));
      for (Population p : spec.integrating()) {
        initialThresholds[p.index()] =
            parameters.floats("initial thresholds of " + p.name(), p.units());
      }
      draw = parameters.ints("counters of the draw", 5);
      tracePowers = parameters.floats("powers of a trace", c.steps());
      tracePowers.upload(powers(c));
      adam = parameters.floats("Adam's corrections", 2 * c.steps());
      restore(new Parameters(spec));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** gamma^age for ages 0..T-1, rounded after each product, as a trace decays. */
  static float[] powers(Constants c) {
    float[] power = new float[c.steps()];
    power[0] = 1;
    for (int age = 1; age < power.length; age++) {
      power[age] = power[age - 1] * c.traceDecay();
    }
    return power;
  }

  @Override
  public String name() {
    return device.name();
  }

  @Override
  public String description() {
    return device.description() + (products == null ? "" : ", products by cuBLAS");
  }

  @Override
  public NetworkSpec spec() {
    return spec;
  }

  /** Number of device buffers that it holds. */
  int liveBuffers() {
    return parameters.live() + window.live();
  }

  @Override
  public void restore(Parameters from) {
    for (SynapseState s : synapses) {
      s.upload(from);
    }
    for (Population p : spec.integrating()) {
      initialThresholds[p.index()].upload(from.thresholds(p));
    }
    plasticitySteps = from.plasticitySteps();
  }

  @Override
  public void snapshot(Parameters into) {
    for (SynapseState s : synapses) {
      s.download(into);
    }
    for (Population p : spec.integrating()) {
      initialThresholds[p.index()].download(into.thresholds(p));
    }
    into.plasticitySteps(plasticitySteps);
  }

  @Override
  public void run(Batch batch, boolean learn, ReadOut out, StepObserver observer) {
    boolean replayed = batch.input() instanceof Batch.Recorded;
    reserve(batch);
    DeviceImages.OnDevice images =
        !replayed && batch.images() instanceof Batch.Stored s ? stored.show(s) : null;
    Window w = new Window(batch.size(), batch.positives(), learn, replayed, images);
    upload(batch, images != null);
    long before = plasticitySteps;
    if (learn) {
      uploadAdam();
    }
    if (observer == null) {
      captured.computeIfAbsent(w, k -> device.capture(() -> whole(k))).run();
      plasticitySteps = before + (learn ? c.steps() : 0);
    } else {
      begin(w);
      for (int step = 1; step <= c.steps(); step++) {
        step(w, step);
        plasticitySteps = before + (learn ? step : 0);
        observer.afterStep(new CudaStepView(this, step, w.n));
      }
    }
    readOut(batch.size(), out);
  }

  /** Room for a batch: as it is where the last one was not smaller. */
  private void reserve(Batch batch) {
    int spikes = batch.input() instanceof Batch.Recorded r ? r.spikes().length : 0;
    if (batch.size() <= capacity && spikes <= recorded.length()) {
      return;
    }
    forgetWindows(null);
    window.close();
    capacity = 0;
    try {
      for (Population p : spec.populations()) {
        states[p.index()] = new PopulationState(window, p, batch.size(), c.steps());
      }
      int pixels = Math.multiplyExact(batch.size(), spec.input().units());
      images = window.floats("images", pixels);
      labels = window.ints("labels", batch.size());
      recorded = window.bytes("recorded input spikes", spikes);
      if (products != null) {
        int widest = spec.populations().stream().mapToInt(Population::units).max().orElseThrow();
        wide = window.floats("spikes as floats", Math.multiplyExact(batch.size(), widest));
      }
      capacity = batch.size();
    } catch (RuntimeException e) {
      window.close(); // a smaller batch may fit
      throw e;
    }
  }

  private void upload(Batch batch, boolean onDevice) {
    labels.upload(batch.labels(), batch.size());
    if (batch.input() instanceof Batch.Recorded r) {
      recorded.upload(r.spikes());
    } else {
      Batch.Drawn d = (Batch.Drawn) batch.input();
      if (!onDevice) {
        images.upload(loose(batch), batch.size() * spec.input().units());
      }
      int from = batch.images() instanceof Batch.Stored s ? s.from() : 0;
      draw.upload(new int[] {d.batch(), d.firstSample(), d.seed(), d.purpose().ordinal(), from});
    }
  }

  private float[] loose(Batch batch) {
    if (batch.images() instanceof Batch.Given g) {
      return g.pixels();
    }
    int units = spec.input().units();
    if (loose.length < batch.size() * units) {
      loose = new float[batch.size() * units];
    }
    for (int b = 0; b < batch.size(); b++) {
      batch.copyImage(b, loose, b * units);
    }
    return loose;
  }

  private void uploadAdam() {
    float[] corrections = new float[2 * c.steps()];
    for (int t = 0; t < c.steps(); t++) {
      Adam a = Adam.at(plasticitySteps + t + 1, c.learningRate());
      corrections[2 * t] = a.rate();
      corrections[2 * t + 1] = a.secondScale();
    }
    adam.upload(corrections);
  }

  // What follows only queues work on the device.

  private void whole(Window w) {
    begin(w);
    for (int step = 1; step <= c.steps(); step++) {
      step(w, step);
    }
  }

  /** Start of a batch: v = 0, z = 0, no spikes, thr = thr0 for every sample. */
  private void begin(Window w) {
    for (PopulationState s : states) {
      s.clear();
      if (s.p.integrates()) {
        kernels.rest(initialThresholds[s.p.index()], s, w.n);
      }
    }
  }

  /** One step, in the order of the model. */
  private void step(Window w, int t) {
    List<Population> feedForward =
        spec.integrating().stream().filter(p -> !p.fedByNewSpikes()).toList();
    feedForward.forEach(p -> currents(p, w, t));
    encode(w, t);
    feedForward.forEach(p -> kernels.integrate(state(p), t, c, w.n));
    for (Population r : spec.populations(Role.RECONSTRUCTION)) {
      currents(r, w, t);
      kernels.integrate(state(r), t, c, w.n);
    }
    for (Population hidden : spec.populations(Role.HIDDEN)) {
      kernels.modulate(state(hidden), tracePowers, t, c, w.positives, w.n);
    }
    if (w.learn) {
      errors(w, t);
      plasticity(w, t);
    }
  }

  /** 1. j = sum over incoming synapses of (signed resistance) x (spikes x weights). */
  private void currents(Population post, Window w, int t) {
    boolean add = false;
    for (var s : spec.incoming(post)) {
      SynapseState k = synapses[s.index()];
      if (products != null) {
        kernels.widen(acting(k, t), wide, w.n, k.rows());
        products.multiply(
            state(post).current,
            wide,
            k.weights(),
            k.synapse().currentScale(),
            add,
            w.n,
            k.rows(),
            k.cols());
      } else {
        ownProduct(k, t, add, w.n);
      }
      add = true;
    }
  }

  /** Spikes x weights of a synapse into the currents, by the kernel that suits its spikes. */
  void ownProduct(SynapseState k, int t, boolean add, int n) {
    PopulationState post = state(k.synapse().post());
    if (manySpikes(k)) {
      kernels.currentsTiled(post, acting(k, t), k, add, n);
    } else {
      kernels.currents(post, acting(k, t), k, add, n);
    }
  }

  /** About one input unit in eight spikes in a step, but one hidden unit in hundreds. */
  private static boolean manySpikes(SynapseState k) {
    return k.synapse().pre().role() == Role.INPUT;
  }

  /** The presynaptic spikes that act on a synapse in a step. */
  SpikeBuffers acting(SynapseState k, int t) {
    PopulationState pre = state(k.synapse().pre());
    return pre.spikes(k.synapse().post().fedByNewSpikes() ? t : t - 1);
  }

  /** 2. Input spikes and the clamped label. */
  private void encode(Window w, int t) {
    PopulationState input = state(spec.input());
    if (w.recorded) {
      kernels.encodeRecorded(recorded, t, input, input.spikes(t), w.n);
    } else if (w.stored != null) {
      kernels.encodeStored(
          w.stored.pixels(), w.stored.order(), draw, t, input, input.spikes(t), w.positives, w.n);
    } else {
      kernels.encode(images, draw, t, input, input.spikes(t), w.n);
    }
    PopulationState context = state(spec.context());
    kernels.clampContext(labels, context, context.spikes(t), w.n);
  }

  /** 6. Errors of head and reconstruction, of positive samples only. */
  private void errors(Window w, int t) {
    if (w.positives == 0) {
      return;
    }
    kernels.headError(labels, state(spec.head()), w.positives);
    if (spec.reconstruction() != null) {
      PopulationState r = state(spec.reconstruction());
      kernels.reconstructionError(state(spec.input()).spikes(t), r.spikes(t), r, w.positives);
    }
  }

  /** 7. All synapses learn, at every step. */
  private void plasticity(Window w, int t) {
    for (PopulationState s : states) {
      if (spec.synapses().stream().anyMatch(k -> k.pre() == s.p)) {
        kernels.listSamples(s, s.spikes(t), w.n, w.positives);
      }
    }
    for (SynapseState k : synapses) {
      PopulationState post = state(k.synapse().post());
      if (k.synapse().rule() == Rule.CONTRASTIVE && manySpikes(k)) {
        kernels.learnContrastiveTiled(k, acting(k, t), post, adam, t, c.weightDecay(), w.n);
      } else if (k.synapse().rule() == Rule.CONTRASTIVE) {
        kernels.learnContrastive(k, acting(k, t), post, adam, t, c.weightDecay(), w.n);
      } else {
        kernels.learnError(k, acting(k, t), post, adam, t, w.n);
      }
    }
  }

  /** 8. Sums over the window, once per batch. */
  private void readOut(int n, ReadOut out) {
    out.reset(n);
    state(spec.head()).readOut.download(out.classSpikes());
    for (Population hidden : out.counted()) {
      state(hidden).readOut.download(out.hiddenSpikes(hidden));
    }
    if (spec.reconstruction() != null) {
      state(spec.reconstruction()).readOut.download(out.reconstruction());
    }
    int[] totals = new int[n];
    for (PopulationState s : states) {
      for (int spikes : s.total.download(totals)) {
        out.spikes()[s.p.index()] += spikes;
      }
    }
  }

  /** State of a population; the buffers stay until a larger batch comes. */
  PopulationState state(Population p) {
    return states[p.index()];
  }

  SynapseState synapse(Synapse s) {
    return synapses[s.index()];
  }

  /** Forgets what was captured: with a data set, or all where that is null. */
  private void forgetWindows(DeviceImages.OnDevice of) {
    List<Window> those =
        captured.keySet().stream().filter(w -> of == null || w.stored == of).toList();
    those.forEach(w -> captured.remove(w).close());
  }

  @Override
  public void close() {
    try (device;
        products;
        parameters;
        window) { // the last first, each whatever befalls another
      forgetWindows(null);
    }
  }
}
