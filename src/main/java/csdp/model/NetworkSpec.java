package csdp.model;

import csdp.error.CsdpException;
import csdp.model.Population.Role;
import csdp.model.Synapse.Rule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The description of a network: tables of populations and synapses, and constants. Allocation,
 * dynamics, plasticity, checkpoints and plots iterate over the two tables, so a new synapse is a
 * new row here.
 *
 * <p>For two hidden layers the names are those of the released code (ngc-learn).
 */
public final class NetworkSpec {
  /** Largest layer whose lateral weight matrix fits a Java array. */
  private static final int MAX_UNITS = 40_000;

  /** Backends may pad a population by up to this number of units. */
  private static final int ROUNDING = 256;

  private final int[] hidden;
  private final boolean supervised;
  private final boolean reconstruction;
  private final Constants constants;
  private final List<Population> populations = new ArrayList<>();
  private final List<Synapse> synapses = new ArrayList<>();

  private NetworkSpec(Builder b) {
    hidden = b.hidden;
    supervised = b.supervised;
    reconstruction = b.reconstruction;
    constants = b.constants;
    if (hidden.length == 0) {
      throw CsdpException.badInput("a network needs at least one hidden layer");
    }

    Population input = add("z0", b.inputs, Role.INPUT, 0);
    Population[] layer = new Population[hidden.length + 2];
    for (int l = 1; l <= hidden.length; l++) {
      layer[l] = add("z" + l, hidden[l - 1], Role.HIDDEN, l);
    }
    layer[0] = input;
    Population head = add("zy", b.classes, Role.HEAD, 0);
    Population recon = null;
    if (reconstruction) {
      recon = add("zR", b.inputs, Role.RECONSTRUCTION, 0);
    }
    Population context = add("z" + (hidden.length + 1), b.classes, Role.CONTEXT, 0);

    float rm = constants.resistance();
    float rc = constants.contextResistance();
    float ri = constants.inhibitoryResistance();
    for (int l = 1; l <= hidden.length; l++) {
      contrastive("W" + l, layer[l - 1], layer[l], rm);
      lateral("M" + l, layer[l], ri);
      if (l < hidden.length) {
        contrastive("V" + (l + 1), layer[l + 1], layer[l], rm);
      }
      if (supervised) {
        contrastive("V" + (l + 1) + "y", context, layer[l], rc);
      }
    }
    for (int l = 1; l <= hidden.length; l++) {
      error("C" + (l + 1), layer[l], head, rm);
    }
    if (reconstruction) {
      error("R1", layer[1], recon, rm);
    }
  }

  /**
   * A builder of networks.
   *
   * @param inputs number of input units n0 (pixels)
   * @param classes number of classes
   */
  public static Builder builder(int inputs, int classes) {
    return new Builder(inputs, classes);
  }

  /** Describes a network; unless set, the released demo's. */
  public static final class Builder {
    private final int inputs;
    private final int classes;
    private int[] hidden = {3000, 600};
    private boolean supervised = true;
    private boolean reconstruction = true;
    private Constants constants = Constants.demo();

    private Builder(int inputs, int classes) {
      this.inputs = inputs;
      this.classes = classes;
    }

    /** Units of hidden layers 1..L, L at least 1; 3000, 600 unless set. */
    public Builder hidden(int... units) {
      hidden = units.clone();
      return this;
    }

    /** Units of hidden layers 1..L, L at least 1. */
    public Builder hidden(List<Integer> units) {
      hidden = units.stream().mapToInt(Integer::intValue).toArray();
      return this;
    }

    /** True if labels act as context on the hidden layers in training; they do unless set. */
    public Builder supervised(boolean on) {
      supervised = on;
      return this;
    }

    /** True if the first hidden layer reconstructs the input; it does unless set. */
    public Builder reconstruction(boolean on) {
      reconstruction = on;
      return this;
    }

    /** Constants of the dynamics; the released demo's unless set. */
    public Builder constants(Constants c) {
      constants = c;
      return this;
    }

    /**
     * The network.
     *
     * @throws CsdpException bad input, naming a size that is out of range
     */
    public NetworkSpec build() {
      return new NetworkSpec(this);
    }
  }

