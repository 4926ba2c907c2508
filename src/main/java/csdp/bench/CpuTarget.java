package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.cpu.PhaseTimes;
import csdp.bench.StepPart.Kind;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The event-driven CPU backend, timed by the phases of its steps. */
public class CpuTarget extends Target {
  private final int threads;
  private final PhaseTimes times;
  private final Set<String> apart = new HashSet<>(); // synapses whose currents are timed apart
  private double idle;
  private int windows;

  /** Uses a number of threads. */
  public CpuTarget(int threads) {
    this.threads = threads;
    this.times = new PhaseTimes(threads);
  }

  @Override
  String name() {
    return "cpu, " + threads + (threads == 1 ? " thread" : " threads");
  }

  @Override
  public Backend open(NetworkSpec spec) {
    return new CpuBackend(spec, threads);
  }

  @Override
  Ceilings ceilings(BenchOptions options) {
    CpuCeilings c = CpuCeilings.measure(threads, options.ceilingFloats(), 9);
    Map<String, Object> how = new LinkedHashMap<>();
    how.put("copy_bytes_per_s", c.copyBytesPerSecond());
    how.put("triad_bytes_per_s", c.triadBytesPerSecond());
    how.put("operations_per_s", c.operationsPerSecond());
    how.put("threads", threads);
    how.put("array_bytes", 4L * options.ceilingFloats());
    return new Ceilings(c.bytesPerSecond(), c.operationsPerSecond(), how);
  }

  @Override
  boolean measure(Backend backend, boolean on) {
    if (!(backend instanceof CpuBackend cpu)) {
      return false;
    }
    cpu.measure(on ? times : null);
    return true;
  }

  @Override
  List<Timed> takeTimes(NetworkSpec spec) {
    Map<PhaseTimes.Part, Double> micros = times.micros();
    for (PhaseTimes.Part p : micros.keySet()) {
      if (p.kind() == PhaseTimes.Kind.CURRENTS) {
        apart.add(p.of());
      }
    }
    List<Timed> timed = new ArrayList<>();
    micros.forEach((part, us) -> timed.add(new Timed(part(part, spec), us)));
    idle += times.idleShare(threads);
    windows++;
    times.clear();
    return timed;
  }

  private Part part(PhaseTimes.Part timed, NetworkSpec spec) {
    return switch (timed.kind()) {
      case CURRENTS -> {
        Synapse s = spec.synapse(timed.of());
        yield Part.of(
            "currents " + s.name(),
            List.of(StepPart.of(Kind.CURRENTS, s), StepPart.of(Kind.CURRENTS_STORED, s)),
            List.of(StepPart.of(Kind.INTEGRATE, s.post())));
      }
      case INTEGRATE -> integrate(spec.population(timed.of()), spec);
      case ENCODE -> Part.of("encode", List.of(StepPart.ENCODE), List.of(StepPart.ENCODE));
      case SAMPLES -> {
        List<StepPart> signals = StepPart.signals(spec, false);
        yield Part.of("samples", signals, signals);
      }
      case ERRORS -> {
        List<StepPart> signals = StepPart.signals(spec, true);
        StepPart sum = StepPart.of(Kind.SUM, spec.reconstruction());
        yield Part.of("errors", Stream.concat(signals.stream(), Stream.of(sum)).toList(), signals);
      }
      case LISTS -> Part.of("lists by unit", StepPart.lists(spec), StepPart.plasticity(spec));
      case PLASTICITY -> {
        List<StepPart> update = List.of(StepPart.of(Kind.PLASTICITY, spec.synapse(timed.of())));
        yield Part.of(update.get(0).toString(), update, update);
      }
    };
  }

  /** Integration and the currents that are not timed apart; those are read back. */
  private Part integrate(Population p, NetworkSpec spec) {
    List<StepPart> does = new ArrayList<>();
    boolean read = false;
    for (Synapse s : spec.incoming(p)) {
      if (apart.contains(s.name())) {
        read = true;
      } else {
        does.add(StepPart.of(Kind.CURRENTS, s));
      }
    }
    StepPart integrate = StepPart.of(Kind.INTEGRATE, p);
    does.add(integrate);
    if (read) {
      does.add(StepPart.of(Kind.CURRENTS_READ, p));
    }
    return Part.of("currents+integrate " + p.name(), does, List.of(integrate));
  }

  @Override
  Map<String, Object> remarks() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("parts_by", "phases of the backend, divided by thread time of each part");
    map.put("idle_share_of_thread_time", windows == 0 ? null : idle / windows);
    return map;
  }
}
