package csdp.backend.cpu;

import csdp.backend.cpu.PhaseTimes.Kind;
import csdp.backend.cpu.PhaseTimes.Part;
import csdp.model.Learning;
import csdp.model.Population;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The parallel phases of a step, each divided into independent items: panels of columns for the
 * currents of the input; samples for other currents, integration and the results of new spikes;
 * layers for lists by unit; rows for plasticity. Constant for a number of samples, for training and
 * for inference.
 */
final class StepPlan {
  /** Most samples of an item. */
  private static final int MOST_SAMPLES = 16;

  /** Least items of a layer's samples for each thread, if there are as many samples. */
  private static final int ITEMS_PER_THREAD = 4;

  private static final int ROW_CHUNK = 2 * Spikes.GROUP; // whole groups only

  /** Columns of a synapse, for all samples. */
  record Panel(Weights weights, int fromColumn, int width) {}

  /** A layer for some samples. */
  record Samples(Layer layer, int from, int to) {}

  /** Rows of a synapse. */
  record Rows(Weights weights, int from, int to) {}

  private final int n;
  private final Learning.Synapses learning; // null for inference
  private final int sampleChunk;
  final Panel[] panels; // currents of the input, if panels pay off
  final Samples[] forward; // hidden layers, head and input
  final Layer[] lists; // layers whose lists by unit plasticity reads
  final Samples[] reconstruct; // in one phase with the lists
  final Rows[] plastic;

  /**
   * Divides the phases.
   *
   * @param layers all, the input included
   * @param n samples
   * @param learning synapses that learn; null for inference: no lists and no plasticity
   * @param threads that share the items
   */
  StepPlan(Layer[] layers, int n, Learning.Synapses learning, int threads) {
    this.n = n;
    this.learning = learning;
    this.sampleChunk = Math.max(1, Math.min(MOST_SAMPLES, n / (ITEMS_PER_THREAD * threads)));
    List<Panel> columns = new ArrayList<>();
    List<Samples> before = new ArrayList<>();
    List<Samples> after = new ArrayList<>();
    List<Rows> rows = new ArrayList<>();
    for (Layer layer : layers) {
      if (!layer.p.integrates()) {
        continue;
      }
      addSamples(layer.p.fedByNewSpikes() ? after : before, layer);
      if (layer.drivenByInput()) {
        addPanels(columns, layer);
      }
      layer.incoming.stream().filter(this::learns).forEach(w -> addRows(rows, w));
    }
    for (Layer layer : layers) {
      if (layer.p.drawnFromImage()) {
        addSamples(before, layer);
      }
    }
    panels = columns.toArray(Panel[]::new);
    forward = before.toArray(Samples[]::new);
    reconstruct = after.toArray(Samples[]::new);
    plastic = rows.toArray(Rows[]::new);
    lists = Arrays.stream(layers).filter(l -> isRead(l, layers)).toArray(Layer[]::new);
  }

  private void addSamples(List<Samples> items, Layer layer) {
    for (int b = 0; b < n; b += sampleChunk) {
      items.add(new Samples(layer, b, Math.min(n, b + sampleChunk)));
    }
  }

  private static void addPanels(List<Panel> items, Layer layer) {
    for (int c = 0; c < layer.rows.padded; c += RowMath.PANEL) {
      int width = Math.min(RowMath.PANEL, layer.rows.padded - c);
      items.add(new Panel(layer.incoming.get(0), c, width));
    }
  }

  private static void addRows(List<Rows> items, Weights w) {
    int units = w.synapse.pre().units();
    for (int r = 0; r < units; r += ROW_CHUNK) {
      items.add(new Rows(w, r, Math.min(units, r + ROW_CHUNK)));
    }
  }

  private boolean learns(Weights w) {
    return learning != null && learning.contains(w.synapse);
  }

  /** Returns true if a synapse that learns starts at a layer. */
  private boolean isRead(Layer layer, Layer[] layers) {
    return Arrays.stream(layers)
        .flatMap(l -> l.incoming.stream())
        .anyMatch(w -> w.pre == layer && learns(w));
  }

  /** Returns true if this is the plan for a number of samples and the synapses that learn. */
  boolean isFor(int n, Learning.Synapses learning) {
    return this.n == n && this.learning == learning;
  }

  // Items as parts of a step, for the times.

  Part panelPart(int item) {
    return new Part(Kind.CURRENTS, panels[item].weights.synapse.name());
  }

  Part forwardPart(int item) {
    Population p = forward[item].layer.p;
    return p.integrates() ? new Part(Kind.INTEGRATE, p.name()) : Part.ENCODE;
  }

  /** The part that the time of {@link Layer#finish} counts for. */
  static Part finishPart(Layer layer) {
    return switch (layer.p.role()) {
      case HIDDEN, HEAD -> Part.SAMPLES;
      case RECONSTRUCTION -> Part.ERRORS;
      case INPUT, CONTEXT -> throw new IllegalStateException(layer.p.name());
    };
  }

  Part listOrReconstructPart(int item) {
    return item < lists.length
        ? Part.LISTS
        : new Part(Kind.INTEGRATE, reconstruct[item - lists.length].layer.p.name());
  }

  Part plasticPart(int item) {
    return new Part(Kind.PLASTICITY, plastic[item].weights.synapse.name());
  }
}
