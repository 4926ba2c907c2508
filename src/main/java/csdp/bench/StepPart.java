package csdp.bench;

import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.List;
import java.util.stream.Stream;

/**
 * A part of a step of the model: the unit in which work is counted and results are compared.
 *
 * @param synapse that it belongs to; null where it belongs to none
 * @param population that it belongs to; null where it belongs to none
 */
public record StepPart(Kind kind, Synapse synapse, Population population) {
  /** Random input spikes, from pixels as floats. */
  static final StepPart ENCODE = new StepPart(Kind.ENCODE, null, null);

  /** Random input spikes, from pixels of a byte each. */
  static final StepPart ENCODE_STORED = new StepPart(Kind.ENCODE_STORED, null, null);

  /** The kinds of parts, with their names in reports. */
  enum Kind {
    ENCODE("encode"),
    ENCODE_STORED("encode stored"),
    /** Currents of a synapse. */
    CURRENTS("currents"),
    /** Currents of a synapse written to memory. */
    CURRENTS_STORED("stored"),
    /** Currents of a population read back from memory. */
    CURRENTS_READ("read"),
    /** Membranes, spikes, thresholds and traces of a population. */
    INTEGRATE("integrate"),
    /** Goodness and modulator of a population. */
    MODULATE("modulate"),
    /** Error of a population. */
    ERROR("error"),
    /** Summed traces of a population. */
    SUM("sum"),
    /** Samples by unit of a population. */
    LISTS("lists"),
    /** Update of a synapse. */
    PLASTICITY("plasticity");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  static StepPart of(Kind kind, Synapse s) {
    return new StepPart(kind, s, null);
  }

  static StepPart of(Kind kind, Population p) {
    return new StepPart(kind, null, p);
  }

  /** The part that makes the learning signals of a population that integrates. */
  static StepPart signals(Population p) {
    return switch (p.role()) {
      case HIDDEN -> of(Kind.MODULATE, p);
      case HEAD, RECONSTRUCTION -> of(Kind.ERROR, p);
      case INPUT, CONTEXT -> throw new IllegalArgumentException(p.name());
    };
  }

  /** The currents of a population. */
  static Stream<StepPart> currents(NetworkSpec spec, Population p) {
    return spec.incoming(p).stream().map(s -> of(Kind.CURRENTS, s));
  }

  /** The updates of all synapses. */
  static List<StepPart> plasticity(NetworkSpec spec) {
    return spec.synapses().stream().map(s -> of(Kind.PLASTICITY, s)).toList();
  }

  /**
   * The learning signals of all populations that spikes of the step before drive, or all others.
   */
  static List<StepPart> signals(NetworkSpec spec, boolean newSpikes) {
    return spec.integrating().stream()
        .filter(p -> p.fedByNewSpikes() == newSpikes)
        .map(StepPart::signals)
        .toList();
  }

  /** The lists of all populations. */
  static List<StepPart> lists(NetworkSpec spec) {
    return spec.populations().stream().map(p -> of(Kind.LISTS, p)).toList();
  }

  /** The name in reports: {@code currents W1}, {@code integrate z1}, {@code encode}. */
  @Override
  public String toString() {
    String owner = synapse != null ? synapse.name() : population != null ? population.name() : "";
    return owner.isEmpty() ? kind.text : kind.text + " " + owner;
  }
}
