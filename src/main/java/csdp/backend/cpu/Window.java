package csdp.backend.cpu;

import csdp.backend.Batch;
import csdp.backend.NotFinite;
import csdp.backend.ReadOut;
import csdp.model.Learning;
import java.util.Comparator;
import java.util.stream.IntStream;

/** The window that is simulated: a batch, its results, and the current step. */
final class Window {
  final Batch batch;
  final Learning learning; // null for inference
  final ReadOut out;
  final NotFinite.Watch watch;
  final int n; // samples
  final int positives;
  final int[] samplesByImage; // samples, those of the same image next to each other
  int step; // 1..T
  boolean panelled; // true if panels are used in this step

  Window(Batch batch, Learning learning, ReadOut out, NotFinite.Watch watch) {
    this.batch = batch;
    this.learning = learning;
    this.out = out;
    this.watch = watch;
    this.n = batch.size();
    this.positives = batch.positives();
    this.samplesByImage =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingInt(batch::original))
            .mapToInt(Integer::intValue)
            .toArray();
  }
}
