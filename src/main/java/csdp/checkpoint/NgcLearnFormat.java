package csdp.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;

/**
 * A network's tables as the four JSON files of the released code (ngc-learn 1.2b3): components,
 * wiring, and the order in which commands visit them. Names and orders are those of the released
 * code, continued layer by layer for other depths than two.
 */
final class NgcLearnFormat {
  static final String CIRCUIT = "/Circuit/";
  private static final JsonNodeFactory F = JsonNodeFactory.instance;

  private final NetworkSpec spec;
  private final Constants constants;
  private final Learning learning;
  private final List<Population> hidden;
  private final Population context;
  private final Population head;
  private final Population reconstruction;

  NgcLearnFormat(NetworkSpec spec, Learning learning) {
    this.spec = spec;
    this.learning = learning;
    constants = spec.constants();
    hidden = spec.populations(Role.HIDDEN);
    context = spec.context();
    head = spec.head();
    reconstruction = spec.reconstruction();
  }

  // ---- kinds of synapse, each in table order

  private List<Synapse> select(Predicate<Synapse> kind) {
    return spec.synapses().stream().filter(kind).toList();
  }

  private enum Kind {
    FORWARD,
    LATERAL,
    TOP_DOWN,
    CONTEXT,
    HEAD,
    RECONSTRUCTION
  }

  private static Kind kind(Synapse s) {
    return switch (s.rule()) {
      case CONTRASTIVE ->
          switch (s.pre().role()) {
            case INPUT, HIDDEN -> {
              int up = s.post().layer() - s.pre().layer();
              yield up > 0 ? Kind.FORWARD : up < 0 ? Kind.TOP_DOWN : Kind.LATERAL;
            }
            case CONTEXT -> Kind.CONTEXT;
            case HEAD, RECONSTRUCTION -> throw new IllegalStateException(s.name());
          };
      case ERROR ->
          switch (s.post().role()) {
            case HEAD -> Kind.HEAD;
            case RECONSTRUCTION -> Kind.RECONSTRUCTION;
            case INPUT, HIDDEN, CONTEXT -> throw new IllegalStateException(s.name());
          };
    };
  }

  private static boolean isContext(Synapse s) {
    return kind(s) == Kind.CONTEXT;
  }

  private static boolean isForward(Synapse s) {
    return kind(s) == Kind.FORWARD;
  }

  private static boolean isLateral(Synapse s) {
    return kind(s) == Kind.LATERAL;
  }

  private static boolean isTopDown(Synapse s) {
    return kind(s) == Kind.TOP_DOWN;
  }

  private List<Synapse> heads() {
    return select(s -> kind(s) == Kind.HEAD);
  }

  private List<Synapse> reconstructions() {
    return select(s -> kind(s) == Kind.RECONSTRUCTION);
  }

  /** Context synapses from the highest layer down. */
  private List<Synapse> contextsDown() {
    List<Synapse> down = new ArrayList<>(select(NgcLearnFormat::isContext));
    Collections.reverse(down);
    return down;
  }

  // ---- names

  private static String trace(Population p, int layers) {
    return switch (p.role()) {
      case HEAD -> "tr" + (layers + 1);
      case RECONSTRUCTION -> "tr0";
      case HIDDEN -> "tr" + p.layer();
      case INPUT, CONTEXT -> throw new IllegalStateException(p.name());
    };
  }

  private String trace(Population p) {
    return trace(p, hidden.size());
  }

  private static String error(Population p) {
    return switch (p.role()) {
      case HEAD -> "ey";
      case RECONSTRUCTION -> "eR";
      case INPUT, HIDDEN, CONTEXT -> throw new IllegalStateException(p.name());
    };
  }

  /** Returns the compartment with the spikes of this step. */
  private static String spikes(Population p) {
    return p.name() + (p.integrates() ? "/s" : "/outputs");
  }

  /** Returns the compartment with the spikes of the previous step. */
  private static String earlier(Population p) {
    return p.name() + "_prev/zF";
  }

  /** The populations whose spikes of t-1 are kept: input, hidden layers, context. */
  private List<Population> remembered() {
    List<Population> all = new ArrayList<>();
    all.add(spec.input());
    all.addAll(hidden);
    all.add(context);
    return all;
  }

  // ---- components.json

