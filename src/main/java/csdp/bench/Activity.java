package csdp.bench;

import csdp.backend.Batch;
import csdp.backend.StepObserver;
import csdp.backend.StepView;
import csdp.bench.Work.Firing;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Population.Role;
import csdp.model.Synapse;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Counts the work of each part of a step from the spikes of a time window. Parts are named {@code
 * kernel part}: {@code currents W1}, {@code integrate z1}, {@code plasticity W1}.
 */
final class Activity implements StepObserver {
  private final NetworkSpec spec;
  private final Batch batch;
  private final boolean learn;
  private final long drawnBlocks;
  private final Firing[] before; // by population: spikes of t-1
  private final Map<String, Work> work = new LinkedHashMap<>();
  private int steps;

  Activity(NetworkSpec spec, Batch batch, boolean learn) {
    this.spec = spec;
    this.batch = batch;
    this.learn = learn;
    this.before = new Firing[spec.populations().size()];
    java.util.Arrays.fill(before, Firing.none(batch.size()));
    this.drawnBlocks = drawnBlocks(batch, spec.input().units());
  }

  private static long drawnBlocks(Batch batch, int units) {
    long blocks = 0;
    float[] image = new float[units];
    for (int b = 0; b < batch.size(); b++) {
      batch.copyImage(b, image, 0);
      for (int i = 0; i < units; i += 4) {
        boolean black = true;
        for (int k = i; k < Math.min(i + 4, units); k++) {
          black &= image[k] == 0;
        }
        blocks += black ? 0 : 1;
      }
    }
    return blocks;
  }

  @Override
  public void afterStep(StepView view) {
    steps++;
    int n = batch.size();
    int positives = batch.positives();
    Firing[] now = new Firing[before.length];
    for (Population p : spec.populations()) {
      now[p.index()] = Firing.of(view.spikes(p), n, positives);
    }
    Firing input = now[spec.input().index()];
    add("encode", Work.encode(drawnBlocks, input));
    add("encode stored", Work.encodeStored(drawnBlocks, input));
    for (Synapse s : spec.synapses()) {
      Firing pre = (s.post().fedByNewSpikes() ? now : before)[s.pre().index()];
      boolean first = spec.incoming(s.post()).get(0) == s;
      add("currents " + s.name(), Work.currents(s, pre));
      add("stored " + s.name(), Work.currentsStored(s, n, !first));
      if (learn) {
        add(
            "plasticity " + s.name(),
            s.rule() == Synapse.Rule.CONTRASTIVE
                ? Work.contrastive(s, pre, now[s.post().index()], n)
                : Work.error(s, pre, positives));
      }
    }
    for (Population p : spec.populations()) {
      Firing f = now[p.index()];
      if (p.integrates()) {
        add("integrate " + p.name(), Work.integrate(p, f, n));
        add("read " + p.name(), Work.currentsRead(p, n));
      }
      if (p.role() == Role.HIDDEN) {
        add("modulate " + p.name(), Work.modulate(f, n, view.step()));
      }
      if (p.role() == Role.HEAD) {
        add("error " + p.name(), Work.headError(p, positives));
      }
      if (p.role() == Role.RECONSTRUCTION) {
        add("sum " + p.name(), Work.reconstructionSum(p, n));
        if (learn) {
          add("error " + p.name(), Work.reconstructionError(p, input, f, positives));
        }
      }
      if (learn && spec.synapses().stream().anyMatch(s -> s.pre() == p)) {
        add("lists " + p.name(), Work.transpose(f));
      }
    }
    System.arraycopy(now, 0, before, 0, now.length);
  }

  private void add(String part, Work w) {
    work.merge(part, w, Work::plus);
  }

  /** Returns the mean work of a part per step; null if there is no such part. */
  Work of(String part) {
    Work w = work.get(part);
    return w == null ? null : w.over(steps);
  }

  /** Returns the sum of the existing parts; null if there is none. */
  Work sum(java.util.stream.Stream<String> parts) {
    return parts.map(this::of).filter(w -> w != null).reduce(Work::plus).orElse(null);
  }
}
