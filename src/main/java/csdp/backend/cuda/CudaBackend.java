package csdp.backend.cuda;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.NotFinite;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.backend.cuda.device.DenseProducts;
import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.GpuDevice;
import csdp.backend.cuda.device.GpuDevice.Sequence;
import csdp.error.CsdpException;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Executes the CUDA kernels. The images of a data set and the epoch's order are stored on the
 * device ({@link DeviceImages}). A batch uploads its labels and its position in the order; its
 * whole time window runs on the device without a host round trip, and the requested read-outs are
 * copied back once. Values that change between batches (position, labels, counters of the random
 * numbers, Adam's corrections) are in device memory, so the window is captured once per kind of
 * batch and launched as a whole. Images that are not stored as bytes are uploaded with their batch.
 *
 * <p>A step is four launches, two where nothing is learned, whatever the network: each does one
 * phase for every row of its tables ({@link NetworkState}).
 *
 * <p>Work follows spikes, as in the {@code cpu} backend, and sums run in the same order.
 */
public final class CudaBackend implements Backend {
  /** Maximum samples of a training batch: kernels number them in 16 bits. */
  static final int MOST_LEARNED = 0xFFFF;

  private final NetworkSpec spec;
  private final Constants c;
  private final GpuDevice device;
  private final NetworkState net;
  private final Kernels kernels;
  private final DenseProducts products; // null: own kernels
  private final DeviceImages stored;
  private final Ints draw; // {batch, firstSample, seed, purpose, from}; see encode.cu
  private final Map<Window, Sequence> captured = new HashMap<>();
  private final NotFinite.Watch watch;
  private CsdpException refused; // non-null if restored parameters are not finite; run throws it
  private long plasticitySteps;

  private Floats images;
  private float[] hostImages = new float[0]; // for images of a data set without bytes
  private Bytes recorded;
  private Floats wide; // spikes as floats, for products

  /** Key of a captured window: everything that determines its launches and scalar arguments. */
  private record Window(
      int n,
      int positives,
      boolean context,
      Learning.Synapses learn, // null for inference
      boolean recorded,
      DeviceImages.OnDevice stored) {}

  /**
   * A network with all parameters zero; {@link #restore} sets them.
   *
   * @param device closed with this backend, or by the constructor if memory does not suffice
   */
  public CudaBackend(NetworkSpec spec, GpuDevice device) {
    this(spec, device, null);
  }

  /**
   * As above, with another implementation of the products of spikes and weights.
   *
   * @param products on the same device; closed with this backend
   */
  CudaBackend(NetworkSpec spec, GpuDevice device, DenseProducts products) {
    this.spec = spec;
    this.products = products;
    this.c = spec.constants();
    this.device = device;
    this.kernels = new Kernels(device);
    this.watch = new NotFinite.Watch(spec);
    try {
      net = new NetworkState(spec, device, products != null);
    } catch (RuntimeException e) {
      closeDevice();
      throw e;
    }
    this.stored = new DeviceImages(spec.input().units(), net.parameters, this::forgetWindows);
    try {
      draw = net.parameters.ints("counters of the draw", 5);
      restore(new Parameters(spec));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
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

  /** Returns the number of device buffers. */
  int liveBuffers() {
    return net.liveBuffers();
  }

  /** Returns the network on the device. */
  NetworkState net() {
    return net;
  }

  @Override
  public void restore(Parameters from) {
    net.restore(from);
    plasticitySteps = from.plasticitySteps();
    refused = NotFinite.in(from);
  }

  @Override
  public void snapshot(Parameters into) {
    net.snapshot(into);
    into.plasticitySteps(plasticitySteps);
  }

  /**
   * {@inheritDoc}
   *
   * @throws CsdpException usage (exit code 2), if a batch is too large to learn from
   */
  @Override
  public void run(Batch batch, Learning learning, ReadOut out, StepObserver observer) {
    if (refused != null) {
      throw refused;
    }
    boolean learn = learning != null;
    if (learn && batch.size() > MOST_LEARNED) {
      throw CsdpException.badInput(
          "a batch of %,d samples, negatives included, is too large for the device %s, which learns"
              + " from at most %,d: use smaller batches (--batch)",
          batch.size(), name(), MOST_LEARNED);
    }
    boolean replayed = batch.input() instanceof Batch.Recorded;
    reserve(batch);
    DeviceImages.OnDevice images =
        !replayed && batch.images() instanceof Batch.Stored s ? stored.show(s) : null;
    Window w =
        new Window(
            batch.size(),
            batch.positives(),
            batch.context(),
            learn ? learning.synapses() : null,
            replayed,
            images);
    upload(batch, images != null);
    long before = plasticitySteps;
    if (learn) {
      net.uploadLearning(learning, plasticitySteps);
    }
    if (observer == null) {
      captured.computeIfAbsent(w, k -> device.capture(() -> whole(k))).run();
      plasticitySteps = before + (learn ? c.steps() : 0);
    } else {
      encode(w);
      for (int step = 1; step <= c.steps(); step++) {
        step(w, step, true);
        plasticitySteps = before + (learn ? step : 0);
        checkFinite();
        observer.afterStep(new CudaStepView(this, step, w.n));
      }
    }
    readOut(batch.size(), out);
  }

  /** Allocates memory for a batch unless there is enough. */
  private void reserve(Batch batch) {
    int spikes = batch.input() instanceof Batch.Recorded r ? r.spikes().length : 0;
    if (net.fits(batch.size()) && spikes <= recorded.length()) {
      return;
    }
    forgetWindows(null);
    net.release();
    try {
      images = net.window.floats("images", (long) batch.size() * spec.input().units());
      recorded = net.window.bytes("recorded input spikes", spikes);
      if (products != null) {
        int widest = spec.populations().stream().mapToInt(Population::units).max().orElseThrow();
        wide = net.window.floats("spikes as floats", (long) batch.size() * widest);
      }
      net.reserve(batch.size());
    } catch (RuntimeException e) {
      net.release(); // a smaller batch may fit
      throw e;
    }
  }

  private void upload(Batch batch, boolean onDevice) {
    net.uploadLabels(batch.labels(), batch.size());
    if (batch.input() instanceof Batch.Recorded r) {
      recorded.upload(r.spikes());
    } else {
      Batch.RandomSpikes d = (Batch.RandomSpikes) batch.input();
      if (!onDevice) {
        images.upload(hostImages(batch), batch.size() * spec.input().units());
      }
      int from = batch.images() instanceof Batch.Stored s ? s.from() : 0;
      draw.upload(new int[] {d.batch(), d.firstSample(), d.seed(), d.purpose().ordinal(), from});
    }
  }

  private float[] hostImages(Batch batch) {
    if (batch.images() instanceof Batch.Given g) {
      return g.pixels();
    }
    int units = spec.input().units();
    if (hostImages.length < batch.size() * units) {
      hostImages = new float[batch.size() * units];
    }
    for (int b = 0; b < batch.size(); b++) {
      batch.copyImage(b, hostImages, b * units);
    }
    return hostImages;
  }

  // From here on, work is only queued on the device.

  private void whole(Window w) {
    encode(w);
    for (int step = 1; step <= c.steps(); step++) {
      step(w, step, step == c.steps());
    }
  }

  /** Queues the input spikes of all steps and the clamped labels. */
  private void encode(Window w) {
    if (w.recorded) {
      kernels.encodeRecorded(net, recorded, w.n);
    } else if (w.stored != null) {
      kernels.encodeStored(net, w.stored.pixels(), w.stored.order(), draw, w.positives, w.n);
    } else {
      kernels.encode(net, images, draw, w.n);
    }
    kernels.clampContext(net, w.context, w.n);
  }

  /**
   * Queues one step.
   *
   * @param read true if parameters are read after this step
   */
  private void step(Window w, int t, boolean read) {
    products(w, t, false);
    kernels.forward(net, t, w.n);
    products(w, t, true);
    kernels.signals(net, t, w.n, w.positives, w.learn != null);
    if (w.learn != null) {
      kernels.transpose(net, t, w.n);
      kernels.learn(net, w.learn, t, w.n, w.positives, read);
    }
  }

  /** Queues dense products, if enabled, for populations driven by new or by previous spikes. */
  private void products(Window w, int t, boolean newSpikes) {
    for (Synapse s : products == null ? List.<Synapse>of() : spec.synapses()) {
      if (s.post().fedByNewSpikes() == newSpikes) {
        int acting = newSpikes ? t : t - 1;
        kernels.widen(net, s.pre(), wide, acting, w.n);
        products.multiply(
            net.state(s.post()).current,
            wide,
            net.synapse(s).weights(),
            s.currentScale(),
            spec.incoming(s.post()).get(0) != s,
            w.n,
            s.pre().units(),
            Padding.stride(s.post().units()));
      }
    }
  }

  /** Throws if a value of this window so far is not finite. */
  private void checkFinite() {
    watch.report(net.seen());
    watch.check();
  }

  /** Copies the sums over the window back, once per batch. */
  private void readOut(int n, ReadOut out) {
    checkFinite();
    out.reset(n);
    readOut(spec.head(), out.classSpikes());
    for (Population hidden : out.counted()) {
      readOut(hidden, out.hiddenSpikes(hidden));
    }
    if (spec.reconstruction() != null) {
      readOut(spec.reconstruction(), out.reconstruction());
    }
    int[] totals = new int[n];
    for (Population p : spec.populations()) {
      for (int spikes : net.state(p).total.download(totals)) {
        out.spikes()[p.index()] += spikes;
      }
    }
  }

  private void readOut(Population p, float[] into) {
    Padding.download(net.state(p).readOut, into, p.units());
  }

  /** Discards captured windows: those with a data set, or all if that is null. */
  private void forgetWindows(DeviceImages.OnDevice of) {
    List<Window> those =
        captured.keySet().stream().filter(w -> of == null || w.stored == of).toList();
    those.forEach(w -> captured.remove(w).close());
  }

  @Override
  public void close() {
    try (device;
        products;
        net) { // closed in reverse order, each even if another fails
      forgetWindows(null);
    }
  }

  private void closeDevice() {
    try (device;
        products) {
      // the network is the only resource so far
    }
  }
}
