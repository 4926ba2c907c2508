package csdp.backend.reference;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.NotFinite;
import csdp.backend.NotFinite.Quantity;
import csdp.backend.ReadOut;
import csdp.backend.StepObserver;
import csdp.backend.StepView;
import csdp.error.CsdpException;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Philox;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.Arrays;

/**
 * The model as plain dense loops: the executable specification, with one method per numbered
 * equation of {@link csdp.model}. Other backends are compared with it. Simple rather than fast.
 *
 * <p>Source: A. Ororbia, "Contrastive signal-dependent plasticity", Science Advances 10, eadn6076
 * (2024), in the form of its released code.
 */
public final class ReferenceBackend implements Backend {
  private final NetworkSpec spec;
  private final Constants c;
  private final Parameters parameters;
  private final State[] states;
  private CsdpException refused; // non-null if restored parameters are not finite; run throws it
  private Batch batch;
  private int n; // samples N
  private int step;

  /** State of a population: arrays are N x units. */
  private static final class State {
    byte[] previous; // spikes of t-1
    byte[] spikes; // spikes of t
    float[] current; // j
    float[] membrane; // v
    float[] threshold; // thr
    float[] trace; // z
    float[] signal; // d of a hidden layer, e of head and reconstruction
    float[] goodness; // G, N

    State(Population p, int n) {
      previous = new byte[n * p.units()];
      spikes = new byte[n * p.units()];
      if (p.integrates()) {
        current = new float[n * p.units()];
        membrane = new float[n * p.units()];
        threshold = new float[n * p.units()];
        trace = new float[n * p.units()];
        signal = new float[n * p.units()];
        goodness = new float[n];
      }
    }
  }

