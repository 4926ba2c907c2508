package csdp.backend.cuda;

import csdp.backend.NotFinite;
import csdp.backend.cuda.DeviceBuffer.Bytes;
import csdp.backend.cuda.DeviceBuffer.Floats;
import csdp.backend.cuda.DeviceBuffer.Ints;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import csdp.model.Synapse.Rule;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A network on the device: its parameters, its state for a batch, and the tables by which the
 * kernels find both ({@code kernels/network.cuh}). A launch does one phase for all rows of a table,
 * so it needs to know nothing else.
 */
final class NetworkState implements AutoCloseable {
  private static final int NETWORK_BYTES = 72;
  private static final int POPULATION_BYTES = 208;
  private static final int SYNAPSE_BYTES = 72;

  final NetworkSpec spec;
  final DeviceMemory parameters; // what is not sized for a batch
  final DeviceMemory window; // what is sized for the largest batch so far
  final Bytes table;
  final Parts forward;
  final Parts transpose;
  final Parts learn;
  private final Constants c;
  private final boolean currents;
  private final float[] powers; // what is left of a trace by its age
  private final List<Synapse> ordered; // by the population that they end at
  private final SynapseState[] synapses;
  private final Floats[] initialThresholds; // by population; null where nothing integrates
  private final PopulationState[] states;
  private final Floats tracePowers;
  final Floats adam; // T x {rate, secondScale}
  private final Ints seen; // a long: the first that was not finite in a window
  private Ints labels;
  private int capacity; // samples that fit

  /** What the blocks along x of a launch's grid work on: {population or synapse, row, column}. */
  record Parts(Ints table, int blocks) {
    private static Parts upload(DeviceMemory memory, String of, List<int[]> rows) {
      Ints table = memory.ints("parts of " + of, 3 * rows.size());
      table.upload(rows.stream().flatMapToInt(java.util.Arrays::stream).toArray());
      return new Parts(table, rows.size());
    }
  }