  /** Every component with its class and arguments. */
  ObjectNode components() {
    ObjectNode all = F.objectNode();
    bernoulli(all, spec.input());
    for (Population p : hidden) {
      select(s -> isForward(s) && s.post() == p).forEach(s -> contrastive(all, s));
      lif(all, p);
    }
    select(NgcLearnFormat::isTopDown).forEach(s -> contrastive(all, s));
    select(NgcLearnFormat::isLateral).forEach(s -> contrastive(all, s));
    lif(all, head);
    errorCell(all, head);
    heads().forEach(s -> hebbian(all, s));
    if (reconstruction != null) {
      lif(all, reconstruction);
      errorCell(all, reconstruction);
      reconstructions().forEach(s -> hebbian(all, s));
    }
    bernoulli(all, context);
    contextsDown().forEach(s -> contrastive(all, s));
    for (Population p : hidden) {
      ObjectNode g = component(all, "GoodnessModCell", "g" + p.layer()).put("n_units", p.units());
      g.put("threshold", number(constants.goodnessThreshold())).put("use_dyn_threshold", false);
    }
    for (Population p : remembered()) {
      ObjectNode cell = component(all, "RateCell", p.name() + "_prev").put("n_units", p.units());
      cell.put("tau_m", 0.0).putArray("prior").add("gaussian").add(0.0);
      cell.put("batch_size", 1);
    }
    if (reconstruction != null) {
      traceCell(all, reconstruction).put("batch_size", 1).put("a_delta", 0.0);
    }
    for (Population p : hidden) {
      traceCell(all, p).put("a_delta", 0.0).put("batch_size", 1);
    }
    traceCell(all, head).put("a_delta", 0.0).put("batch_size", 1);
    ObjectNode file = F.objectNode();
    file.set("components", all);
    return file;
  }

  private static ObjectNode component(ObjectNode all, String type, String name) {
    ObjectNode c = all.putObject(CIRCUIT + name).put("class", type);
    c.putArray("args").add(name);
    return c.putObject("kwargs");
  }

  private static void bernoulli(ObjectNode all, Population p) {
    component(all, "BernoulliCell", p.name()).put("n_units", p.units()).put("batch_size", 1);
  }

  private static void errorCell(ObjectNode all, Population p) {
    component(all, "MaskedErrorCell", error(p)).put("n_units", p.units());
  }

  private void lif(ObjectNode all, Population p) {
    ObjectNode k = component(all, "SLIFCell", p.name()).put("n_units", p.units());
    k.put("tau_m", number(constants.tauM())).put("resist_m", 1.0);
    k.put("thr", number(Constants.THRESHOLD)).put("resist_inh", 0.0);
    k.put("refract_time", 0.0).put("thr_gain", 0.0).put("thr_leak", 0.0);
    k.put("rho_b", p.adaptive() ? number(constants.thresholdRate()) : 0.0);
    k.put("sticky_spikes", false).put("thr_jitter", number(Constants.THRESHOLD_JITTER));
    k.put("batch_size", 1);
  }

  private ObjectNode traceCell(ObjectNode all, Population p) {
    ObjectNode k = component(all, "VarTrace", trace(p)).put("n_units", p.units());
    return k.put("tau_tr", number(constants.tauTrace())).put("decay_type", "lin");
  }

  private ObjectNode synapse(ObjectNode all, String type, Synapse s) {
    ObjectNode k = component(all, type, s.name());
    k.putArray("shape").add(s.pre().units()).add(s.post().units());
    k.put("eta", number(learning.learningRate()));
    k.putObject("weight_init").put("dist", "uniform").put("amin", -1.0).put("amax", 1.0);
    return k.putNull("bias_init");
  }

  private void contrastive(ObjectNode all, Synapse s) {
    ObjectNode k = synapse(all, "CSDPSynapse", s).put("w_bound", number(s.upper()));
    k.put("is_nonnegative", s.lower() >= 0).put("w_decay", number(learning.weightDecay()));
    k.put("resist_scale", number(s.learningScale()));
    if (s.hollow()) {
      k.put("is_hollow", true).put("w_sign", -1.0);
    }
    k.put("optim_type", "adam").put("soft_bound", false);
  }

  private void hebbian(ObjectNode all, Synapse s) {
    ObjectNode k = synapse(all, "HebbianSynapse", s);
    k.put("resist_scale", number(s.currentScale())).put("w_bound", number(s.upper()));
    k.put("w_decay", 0.0).put("sign_value", -1.0).put("optim_type", "adam");
    k.put("pre_wght", 1.0).put("post_wght", number(s.learningScale()));
    k.put("is_nonnegative", s.lower() >= 0);
  }

