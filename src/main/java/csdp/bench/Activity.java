package csdp.bench;

import csdp.backend.Batch;
import csdp.backend.StepObserver;
import csdp.backend.StepView;
import csdp.bench.StepPart.Kind;
import csdp.bench.Work.Firing;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Watches a time window and counts, from its spikes, the work of every part of a step. */
final class Activity implements StepObserver {
  private final NetworkSpec spec;
  private final Batch batch;
  private final boolean learn;
  private final long drawnBlocks;
  private final Firing[] before; // by population: spikes of t-1
  private final Map<StepPart, Work> work = new LinkedHashMap<>();
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
    add(StepPart.ENCODE, Work.encode(drawnBlocks, input));
    add(StepPart.ENCODE_STORED, Work.encodeStored(drawnBlocks, input));
    for (Synapse s : spec.synapses()) {
      Firing pre = (s.post().fedByNewSpikes() ? now : before)[s.pre().index()];
      boolean first = spec.incoming(s.post()).get(0) == s;
      add(StepPart.of(Kind.CURRENTS, s), Work.currents(s, pre));
      add(StepPart.of(Kind.CURRENTS_STORED, s), Work.currentsStored(s, n, !first));
      if (learn) {
        add(
            StepPart.of(Kind.PLASTICITY, s),
            switch (s.rule()) {
              case CONTRASTIVE -> Work.contrastive(s, pre, now[s.post().index()], n);
              case ERROR -> Work.error(s, pre, positives);
            });
      }
    }
    for (Population p : spec.populations()) {
      Firing f = now[p.index()];
      if (p.integrates()) {
        add(StepPart.of(Kind.INTEGRATE, p), Work.integrate(p, f, n));
        add(StepPart.of(Kind.CURRENTS_READ, p), Work.currentsRead(p, n));
        signals(p, input, f, view.step());
      }
      if (learn && spec.synapses().stream().anyMatch(s -> s.pre() == p)) {
        add(StepPart.of(Kind.LISTS, p), Work.transpose(f));
      }
    }
    System.arraycopy(now, 0, before, 0, now.length);
  }

  private void signals(Population p, Firing input, Firing own, int step) {
    int n = batch.size();
    int positives = batch.positives();
    Work w =
        switch (p.role()) {
          case HIDDEN -> Work.modulate(own, n, step);
          case HEAD -> Work.headError(p, positives);
          case RECONSTRUCTION -> {
            add(StepPart.of(Kind.SUM, p), Work.reconstructionSum(p, n));
            yield learn ? Work.reconstructionError(p, input, own, positives) : Work.NONE;
          }
          case INPUT, CONTEXT -> throw new IllegalArgumentException(p.name());
        };
    add(StepPart.signals(p), w);
  }

  private void add(StepPart part, Work w) {
    work.merge(part, w, Work::plus);
  }

  /** Returns the mean work of a part per step; null if there is no such part. */
  Work of(StepPart part) {
    Work w = work.get(part);
    return w == null ? null : w.over(steps);
  }

  /** Returns the sum of the existing parts; null if there is none. */
  Work sum(List<StepPart> parts) {
    return parts.stream().map(this::of).filter(w -> w != null).reduce(Work::plus).orElse(null);
  }
}
