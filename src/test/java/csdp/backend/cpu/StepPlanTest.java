package csdp.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.model.Learning;
import csdp.model.NetworkSpec;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The items of a step cover all work once, and are enough for all threads. */
class StepPlanTest {
  private static final NetworkSpec SPEC = NetworkSpec.builder(784, 10).hidden(200, 60).build();

  private static Layer[] layers() {
    Layer[] layers =
        SPEC.populations().stream().map(p -> new Layer(p, SPEC.constants())).toArray(Layer[]::new);
    SPEC.synapses()
        .forEach(s -> new Weights(s, layers[s.pre().index()], layers[s.post().index()], 1));
    return layers;
  }

  private static int[] ones(int n) {
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    return ones;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 2", "100, 2", "100, 16", "1000, 16", "1000, 64"})
  void itemsCoverTheWorkOnce(int n, int threads) {
    StepPlan plan = new StepPlan(layers(), n, Learning.Synapses.ALL, threads);
    Map<Layer, int[]> samples = new HashMap<>();
    Map<Layer, Integer> items = new HashMap<>();
    for (StepPlan.Samples[] phase : new StepPlan.Samples[][] {plan.forward, plan.reconstruct}) {
      for (StepPlan.Samples item : phase) {
        int[] seen = samples.computeIfAbsent(item.layer(), l -> new int[n]);
        for (int b = item.from(); b < item.to(); b++) {
          seen[b]++;
        }
        items.merge(item.layer(), 1, Integer::sum);
      }
    }
    samples.forEach((layer, seen) -> assertArrayEquals(ones(n), seen, layer.p.name()));
    assertEquals(5, samples.size(), "input, two hidden layers, head, reconstruction");
    items.forEach(
        (layer, count) ->
            assertTrue(count >= Math.min(n, 4 * threads), layer.p.name() + ": " + count));
    Map<Weights, int[]> rows = new HashMap<>();
    for (StepPlan.Rows item : plan.plastic) {
      int[] seen = rows.computeIfAbsent(item.weights(), w -> new int[w.synapse.pre().units()]);
      for (int r = item.from(); r < item.to(); r++) {
        seen[r]++;
      }
    }
    rows.forEach((w, seen) -> assertArrayEquals(ones(seen.length), seen, w.synapse.name()));
    assertEquals(SPEC.synapses().size(), rows.size());
  }
}
