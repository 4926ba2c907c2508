package csdp.backend.cuda;

import csdp.backend.NotFinite;
import csdp.backend.cuda.device.DeviceBuffer.Bytes;
import csdp.backend.cuda.device.DeviceBuffer.Floats;
import csdp.backend.cuda.device.DeviceBuffer.Ints;
import csdp.backend.cuda.device.DeviceMemory;
import csdp.backend.cuda.device.GpuDevice;
import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A network on the device: its parameters, its state for a batch, and the tables with their
 * addresses for the kernels ({@code kernels/network.cuh}). A launch does one phase for all rows of
 * a table.
 */
final class NetworkState implements AutoCloseable {
  private static int flag(boolean on) {
    return on ? 1 : 0;
  }

  // The structs of network.cuh. MirrorsTest compares names, types and offsets with those of the
  // compilers.

  static final StructLayout<NetworkState> NETWORK =
      new StructLayout<NetworkState>("Network")
          .address("populations", NetworkState::populationsAt)
          .address("synapses", NetworkState::synapsesAt)
          .buffer("power", n -> n.tracePowers)
          .buffer("labels", n -> n.labels)
          .buffer("firstNotFinite", n -> n.seen)
          .integer("populationCount", n -> n.states.length)
          .integer("reconstruction", NetworkState::reconstruction)
          .integer("steps", n -> n.c.steps())
          .real("inverseTau", n -> n.c.inverseTauM())
          .real("dt", n -> n.c.dt())
          .real("thresholdRate", n -> n.c.thresholdRate())
          .real("floor", n -> Constants.THRESHOLD_FLOOR)
          .real("theta", n -> n.c.goodnessThreshold())
          .real("decay", n -> n.decay)
          .integer("padding", n -> 0);

  static final StructLayout<PopulationRow> POPULATION =
      new StructLayout<PopulationRow>("Population")
          .buffer("spikes", r -> r.state.spikes)
          .buffer("list", r -> r.state.list)
          .buffer("count", r -> r.state.count)
          .buffer("total", r -> r.state.total)
          .buffer("samples", r -> r.state.samples)
          .buffer("columns", r -> r.state.columns)
          .buffer("current", r -> r.state.current)
          .buffer("v", r -> r.state.membrane)
          .buffer("thr", r -> r.state.threshold)
          .buffer("thr0", r -> r.net.initialThresholds[r.population().index()])
          .buffer("last", r -> r.state.last)
          .buffer("readOut", r -> r.state.readOut)
          .buffer("error", r -> r.state.error)
          .buffer("goodness", r -> r.state.goodness)
          .buffer("modulator", r -> r.state.modulator)
          .buffer("lastStepCounts", r -> r.state.lastStepCounts)
          .buffer("ever", r -> r.state.ever)
          .buffer("live", r -> r.state.live)
          .buffer("slot", r -> r.state.slot)
          .buffer("liveCount", r -> r.state.liveCount)
          .buffer("pairs", r -> r.state.pairs)
          .buffer("pairCounts", r -> r.state.pairCounts)
          .integer("units", r -> r.population().units())
          .integer("stride", r -> r.state.stride)
          .integer("stepMask", r -> r.state.stepMask)
          .integer("role", r -> r.population().role().ordinal())
          .integer("firstSynapse", PopulationRow::firstSynapse)
          .integer("endSynapse", r -> r.firstSynapse() + r.incoming().size())
          .integer("owner", r -> NotFinite.Watch.owner(r.population()))
          .integer("adaptive", r -> flag(r.population().adaptive()))
          .integer("hasGoodness", r -> flag(r.population().hasGoodness()))
          .integer("fedByNewSpikes", r -> flag(r.population().fedByNewSpikes()));

