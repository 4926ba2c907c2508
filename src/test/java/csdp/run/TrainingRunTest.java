package csdp.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import csdp.backend.Backend;
import csdp.backend.Device;
import csdp.backend.ReadOut;
import csdp.config.TrainOptions;
import csdp.data.Dataset;
import csdp.data.Strokes;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.train.Batches;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingRunTest {
  private static long used() {
    Runtime java = Runtime.getRuntime();
    java.gc();
    return java.totalMemory() - java.freeMemory();
  }

  /**
   * A training that holds as much memory as at a checkpoint: backend and a copy of the parameters.
   */
  @Test
  void theHeapOfTrainingIsAsEstimated() {
    Dataset data = Strokes.train(1).limit(500);
    for (int hidden : List.of(100, 2000)) {
      NetworkSpec demo = NetworkSpec.builder(784, 10).hidden(hidden, 50).build();
      NetworkSpec spec = demo.with(demo.constants().withSteps(1));
      long before = used();
      try (Backend backend = Device.CPU.open(spec, 1)) {
        Parameters parameters = Parameters.random(spec, 1);
        backend.restore(parameters);
        TrainOptions options = TrainOptions.epochs(1).withBatch(data.size());
        Batches batches = new Batches(spec, data, options);
        backend.run(batches.get(0, 0), options.learning(), new ReadOut(spec, false), null);
        double used = used() - before;
        double estimated = TrainingRun.heap(spec, data.size(), Device.Kind.CPU);
        assertEquals(0.85, used / estimated, 0.2, hidden + " units use " + used);
        assertEquals(0, parameters.plasticitySteps(), "still in use");
      }
    }
  }
}
