package csdp.bench;

import csdp.backend.Backend;
import csdp.backend.cpu.CpuBackend;
import csdp.backend.cpu.PhaseTimes;
import csdp.model.NetworkSpec;
import csdp.model.Synapse;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The event-driven CPU backend, timed by the phases of its steps. */
public class CpuTarget extends Target {
  private static final String CURRENTS = "currents+integrate ";
  private static final String APART = "currents "; // of one synapse

  private final int threads;
  private final PhaseTimes times;
  private final Set<String> apart = new HashSet<>();
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
  Backend open(NetworkSpec spec) {
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
  Map<String, Double> takeMicros() {
    Map<String, Double> micros = new HashMap<>();
    times
        .micros()
        .forEach(
            (phase, us) -> {
              micros.put(phase.replaceFirst("^(integrate|reconstruct) ", CURRENTS), us);
              if (phase.startsWith(APART)) {
                apart.add(phase);
              }
            });
    idle += times.idleShare(threads);
    windows++;
    times.clear();
    return micros;
  }

  @Override
  Part part(String name, NetworkSpec spec, Activity a) {
    if (name.startsWith(CURRENTS)) {
      String p = name.substring(CURRENTS.length());
      Stream<String> here =
          Stream.concat(
              currents(spec, p).filter(part -> !apart.contains(part)), Stream.of("integrate " + p));
      boolean stored = currents(spec, p).anyMatch(apart::contains);
      Stream<String> parts = stored ? Stream.concat(here, Stream.of("read " + p)) : here;
      return new Part(a.sum(parts), List.of("integrate " + p));
    }
    if (name.startsWith(APART)) {
      Synapse s =
          spec.synapses().stream()
              .filter(k -> name.equals(APART + k.name()))
              .findAny()
              .orElseThrow();
      Work work = a.sum(Stream.of(name, "stored " + s.name()));
      return new Part(work, List.of("integrate " + s.post().name()));
    }
    return switch (name) {
      case "samples" -> new Part(a.sum(samples(spec).stream()), samples(spec));
      case "lists by unit" -> new Part(a.sum(lists(spec).stream()), plasticity(spec));
      case "errors" -> new Part(a.sum(Stream.of("error zR", "sum zR")), List.of("error zR"));
      default -> new Part(a.of(name), List.of(name));
    };
  }

  @Override
  Map<String, Object> remarks() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("parts_by", "phases of the backend, divided by thread time of each part");
    map.put("idle_share_of_thread_time", windows == 0 ? null : idle / windows);
    return map;
  }
}