  static final StructLayout<SynapseRow> SYNAPSE =
      new StructLayout<SynapseRow>("Synapse")
          .buffer("w", r -> r.state.weights())
          .buffer("m", r -> r.state.first())
          .buffer("v", r -> r.state.second())
          .buffer("done", r -> r.state.done())
          .integer("pre", r -> r.synapse().pre().index())
          .integer("post", r -> r.synapse().post().index())
          .integer("rows", r -> r.synapse().pre().units())
          .integer("rule", r -> r.synapse().rule().ordinal())
          .integer("hollow", r -> flag(r.synapse().hollow()))
          .real("currentScale", r -> r.synapse().currentScale())
          .real("learningScale", r -> r.synapse().learningScale())
          .real("lower", r -> r.synapse().lower())
          .real("upper", r -> r.synapse().upper())
          .integer("owner", r -> NotFinite.Watch.owner(r.net.spec, r.synapse()));

  static final StructLayout<Part> PART =
      new StructLayout<Part>("Part")
          .integer("of", Part::of)
          .integer("row", Part::row)
          .integer("column", Part::column);

  /** The source of a row of the populations' table. */
  record PopulationRow(NetworkState net, PopulationState state) {
    private Population population() {
      return state.p;
    }

    private List<Synapse> incoming() {
      return net.ordered.stream().filter(s -> s.post() == state.p).toList();
    }

    private int firstSynapse() {
      return incoming().isEmpty() ? 0 : net.row(incoming().get(0));
    }
  }

  /** The source of a row of the synapses' table. */
  record SynapseRow(NetworkState net, SynapseState state) {
    private Synapse synapse() {
      return state.synapse();
    }
  }

  /** A part of a population or synapse: table row, row and column. */
  record Part(int of, int row, int column) {}

  final NetworkSpec spec;
  final DeviceMemory parameters; // independent of the batch size
  final DeviceMemory window; // sized for the largest batch so far
  final Bytes table;
  final Parts forward;
  final Parts transpose;
  final Map<Learning.Synapses, Parts> learn = new EnumMap<>(Learning.Synapses.class);
  private final Constants c;
  private final boolean currents;
  private final float[] powers; // trace by the age of its last spike
  private final List<Synapse> ordered; // sorted by postsynaptic population
  private final SynapseState[] synapses;
  private final Floats[] initialThresholds; // by population; null if it does not integrate
  private final PopulationState[] states;
  private final Floats tracePowers;
  final Floats adam; // T x {rate, secondScale}
  private final Ints seen; // a long: first non-finite value of a window
  private Ints labels;
  private int capacity; // samples that fit
  private float decay; // of weights, as in the device's table

  /** Parts for the blocks along one axis of a grid, one per block. */
  record Parts(Bytes table, int blocks) {
    private static Parts upload(DeviceMemory memory, String of, List<Part> parts) {
      byte[] rows = new byte[Math.multiplyExact(parts.size(), PART.bytes())];
      ByteBuffer to = StructLayout.over(rows);
      parts.forEach(p -> PART.write(to, p));
      Bytes table = memory.bytes("parts of " + of, rows.length);
      table.upload(rows);
      return new Parts(table, parts.size());
    }
  }

  /**
   * Parameters are undefined until {@link #restore}; batches need {@link #reserve}.
   *
   * @param currents true if currents are computed externally, into the populations' buffers
   * @throws csdp.error.CsdpException if memory does not suffice; all is then released
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
      adam = parameters.floats("Adam's corrections", 2L * c.steps());
      seen = parameters.ints("watch for NaN and infinity", 2);
      table =
          parameters.bytes(
              "table of the network",
              NETWORK.bytes()
                  + states.length * POPULATION.bytes()
                  + synapses.length * SYNAPSE.bytes());
      forward = Parts.upload(parameters, "forward", forwardParts());
      transpose = Parts.upload(parameters, "transpose", transposeParts());
      for (Learning.Synapses which : Learning.Synapses.values()) {
        learn.put(which, Parts.upload(parameters, "learn", learnParts(which)));
      }
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
    for (Population p : spec.integrating()) { // padding units never spike
      float never = 1e30f; // finite, since the watch reports infinity
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
   * Waits for queued work and returns the first non-finite value since {@link
   * Kernels#clampContext}, as a code of {@link NotFinite.Watch}.
   */
  long seen() {
    int[] halves = seen.download(new int[2]);
    return ((long) halves[1] << 32) | (halves[0] & 0xFFFF_FFFFL);
  }

