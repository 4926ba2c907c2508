package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.backend.StepView;
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
final class Verification {
  /** First difference by part, or null; in the order of a step. */
  private final Map<String, String> parts = new LinkedHashMap<>();

  private boolean active; // true if hidden units spiked; otherwise little was checked
  private int steps;

  private Verification() {}

  /** The state after a step, and hashes of the weights. */
  private record Step(Map<String, Object> states, Map<String, Integer> weights) {}

  /** Runs a window on both; the parameters afterwards are those of the other backend. */
  static Verification of(Backend reference, Backend other, Parameters from, Batch batch) {
    List<Step> expected = run(reference, from, batch);
    List<Step> actual = run(other, from, batch);
    NetworkSpec spec = reference.spec();
    Verification v = new Verification();
    v.steps = expected.size();
    expected.get(0).states.keySet().forEach(k -> v.parts.putIfAbsent(part(k), null));
    expected.get(0).weights.keySet().forEach(k -> v.parts.put(k, null));
    for (int t = 0; t < expected.size() && v.passed(); t++) {
      v.compare(expected.get(t), actual.get(t), t + 1);
    }
    for (Step s : expected) {
      for (Population p : spec.populations(Role.HIDDEN)) {
        for (byte spike : (byte[]) s.states.get("integrate " + p.name() + ": spikes")) {
          v.active |= spike != 0;
        }
      }
    }
    return v;
  }

  private static List<Step> run(Backend backend, Parameters from, Batch batch) {
    NetworkSpec spec = backend.spec();
    backend.restore(from);
    Parameters now = new Parameters(spec);
    List<Step> steps = new ArrayList<>();
    backend.run(batch, true, new ReadOut(spec), view -> steps.add(step(spec, view, now)));
    return steps;
  }

  private static Step step(NetworkSpec spec, StepView view, Parameters now) {
    Map<String, Object> states = new LinkedHashMap<>();
    states.put("encode: spikes", view.spikes(spec.input()));
    states.put("encode: context", view.spikes(spec.context()));
    for (Population p : spec.integrating()) {
      String part = "integrate " + p.name() + ": ";
      states.put(part + "spikes", view.spikes(p));
      states.put(part + "membranes", view.membranes(p));
      states.put(part + "thresholds", view.thresholds(p));
      states.put(part + "traces", view.traces(p));
    }
    for (Population p : spec.integrating()) {
      if (p.role() == Role.HIDDEN) {
        states.put("modulate " + p.name() + ": goodness", view.goodness(p));
      }
      String part = (p.role() == Role.HIDDEN ? "modulate " : "error ") + p.name();
      states.put(part + ": signals", view.signals(p));
    }
    view.snapshot(now);
    Map<String, Integer> weights = new LinkedHashMap<>();
    for (Synapse s : spec.synapses()) {
      int hash = hash(hash(hash(1, now.weights(s)), now.firstMoments(s)), now.secondMoments(s));
      weights.put("plasticity " + s.name(), hash);
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

  private static String part(String state) {
    return state.substring(0, state.indexOf(':'));
  }

  private void compare(Step expected, Step actual, int step) {
    expected.states.forEach(
        (name, a) -> {
          Object b = actual.states.get(name);
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
            String detail = name.substring(name.indexOf(':') + 2);
            fail(part(name), "step " + step + ", " + detail + ": " + what);
          }
        });
    expected.weights.forEach(
        (name, hash) -> {
          if (!hash.equals(actual.weights.get(name))) {
            fail(name, "step " + step + ": weights or moments are not the same bits");
          }
        });
  }

  private void fail(String part, String difference) {
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
  Map<String, String> parts() {
    return parts;
  }
}