  /**
   * Refuses a batch whose arrays would exceed Java's index range.
   *
   * @param samples of the batch, including negatives
   * @throws CsdpException bad input
   */
  public void requireRoom(long samples) {
    long widest = populations.stream().mapToInt(Population::units).max().orElseThrow();
    if (samples * (widest + ROUNDING) > Integer.MAX_VALUE
        || samples * (constants.steps() + 1) > Integer.MAX_VALUE) {
      throw CsdpException.badInput(
          "%d samples of %d units and %d steps are more than an array can hold: use a smaller"
              + " --batch",
          samples, widest, constants.steps());
    }
  }

  private Population add(String name, int units, Role role, int layer) {
    if (units < 1 || units > MAX_UNITS) {
      throw CsdpException.badInput(
          "population %s must have 1..%d units, not %d", name, MAX_UNITS, units);
    }
    Population p = new Population(populations.size(), name, units, role, layer);
    populations.add(p);
    return p;
  }

  private void contrastive(String name, Population pre, Population post, float r) {
    float bound = Constants.WEIGHT_BOUND;
    add(name, pre, post, Rule.CONTRASTIVE, r, r, -bound, bound, false);
  }

  private void lateral(String name, Population layer, float r) {
    add(name, layer, layer, Rule.CONTRASTIVE, -r, r, 0, Constants.WEIGHT_BOUND, true);
  }

  private void error(String name, Population pre, Population post, float r) {
    float bound = Constants.WEIGHT_BOUND;
    add(name, pre, post, Rule.ERROR, 1, r, -bound, bound, false);
  }

  private void add(
      String name,
      Population pre,
      Population post,
      Rule rule,
      float currentScale,
      float learningScale,
      float lower,
      float upper,
      boolean hollow) {
    synapses.add(
        new Synapse(
            synapses.size(),
            name,
            pre,
            post,
            rule,
            currentScale,
            learningScale,
            lower,
            upper,
            hollow));
  }

  /** All populations: input, hidden 1..L, head, reconstruction (optional), context. */
  public List<Population> populations() {
    return Collections.unmodifiableList(populations);
  }

  /** All synapses, in the order in which the released code sums their currents. */
  public List<Synapse> synapses() {
    return Collections.unmodifiableList(synapses);
  }

  /** Synapses onto a population, in table order. */
  public List<Synapse> incoming(Population post) {
    return synapses.stream().filter(s -> s.post() == post).toList();
  }

  /**
   * The synapse of a name.
   *
   * @throws java.util.NoSuchElementException without one
   */
  public Synapse synapse(String name) {
    return synapses.stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
  }

  /**
   * The population of a name.
   *
   * @throws java.util.NoSuchElementException without one
   */
  public Population population(String name) {
    return populations.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }

  /** The populations of a role, in table order. */
  public List<Population> populations(Role role) {
    return populations.stream().filter(p -> p.role() == role).toList();
  }

  /** The populations that integrate a current, in table order. */
  public List<Population> integrating() {
    return populations.stream().filter(Population::integrates).toList();
  }

  /** The input population. */
  public Population input() {
    return populations.get(0);
  }

  /** The class read-out. */
  public Population head() {
    return populations(Role.HEAD).get(0);
  }

  /** The label population. */
  public Population context() {
    return populations(Role.CONTEXT).get(0);
  }

  /** The reconstruction population, or null in a network without one. */
  public Population reconstruction() {
    return reconstruction ? populations(Role.RECONSTRUCTION).get(0) : null;
  }

  /** Number of classes. */
  public int classes() {
    return head().units();
  }

  /** Units of hidden layers 1..L. */
  public int[] hidden() {
    return hidden.clone();
  }

  /** Whether labels act as context on the hidden layers in training. */
  public boolean supervised() {
    return supervised;
  }

  /** Constants of the dynamics. */
  public Constants constants() {
    return constants;
  }

  /** Number of weights of all synapses. */
  public long weightCount() {
    return synapses.stream().mapToLong(Synapse::size).sum();
  }

  /** The same network with other constants. */
  public NetworkSpec with(Constants other) {
    return builder(input().units(), classes())
        .hidden(hidden)
        .supervised(supervised)
        .reconstruction(reconstruction)
        .constants(other)
        .build();
  }

  @Override
  public String toString() {
    StringBuilder sb = new StringBuilder().append(input().units());
    for (int n : hidden) {
      sb.append('-').append(n);
    }
    sb.append('-').append(classes()).append(supervised ? " supervised" : " unsupervised");
    return sb.append(reconstruction ? ", with reconstruction" : ", without reconstruction")
        .toString();
  }
}