  /**
   * Parameters undefined until {@link #restore}, no room for a batch until {@link #reserve}.
   *
   * @param currents whether currents are computed by others, into the populations' buffers
   * @throws csdp.CsdpException if there is not enough memory; nothing is kept then
   */
  NetworkState(NetworkSpec spec, GpuDevice device, boolean currents) {
    this.spec = spec;
    this.c = spec.constants();
    this.currents = currents;
    this.parameters = new DeviceMemory(device, "fewer hidden units (--hidden)");
    this.window = new DeviceMemory(device);
    this.powers = powers(c);
    this.ordered =
        spec.synapses().stream().sorted(Comparator.comparingInt(s -> s.post().index())).toList();
    this.synapses = new SynapseState[spec.synapses().size()];
    this.initialThresholds = new Floats[spec.populations().size()];
    this.states = new PopulationState[spec.populations().size()];
    try {
      for (Synapse s : spec.synapses()) {
        synapses[s.index()] = SynapseState.allocate(parameters, s);
      }
      for (Population p : spec.integrating()) {
        initialThresholds[p.index()] =
            parameters.floats("initial thresholds of " + p.name(), Padding.stride(p.units()));
      }
      tracePowers = parameters.floats("powers of a trace", c.steps());
      tracePowers.upload(powers);
      adam = parameters.floats("Adam's corrections", 2 * c.steps());
      seen = parameters.ints("watch for NaN and infinity", 2);
      table =
          parameters.bytes(
              "table of the network",
              NETWORK_BYTES + states.length * POPULATION_BYTES + synapses.length * SYNAPSE_BYTES);
      forward = Parts.upload(parameters, "forward", forwardParts());
      transpose = Parts.upload(parameters, "transpose", transposeParts());
      learn = Parts.upload(parameters, "learn", learnParts());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** gamma^age for ages 0..T-1, rounded after each product, as a trace decays. */
  private static float[] powers(Constants c) {
    float[] power = new float[c.steps()];
    power[0] = 1;
    for (int age = 1; age < power.length; age++) {
      power[age] = power[age - 1] * c.traceDecay();
    }
    return power;
  }

  PopulationState state(Population p) {
    return states[p.index()];
  }

  SynapseState synapse(Synapse s) {
    return synapses[s.index()];
  }

  /** Position in the kernels' table. */
  int row(Synapse s) {
    return ordered.indexOf(s);
  }

  boolean presynaptic(Population p) {
    return spec.synapses().stream().anyMatch(s -> s.pre() == p);
  }

  float[] traces(Population p, int step, int n) {
    return state(p).traces(step, n, powers);
  }

  /** Initial thresholds of a population, one per unit. */
  float[] initialThresholds(Population p) {
    return Padding.download(initialThresholds[p.index()], new float[p.units()], p.units());
  }

  void restore(Parameters from) {
    for (SynapseState s : synapses) {
      s.upload(from);
    }
    for (Population p : spec.integrating()) { // a unit that is not there never spikes
      float never = 1e30f; // finite: not what the watch looks for
      Padding.upload(initialThresholds[p.index()], from.thresholds(p), p.units(), never);
    }
  }

  void snapshot(Parameters into) {
    for (SynapseState s : synapses) {
      s.download(into);
    }
    for (Population p : spec.integrating()) {
      Padding.download(initialThresholds[p.index()], into.thresholds(p), p.units());
    }
  }

  /**
   * Where in the window since {@link Kernels#clampContext} something was not finite first, once all
   * queued work is done; a place of {@link NotFinite.Watch}.
   */
  long seen() {
    int[] halves = seen.download(new int[2]);
    return ((long) halves[1] << 32) | (halves[0] & 0xFFFF_FFFFL);
  }

  /** Adam's corrections for the steps of a window. */
  void uploadAdam(long stepsBefore) {
    float[] corrections = new float[2 * c.steps()];
    for (int t = 0; t < c.steps(); t++) {
      Adam a = Adam.at(stepsBefore + t + 1, c.learningRate());
      corrections[2 * t] = a.rate();
      corrections[2 * t + 1] = a.secondScale();
    }
    adam.upload(corrections);
  }

  void uploadLabels(int[] labels, int n) {
    this.labels.upload(labels, n);
  }

  boolean fits(int n) {
    return n <= capacity;
  }

  /** Frees the state of the last batch. */
  void release() {
    window.close();
    capacity = 0;
  }

  /**
   * Makes room for a batch.
   *
   * @throws csdp.CsdpException if there is not enough memory; a smaller batch may fit
   */
  void reserve(int n) {
    for (Population p : spec.populations()) {
      states[p.index()] = new PopulationState(window, p, n, c.steps(), presynaptic(p), currents);
    }
    labels = window.ints("labels", n);
    table.upload(written());
    capacity = n;
  }

  // The tables, in the order of the fields of network.cuh.

  private byte[] written() {
    ByteBuffer to = ByteBuffer.allocate(table.length()).order(ByteOrder.LITTLE_ENDIAN);
    long populations = table.address() + NETWORK_BYTES;
    to.putLong(populations).putLong(populations + (long) states.length * POPULATION_BYTES);
    addresses(to, tracePowers, labels, seen);
    to.putInt(states.length).putInt(c.steps());
    to.putFloat(c.inverseTauM()).putFloat(c.dt());
    to.putFloat(c.thresholdRate()).putFloat(Constants.THRESHOLD_FLOOR);
    to.putFloat(c.goodnessThreshold()).putFloat(c.weightDecay());
    for (PopulationState s : states) {
      addresses(to, s.spikes, s.list, s.count, s.total, s.samples, s.columns, s.current);
      addresses(to, s.membrane, s.threshold, initialThresholds[s.p.index()], s.last, s.readOut);
      addresses(to, s.error, s.goodness, s.factor, s.alive);
      addresses(to, s.ever, s.live, s.slot, s.liveCount, s.pairs, s.pairStart);
      to.putInt(s.p.units()).putInt(s.stride).putInt(s.depth).putInt(s.p.role().ordinal());
      List<Synapse> incoming = ordered.stream().filter(k -> k.post() == s.p).toList();
      int first = incoming.isEmpty() ? 0 : row(incoming.get(0));
      to.putInt(first).putInt(first + incoming.size());
      to.putInt(NotFinite.Watch.owner(s.p)).putInt(0);
    }
    for (Synapse s : ordered) {
      SynapseState k = synapse(s);
      addresses(to, k.weights(), k.first(), k.second(), k.done());
      to.putInt(s.pre().index()).putInt(s.post().index()).putInt(s.pre().units());
      to.putInt(s.rule() == Rule.ERROR ? 1 : 0).putInt(s.hollow() ? 1 : 0);
      to.putFloat(s.currentScale()).putFloat(s.learningScale());
      to.putFloat(s.lower()).putFloat(s.upper()).putInt(NotFinite.Watch.owner(spec, s));
    }
    return to.array();
  }

  private static void addresses(ByteBuffer to, DeviceBuffer... buffers) {
    for (DeviceBuffer b : buffers) {
      to.putLong(b == null ? 0 : b.address());
    }
  }

  /** Tiles of columns of the populations that the spikes of the step before drive. */
  private List<int[]> forwardParts() {
    List<int[]> parts = new ArrayList<>();
    for (Population p : spec.integrating()) {
      for (int tile = 0; !p.fedByNewSpikes() && tile < Kernels.tiles(p.units()); tile++) {
        parts.add(new int[] {p.index(), 0, tile * Kernels.TILE});
      }
    }
    return parts;
  }

  /** Words of spikes of the populations where a synapse begins. */
  private List<int[]> transposeParts() {
    List<int[]> parts = new ArrayList<>();
    for (Population p : spec.populations()) {
      for (int word = 0; presynaptic(p) && word < Padding.words(p.units()); word++) {
        parts.add(new int[] {p.index(), 0, word * Padding.WORD});
      }
    }
    return parts;
  }

  /** Segments of rows, those of a block together; blocks that take long come first. */
  private List<int[]> learnParts() {
    List<int[]> parts = new ArrayList<>();
    for (Role pre : List.of(Role.INPUT, Role.CONTEXT, Role.HIDDEN)) {
      for (Synapse s : ordered) {
        for (int row = 0; s.pre().role() == pre && row < s.pre().units(); row += Kernels.ROWS) {
          for (int k = 0; k < Kernels.segments(s.post().units()); k++) {
            parts.add(new int[] {row(s), row, k * Kernels.SEGMENT});
          }
        }
      }
    }
    return parts;
  }

  /** Number of device buffers that it holds. */
  int liveBuffers() {
    return parameters.live() + window.live();
  }

  @Override
  public void close() {
    try (parameters;
        window) {
      // both, whatever befalls one
    }
  }
}