  /** The double with the fewest digits that is read back as the float. */
  private static double number(float f) {
    double d = Double.parseDouble(Float.toString(f));
    return (float) d == f ? d : f;
  }

  // ---- modules.json

  /** Where each class of component and operation is imported from. */
  static ArrayNode modules() {
    ArrayNode all = F.arrayNode();
    module(all, "ngclearn.components.input_encoders.bernoulliCell", "BernoulliCell");
    module(all, "custom.CSDPSynapse", "CSDPSynapse");
    module(all, "ngclearn.components.neurons.spiking.sLIFCell", "SLIFCell");
    module(all, "custom.maskedErrorCell", "MaskedErrorCell");
    module(all, "ngclearn.components.synapses.hebbian.hebbianSynapse", "HebbianSynapse");
    module(all, "custom.goodnessModCell", "GoodnessModCell");
    module(all, "ngclearn.components.neurons.graded.rateCell", "RateCell");
    module(all, "ngclearn.components.other.varTrace", "VarTrace");
    module(all, "ngcsimlib.operations", "overwrite", "summation");
    return all;
  }

  private static void module(ArrayNode all, String path, String... names) {
    ArrayNode attributes = all.addObject().put("absolute_path", path).putArray("attributes");
    for (String name : names) {
      attributes.addObject().put("name", name);
    }
  }

  // ---- commands.json

  /** Which components each command visits, in order. */
  ObjectNode commands() {
    List<Synapse> driving = select(s -> isForward(s) || isTopDown(s));
    List<String> step = new ArrayList<>();
    remembered().forEach(p -> step.add(p.name() + "_prev"));
    driving.forEach(s -> step.add(s.name()));
    contextsDown().forEach(s -> step.add(s.name()));
    select(NgcLearnFormat::isLateral).forEach(s -> step.add(s.name()));
    heads().forEach(s -> step.add(s.name()));
    remembered().forEach(p -> step.add(p.name()));
    step.add(head.name());
    hidden.forEach(p -> step.add(trace(p)));
    step.add(trace(head));
    hidden.forEach(p -> step.add("g" + p.layer()));
    step.add(error(head));
    if (reconstruction != null) {
      reconstructions().forEach(s -> step.add(s.name()));
      step.addAll(List.of(reconstruction.name(), trace(reconstruction), error(reconstruction)));
    }
    List<String> evolve = new ArrayList<>();
    driving.forEach(s -> evolve.add(s.name()));
    select(NgcLearnFormat::isContext).forEach(s -> evolve.add(s.name()));
    select(NgcLearnFormat::isLateral).forEach(s -> evolve.add(s.name()));
    heads().forEach(s -> evolve.add(s.name()));
    reconstructions().forEach(s -> evolve.add(s.name()));
    ObjectNode all = F.objectNode();
    command(all, "reset", step);
    command(all, "advance_state", step);
    command(all, "evolve", evolve);
    return all;
  }

  private static void command(ObjectNode all, String name, List<String> components) {
    ObjectNode c = all.putObject(name).put("class", "dynamic_compiled");
    components.forEach(c.putArray("components")::add);
    c.put("compile_key", name);
  }

  // ---- ops.json

