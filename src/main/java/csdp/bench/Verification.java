package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.StepView;
import csdp.bench.StepPart.Kind;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Bit-exact comparison of a backend with the reference after every step, from the same parameters
 * and input spikes. Differences are assigned to parts of a step. Only the first step with
 * differences counts, since later ones may be consequences.
 */
public final class Verification {
  /** First difference by part, or null; in the order of a step. */
  private final Map<StepPart, String> parts = new LinkedHashMap<>();

  private boolean active; // true if hidden units spiked; otherwise little was checked
  private int steps;

  private Verification() {}

  /** The state after a step, and hashes of the weights. */
  private record Step(Map<State, Object> states, Map<StepPart, Integer> weights) {}

  /** An array that a part of a step wrote. */
  private record State(StepPart part, String array) {}

  /** Runs a window on both; the parameters afterwards are those of the other backend. */
  public static Verification of(
      Backend reference, Backend other, Parameters from, Batch batch, Learning rates) {
    List<Step> expected = run(reference, from, batch, rates);
    List<Step> actual = run(other, from, batch, rates);
    NetworkSpec spec = reference.spec();
    Verification v = new Verification();
    v.steps = expected.size();
    expected.get(0).states.keySet().forEach(k -> v.parts.putIfAbsent(k.part, null));
    expected.get(0).weights.keySet().forEach(k -> v.parts.put(k, null));
    for (int t = 0; t < expected.size() && v.passed(); t++) {
      v.compare(expected.get(t), actual.get(t), t + 1);
    }
    for (Step s : expected) {
      for (Population p : spec.populations(Role.HIDDEN)) {
        for (byte spike :
            (byte[]) s.states.get(new State(StepPart.of(Kind.INTEGRATE, p), "spikes"))) {
          v.active |= spike != 0;
        }
      }
    }
    return v;
  }

  private static List<Step> run(Backend backend, Parameters from, Batch batch, Learning rates) {
    NetworkSpec spec = backend.spec();
    backend.restore(from);
    Parameters now = new Parameters(spec);
    List<Step> steps = new ArrayList<>();
    backend.run(batch, rates, new ReadOut(spec), view -> steps.add(step(spec, view, now)));
    return steps;
  }

  private static Step step(NetworkSpec spec, StepView view, Parameters now) {
    Map<State, Object> states = new LinkedHashMap<>();
    states.put(new State(StepPart.ENCODE, "spikes"), view.spikes(spec.input()));
    states.put(new State(StepPart.ENCODE, "context"), view.spikes(spec.context()));
    for (Population p : spec.integrating()) {
      StepPart part = StepPart.of(Kind.INTEGRATE, p);
      states.put(new State(part, "spikes"), view.spikes(p));
      states.put(new State(part, "membranes"), view.membranes(p));
      states.put(new State(part, "thresholds"), view.thresholds(p));
      states.put(new State(part, "traces"), view.traces(p));
    }
    for (Population p : spec.integrating()) {
      StepPart part = StepPart.signals(p);
      if (p.hasGoodness()) {
        states.put(new State(part, "goodness"), view.goodness(p));
      }
      states.put(new State(part, "signals"), view.signals(p));
    }
    view.snapshot(now);
    Map<StepPart, Integer> weights = new LinkedHashMap<>();
    for (Synapse s : spec.synapses()) {
      int hash = hash(hash(hash(1, now.weights(s)), now.firstMoments(s)), now.secondMoments(s));
      weights.put(StepPart.of(Kind.PLASTICITY, s), hash);
    }
    return new Step(states, weights);
  }

  /** Hashes values: 0 equals -0, and NaN equals nothing. */
  private static int hash(int hash, float[] values) {
    for (float v : values) {
      hash =
          31 * hash + (Float.isNaN(v) ? (int) System.nanoTime() : Float.floatToRawIntBits(v + 0f));
    }
    return hash;
  }

  private void compare(Step expected, Step actual, int step) {
    expected.states.forEach(
        (state, a) -> {
          Object b = actual.states.get(state);
          boolean same;
          String what = "";
          if (a instanceof byte[] bytes) {
            int k = Arrays.mismatch(bytes, (byte[]) b);
            same = k < 0;
            what = same ? "" : "element " + k + " is " + ((byte[]) b)[k] + ", not " + bytes[k];
          } else {
            int k = different((float[]) a, (float[]) b);
            same = k < 0;
            what =
                same
                    ? ""
                    : "element " + k + " is " + ((float[]) b)[k] + ", not " + ((float[]) a)[k];
          }
          if (!same) {
            fail(state.part, "step " + step + ", " + state.array + ": " + what);
          }
        });
    expected.weights.forEach(
        (part, hash) -> {
          if (!hash.equals(actual.weights.get(part))) {
            fail(part, "step " + step + ": weights or moments are not the same bits");
          }
        });
  }

  private void fail(StepPart part, String difference) {
    parts.merge(part, difference, (first, later) -> first);
  }

  /** Returns the first differing element, or -1. NaN always differs; 0 equals -0. */
  private static int different(float[] a, float[] b) {
    for (int k = 0; k < a.length; k++) {
      if (!(a[k] == b[k])) {
        return k;
      }
    }
    return -1;
  }

  /** Returns true if no part differs. */
  boolean passed() {
    return parts.values().stream().allMatch(d -> d == null);
  }

  /** Returns true if any hidden unit spiked. */
  boolean active() {
    return active;
  }

  /** Returns the number of compared steps. */
  int steps() {
    return steps;
  }

  /** Returns the first difference by part, or null, in the order of a step. */
  public Map<StepPart, String> parts() {
    return parts;
  }
}