  /** The weight decay and Adam's corrections for the steps of a window. */
  void uploadLearning(Learning learning, long stepsBefore) {
    if (decay != learning.weightDecay()) {
      decay = learning.weightDecay();
      table.upload(written());
    }
    float[] corrections = new float[2 * c.steps()];
    for (int t = 0; t < c.steps(); t++) {
      Adam a = Adam.at(stepsBefore + t + 1, learning.learningRate());
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

  /** Releases the state of the last batch. */
  void release() {
    window.close();
    capacity = 0;
  }

  /**
   * Allocates memory for a batch.
   *
   * @throws csdp.error.CsdpException if memory does not suffice; a smaller batch may fit
   */
  void reserve(int n) {
    for (Population p : spec.populations()) {
      states[p.index()] = new PopulationState(window, p, n, c.steps(), presynaptic(p), currents);
    }
    labels = window.ints("labels", n);
    table.upload(written());
    capacity = n;
  }

  // The table of the network: its own row, the populations, the synapses.

  private byte[] written() {
    byte[] rows = new byte[table.length()];
    ByteBuffer to = StructLayout.over(rows);
    NETWORK.write(to, this);
    for (PopulationState s : states) {
      POPULATION.write(to, new PopulationRow(this, s));
    }
    for (Synapse s : ordered) {
      SYNAPSE.write(to, new SynapseRow(this, synapse(s)));
    }
    return rows;
  }

  private int reconstruction() {
    return spec.populations().stream()
        .filter(Population::fedByNewSpikes)
        .mapToInt(Population::index)
        .findFirst()
        .orElse(-1);
  }

  private long populationsAt() {
    return table.address() + NETWORK.bytes();
  }

  private long synapsesAt() {
    return populationsAt() + (long) states.length * POPULATION.bytes();
  }

  /** Tiles of columns of the populations driven by the previous step's spikes. */
  private List<Part> forwardParts() {
    List<Part> parts = new ArrayList<>();
    for (Population p : spec.integrating()) {
      for (int tile = 0; !p.fedByNewSpikes() && tile < Kernels.tiles(p.units()); tile++) {
        parts.add(new Part(p.index(), 0, tile * Kernels.TILE));
      }
    }
    return parts;
  }

  /** Words of spikes of the presynaptic populations. */
  private List<Part> transposeParts() {
    List<Part> parts = new ArrayList<>();
    for (Population p : spec.populations()) {
      for (int word = 0; presynaptic(p) && word < Padding.words(p.units()); word++) {
        parts.add(new Part(p.index(), 0, word * Padding.WORD));
      }
    }
    return parts;
  }

  /**
   * Segments of rows, grouped by block. Those of rows that spike in many samples take longest, and
   * three of their four warps wait for the sum of the gradient: they come early, alternating with
   * others.
   */
  private List<Part> learnParts(Learning.Synapses which) {
    Deque<Part> longest = new ArrayDeque<>();
    Deque<Part> others = new ArrayDeque<>();
    for (Synapse s : ordered.stream().filter(which::contains).toList()) {
      for (int row = 0; row < s.pre().units(); row += Kernels.rowsOfBlock(s.post().units())) {
        for (int k = 0; k < Kernels.segments(s.post().units()); k++) {
          (spikesOften(s.pre().role()) ? longest : others)
              .add(new Part(row(s), row, k * Kernels.SEGMENT));
        }
      }
    }
    List<Part> parts = new ArrayList<>();
    while (!longest.isEmpty() || !others.isEmpty()) {
      for (Deque<Part> next : List.of(longest, others)) {
        if (!next.isEmpty()) {
          parts.add(next.poll());
        }
      }
    }
    return parts;
  }

  private static boolean spikesOften(Role pre) {
    return switch (pre) {
      case INPUT, CONTEXT -> true;
      case HIDDEN, HEAD, RECONSTRUCTION -> false;
    };
  }

  /** Returns the number of device buffers. */
  int liveBuffers() {
    return parameters.live() + window.live();
  }

  @Override
  public void close() {
    try (parameters;
        window) {
      // both, even if one fails
    }
  }
}