  /** The wiring. */
  ArrayNode ops() {
    ArrayNode all = F.arrayNode();
    for (Population p : hidden) {
      wire(all, trace(p) + "/inputs", spikes(p));
    }
    wire(all, trace(head) + "/inputs", spikes(head));
    for (Population p : hidden) {
      wire(all, "g" + p.layer() + "/inputs", trace(p) + "/trace");
    }
    for (Population p : remembered()) {
      wire(all, p.name() + "_prev/j", spikes(p));
    }
    wire(all, error(head) + "/mu", trace(head) + "/outputs");
    wire(all, error(head) + "/target", spikes(context));

    heads().forEach(s -> wire(all, s.name() + "/inputs", spikes(s.pre())));
    sum(all, head, heads());
    if (reconstruction != null) {
      String name = error(reconstruction);
      reconstructions().forEach(s -> wire(all, s.name() + "/inputs", spikes(s.pre())));
      sum(all, reconstruction, reconstructions());
      wire(all, trace(reconstruction) + "/inputs", spikes(reconstruction));
      wire(all, name + "/mu", spikes(reconstruction));
      wire(all, name + "/target", spikes(spec.input()));
      for (Synapse s : reconstructions()) {
        wire(all, s.name() + "/pre", spikes(s.pre()));
        wire(all, s.name() + "/post", name + "/dmu");
      }
    }
    for (Population p : hidden) {
      List<Synapse> sources = new ArrayList<>();
      sources.addAll(select(s -> isForward(s) && s.post() == p));
      sources.addAll(select(s -> isLateral(s) && s.post() == p));
      sources.addAll(select(s -> isTopDown(s) && s.post() == p));
      sources.addAll(select(s -> isContext(s) && s.post() == p));
      for (Synapse s : sources) {
        // Forward synapses are visited before their source: its spikes are still those of t-1.
        wire(all, s.name() + "/inputs", isForward(s) ? spikes(s.pre()) : earlier(s.pre()));
      }
      sum(all, p, sources);
    }
    for (Synapse s : heads()) {
      wire(all, s.name() + "/pre", earlier(s.pre()));
      wire(all, s.name() + "/post", error(head) + "/dmu");
    }
    for (Population p : hidden) {
      select(s -> isForward(s) && s.post() == p).forEach(s -> plasticity(all, s));
      select(s -> isLateral(s) && s.post() == p).forEach(s -> plasticity(all, s));
    }
    select(NgcLearnFormat::isTopDown).forEach(s -> plasticity(all, s));
    contextsDown().forEach(s -> plasticity(all, s));
    return all;
  }

  private static void plasticity(ArrayNode all, Synapse s) {
    wire(all, s.name() + "/preSpike", earlier(s.pre()));
    wire(all, s.name() + "/postSpike", spikes(s.post()));
    // The released code saved no preTrace for forward synapses between hidden layers.
    if (!isForward(s) || s.pre().drawnFromImage()) {
      wire(all, s.name() + "/preTrace", earlier(s.pre()));
    }
    wire(all, s.name() + "/postTrace", "g" + s.post().layer() + "/modulator");
  }

  private static void sum(ArrayNode all, Population post, List<Synapse> sources) {
    String[] outputs = sources.stream().map(s -> s.name() + "/outputs").toArray(String[]::new);
    wire(all, post.name() + "/j", outputs);
  }

  private static void wire(ArrayNode all, String destination, String... sources) {
    ObjectNode op = all.addObject().put("class", sources.length == 1 ? "overwrite" : "summation");
    ArrayNode list = op.putArray("sources");
    for (String s : sources) {
      list.add(s);
    }
    op.put("destination", destination);
  }

  // ---- comparison

  /**
   * Returns true for arguments that affect only new networks, or nothing that csdp4j reads from the
   * file.
   */
  private static boolean immaterial(String argument) {
    return switch (argument) {
      case "batch_size", "weight_init", "thr", "thr_jitter", "key", "directory" -> true;
      default -> false;
    };
  }

  /**
   * Returns a description of the first argument that csdp4j cannot express, or null.
   *
   * @param expected arguments as csdp4j would write them
   * @param found arguments in the file
   */
  static String difference(JsonNode expected, JsonNode found) {
    for (String name : (Iterable<String>) expected::fieldNames) {
      JsonNode e = expected.get(name);
      JsonNode f = found.get(name);
      if (!immaterial(name) && (f == null || !same(e, f))) {
        return f == null
            ? "lacks " + name + " (expected " + e + ")"
            : "has " + name + " " + f + "; csdp4j can express only " + e + " there";
      }
    }
    for (String name : (Iterable<String>) found::fieldNames) {
      JsonNode f = found.get(name);
      boolean off =
          f.isNull() || (f.isBoolean() && !f.booleanValue()) || (f.isNumber() && f.asDouble() == 0);
      if (!expected.has(name) && !immaterial(name) && !off) {
        return "has " + name + " " + f + ", which csdp4j does not know";
      }
    }
    return null;
  }

  private static boolean same(JsonNode a, JsonNode b) {
    if (a.isNumber() && b.isNumber()) {
      return a.floatValue() == b.floatValue();
    }
    if (a.isArray() && b.isArray() && a.size() == b.size()) {
      for (int i = 0; i < a.size(); i++) {
        if (!same(a.get(i), b.get(i))) {
          return false;
        }
      }
      return true;
    }
    return a.equals(b);
  }
}