  /** A network with all parameters zero; {@link #restore} sets them. */
  public ReferenceBackend(NetworkSpec spec) {
    this.spec = spec;
    this.c = spec.constants();
    this.parameters = new Parameters(spec);
    this.states = new State[spec.populations().size()];
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String description() {
    return "reference: dense plain loops on one CPU thread, the executable specification";
  }

  @Override
  public NetworkSpec spec() {
    return spec;
  }

  @Override
  public void restore(Parameters from) {
    parameters.copyFrom(from);
    refused = NotFinite.in(from);
  }

  @Override
  public void snapshot(Parameters into) {
    into.copyFrom(parameters);
  }

  @Override
  public void run(Batch batch, Learning learning, ReadOut out, StepObserver observer) {
    if (refused != null) {
      throw refused;
    }
    begin(batch);
    out.reset(n);
    for (step = 1; step <= c.steps(); step++) {
      for (Population p : spec.populations()) {
        if (p.integrates() && !p.fedByNewSpikes()) {
          currents(p);
        }
      }
      encode();
      for (Population p : spec.populations()) {
        if (p.integrates() && !p.fedByNewSpikes()) {
          integrate(p);
        }
      }
      for (Population p : spec.integrating()) {
        if (p.fedByNewSpikes()) {
          currents(p);
          integrate(p);
        }
      }
      for (Population p : spec.integrating()) {
        if (p.hasGoodness()) {
          modulator(p);
        }
      }
      errors();
      if (learning != null) {
        plasticity(learning);
      }
      readOut(out);
      if (observer != null) {
        observer.afterStep(new View());
      }
      for (State s : states) {
        byte[] old = s.previous;
        s.previous = s.spikes;
        s.spikes = old;
      }
    }
  }

  /** Start of a batch: v = 0, z = 0, no spikes, thr = thr0 for every sample. */
  private void begin(Batch batch) {
    this.batch = batch;
    this.n = batch.size();
    for (Population p : spec.populations()) {
      State s = new State(p, n);
      states[p.index()] = s;
      if (p.integrates()) {
        for (int b = 0; b < n; b++) {
          System.arraycopy(parameters.thresholds(p), 0, s.threshold, b * p.units(), p.units());
        }
      }
    }
  }

  /** 1. j = sum over incoming synapses of (signed resistance) x (spikes x weights). */
  private void currents(Population post) {
    int units = post.units();
    float[] j = state(post).current;
    Arrays.fill(j, 0);
    float[] sum = new float[units];
    for (Synapse syn : spec.incoming(post)) {
      float[] w = parameters.weights(syn);
      byte[] s = pre(syn);
      int rows = syn.pre().units();
      for (int b = 0; b < n; b++) {
        Arrays.fill(sum, 0);
        for (int i = 0; i < rows; i++) {
          for (int k = 0; k < units; k++) {
            sum[k] += s[b * rows + i] * w[i * units + k];
          }
        }
        for (int k = 0; k < units; k++) {
          j[b * units + k] += syn.currentScale() * sum[k];
        }
      }
    }
  }

  /** Returns the presynaptic spikes that act on a synapse in this step. */
  private byte[] pre(Synapse syn) {
    State s = state(syn.pre());
    return syn.post().fedByNewSpikes() ? s.spikes : s.previous;
  }

  /** 2. New input spikes at each step; the context is the clamped one-hot label. */
  private void encode() {
    Population input = spec.input();
    byte[] s0 = state(input).spikes;
    int units = input.units();
    if (batch.input() instanceof Batch.Recorded recorded) {
      System.arraycopy(recorded.spikes(), (step - 1) * n * units, s0, 0, n * units);
    } else {
      Batch.RandomSpikes draw = (Batch.RandomSpikes) batch.input();
      int[] word = new int[4];
      float[] image = new float[units];
      for (int b = 0; b < n; b++) {
        batch.copyImage(b, image, 0);
        for (int i = 0; i < units; i++) {
          Philox.block(
              draw.batch(),
              step,
              draw.firstSample() + b,
              i >>> 2,
              draw.seed(),
              draw.purpose().ordinal(),
              word);
          s0[b * units + i] = (byte) (Philox.uniform(word[i & 3]) < image[i] ? 1 : 0);
        }
      }
    }
    Population context = spec.context();
    byte[] sy = state(context).spikes;
    Arrays.fill(sy, (byte) 0);
    for (int b = 0; b < n; b++) {
      if (batch.clamped(b) >= 0) {
        sy[b * context.units() + batch.clamped(b)] = 1;
      }
    }
  }

  /** 3, 4. Leaky integration, spike, reset; adaptive threshold; trace. */
  private void integrate(Population p) {
    State s = state(p);
    int units = p.units();
    float inverseTau = c.inverseTauM();
    float gamma = c.traceDecay();
    for (int b = 0; b < n; b++) {
      int count = 0;
      for (int k = b * units; k < (b + 1) * units; k++) {
        float v = s.membrane[k] + ((s.current[k] - s.membrane[k]) * inverseTau) * c.dt();
        requireFinite(v, Quantity.MEMBRANES, p.name());
        boolean spike = v > s.threshold[k];
        s.spikes[k] = (byte) (spike ? 1 : 0);
        s.membrane[k] = spike ? 0 : v;
        s.trace[k] = spike ? 1 : s.trace[k] * gamma;
        requireFinite(s.trace[k], Quantity.TRACES, p.name());
        count += s.spikes[k];
      }
      if (p.adaptive()) {
        float change = c.thresholdRate() * (count - 1);
        for (int k = b * units; k < (b + 1) * units; k++) {
          float threshold = s.threshold[k] + change;
          requireFinite(threshold, Quantity.THRESHOLDS, p.name());
          s.threshold[k] = Math.max(threshold, Constants.THRESHOLD_FLOOR);
        }
      }
    }
  }

  /** 5. Goodness G = sum z^2, p = sigmoid(G - theta), modulator d = 2 z (p - pos) / N. */
  private void modulator(Population hidden) {
    State s = state(hidden);
    int units = hidden.units();
    for (int b = 0; b < n; b++) {
      double g = 0;
      for (int k = b * units; k < (b + 1) * units; k++) {
        g += (double) s.trace[k] * s.trace[k];
      }
      s.goodness[b] = (float) g;
      requireFinite(s.goodness[b], Quantity.GOODNESS, hidden.name());
      double p = 1 / (1 + StrictMath.exp(-(s.goodness[b] - c.goodnessThreshold())));
      float modulation = (float) (2 * (p - (b < batch.positives() ? 1 : 0)) / n);
      for (int k = b * units; k < (b + 1) * units; k++) {
        s.signal[k] = modulation * s.trace[k];
      }
    }
  }

  /** 6. Errors of head and reconstruction, of positive samples only. */
  private void errors() {
    int positives = batch.positives();
    Population head = spec.head();
    State y = state(head);
    for (int b = 0; b < positives; b++) {
      for (int k = 0; k < head.units(); k++) {
        int at = b * head.units() + k;
        y.signal[at] = 2 * ((batch.label(b) == k ? 1 : 0) - y.trace[at]) / positives;
      }
    }
    if (spec.reconstruction() != null) {
      State r = state(spec.reconstruction());
      byte[] s0 = state(spec.input()).spikes;
      for (int k = 0; k < positives * spec.input().units(); k++) {
        r.signal[k] = 2f * (s0[k] - r.spikes[k]) / positives;
      }
    }
  }

  /** 7. Synapses learn at every step. */
  private void plasticity(Learning learning) {
    long k = parameters.plasticitySteps() + 1;
    parameters.plasticitySteps(k);
    Adam adam = Adam.at(k, learning.learningRate());
    for (Synapse syn : spec.synapses()) {
      if (!learning.synapses().contains(syn)) {
        continue;
      }
      byte[] a = pre(syn);
      float[] signal = state(syn.post()).signal;
      byte[] s = state(syn.post()).spikes;
      float[] w = parameters.weights(syn);
      float[] m = parameters.firstMoments(syn);
      float[] v = parameters.secondMoments(syn);
      int rows = syn.pre().units();
      int cols = syn.post().units();
      float[] update = new float[cols];
      int[] unpaired = new int[cols]; // (1-a)^T s: postsynaptic spikes without a presynaptic one
      for (int i = 0; i < rows; i++) {
        Arrays.fill(update, 0);
        Arrays.fill(unpaired, 0);
        for (int b = 0; b < n; b++) {
          int pre = a[b * rows + i];
          for (int j = 0; j < cols; j++) {
            update[j] += pre * (syn.learningScale() * signal[b * cols + j]);
            unpaired[j] += (1 - pre) * s[b * cols + j];
          }
        }
        for (int j = 0; j < cols; j++) {
          int at = i * cols + j;
          float u =
              switch (syn.rule()) {
                case CONTRASTIVE -> update[j];
                case ERROR -> -update[j] * (1 - Math.abs(w[at]));
              };
          m[at] = Constants.BETA1 * m[at] + Adam.GAIN1 * u;
          v[at] = Constants.BETA2 * v[at] + Adam.GAIN2 * (u * u);
          float next =
              w[at]
                  - adam.rate()
                      * m[at]
                      / ((float) Math.sqrt(v[at] * adam.secondScale()) + Constants.EPSILON);
          next -=
              switch (syn.rule()) {
                case CONTRASTIVE -> learning.weightDecay() * unpaired[j];
                case ERROR -> 0;
              };
          requireFinite(next, Quantity.WEIGHTS, syn.name());
          requireFinite(m[at], Quantity.FIRST_MOMENTS, syn.name());
          requireFinite(v[at], Quantity.SECOND_MOMENTS, syn.name());
          next = Math.min(Math.max(next, syn.lower()), syn.upper());
          w[at] = syn.hollow() && i == j ? 0 : next;
        }
      }
    }
  }

  private void requireFinite(float value, Quantity what, String owner) {
    if (!Float.isFinite(value)) {
      throw NotFinite.failure(what, owner, step, c.steps());
    }
  }

  /** 8. Sums over the window. */
  private void readOut(ReadOut out) {
    addAll(out.classSpikes(), state(spec.head()).spikes);
    for (Population p : out.counted()) {
      addAll(out.hiddenSpikes(p), state(p).spikes);
    }
    if (spec.reconstruction() != null) {
      float[] z = state(spec.reconstruction()).trace;
      float[] sum = out.reconstruction();
      for (int k = 0; k < sum.length; k++) {
        sum[k] += z[k];
      }
    }
    for (Population p : spec.populations()) {
      for (byte s : state(p).spikes) {
        out.spikes()[p.index()] += s;
      }
    }
  }

  private static void addAll(float[] sum, byte[] spikes) {
    for (int k = 0; k < sum.length; k++) {
      sum[k] += spikes[k];
    }
  }

  private State state(Population p) {
    return states[p.index()];
  }

  @Override
  public void close() {}

  private final class View implements StepView {
    @Override
    public int step() {
      return step;
    }

    @Override
    public byte[] spikes(Population p) {
      return state(p).spikes.clone();
    }

    @Override
    public float[] membranes(Population p) {
      return state(p).membrane.clone();
    }

    @Override
    public float[] thresholds(Population p) {
      return state(p).threshold.clone();
    }

    @Override
    public float[] traces(Population p) {
      return state(p).trace.clone();
    }

    @Override
    public float[] signals(Population p) {
      return state(p).signal.clone();
    }

    @Override
    public float[] goodness(Population hidden) {
      return state(hidden).goodness.clone();
    }

    @Override
    public void snapshot(Parameters into) {
      ReferenceBackend.this.snapshot(into);
    }
  }
}
