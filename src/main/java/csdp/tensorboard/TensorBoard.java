package csdp.tensorboard;

import csdp.backend.Batch;
import csdp.backend.ReadOut;
import csdp.data.Dataset;
import csdp.error.CsdpException;
import csdp.io.AtomicFolder;
import csdp.metrics.Evaluation;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Synapse;
import csdp.train.EpochMetrics;
import csdp.train.Evaluator;
import csdp.train.TrainListener;
import csdp.train.TrainState;
import csdp.train.Trainer;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes a training to a folder for TensorBoard, as two of its runs:
 *
 * <ul>
 *   <li>{@code batches}: the step is the number of batches since the start; means over the positive
 *       samples of that batch
 *   <li>{@code epochs}: the step is the number of epochs, 0 is the network before training; the
 *       values of metrics.jsonl, histograms of all weights, and a picture of images (upper row) and
 *       their reconstructions (lower row)
 * </ul>
 *
 * <p>A resumed training adds files. It first removes the steps that an interrupted training wrote
 * after its last checkpoint, so no step is there twice. It must precede the {@code RunFolder} among
 * the listeners: after a crash the curves may then be ahead of the checkpoint, but lack nothing.
 */
public final class TensorBoard implements TrainListener, AutoCloseable {
  private static final int PICTURES = 10;

  private final Path folder;
  private EventFiles batches; // null before training
  private EventFiles epochs; // null before training
  private Evaluation before; // sums of the epoch up to the previous batch; null for none
  private double secondsBefore;

  /** Uses a folder, which need not exist yet. */
  public TensorBoard(Path folder) {
    this.folder = folder;
  }

  /**
   * Refuses a folder that cannot be written, that holds the curves of another training, or whose
   * files a new training could not replace. A training calls it before it removes an earlier run.
   *
   * @param continuing true if a training in this folder is continued or replaced
   * @throws CsdpException environment or bad input
   */
  public void requireUsable(boolean continuing) {
    AtomicFolder.requireWritable(at("batches"));
    AtomicFolder.requireWritable(at("epochs"));
    EventFiles.requireUsable(at("batches"), 1);
    EventFiles.requireUsable(at("epochs"), 0);
    if (!continuing
        && !(EventFiles.in(at("batches")).isEmpty() && EventFiles.in(at("epochs")).isEmpty())) {
      throw CsdpException.badInput(
          "%s holds the curves of another training: continue it with --resume, replace it with"
              + " --force, or name another folder with --tensorboard",
          folder);
    }
  }

  private Path at(String run) {
    return folder.resolve(run);
  }

  @Override
  public void started(Trainer trainer) {
    TrainState at = trainer.state();
    batches = EventFiles.open(at("batches"), step(trainer, at) + 1);
    epochs = EventFiles.open(at("epochs"), at.history().size());
    if (epochs.isFirst()) {
      at.history().forEach(m -> epochs.add(m.epoch(), scalars(m)));
    }
    before = at.batch() == 0 ? null : now(trainer);
    secondsBefore = at.seconds();
  }

  private static long step(Trainer trainer, TrainState at) {
    return (long) at.epoch() * trainer.batches() + at.batch();
  }

  private static Evaluation now(Trainer trainer) {
    return trainer.sums().result(trainer.spec().constants().steps());
  }

  @Override
  public void batchDone(Trainer trainer) {
    TrainState at = trainer.state();
    Evaluation now = now(trainer);
    long images = now.n() - (before == null ? 0 : before.n());
    Summary values =
        new Summary()
            .scalar("batch/accuracy", mean(now, Evaluation::accuracy))
            .scalar("batch/nll", mean(now, Evaluation::nll))
            .scalar("batch/bce", mean(now, Evaluation::bce))
            .scalar("batch/mse", mean(now, Evaluation::mse))
            .scalar("batch/images_per_second", images / (at.seconds() - secondsBefore));
    for (String name : now.spikes().keySet()) {
      values.scalar("batch_spikes/" + name, mean(now, e -> e.spikes().get(name)));
    }
    batches.add(step(trainer, at), values);
    before = now;
    secondsBefore = at.seconds();
  }

  /** Returns the mean over the last batch, from means over the epoch; null if not measured. */
  private Double mean(Evaluation now, Function<Evaluation, Double> of) {
    Double value = of.apply(now);
    return value == null || before == null
        ? value
        : Double.valueOf(
            (value * now.n() - of.apply(before) * before.n()) / (now.n() - before.n()));
  }

  @Override
  public void epochDone(Trainer trainer, EpochMetrics metrics, boolean best) {
    before = null;
    secondsBefore = 0;
    Summary values = scalars(metrics);
    Parameters parameters = trainer.parameters();
    for (Synapse s : trainer.spec().synapses()) {
      values.histogram("weights/" + s.name(), parameters.weights(s));
    }
    if (trainer.spec().reconstruction() != null) {
      values.image("reconstruction", reconstructions(trainer));
    }
    epochs.add(metrics.epoch(), values);
  }

  private static Summary scalars(EpochMetrics m) {
    Summary values =
        new Summary()
            .scalar("train/accuracy", m.trainAccuracy())
            .scalar("train/nll", m.trainNll())
            .scalar("train/bce", m.trainBce())
            .scalar("train/mse", m.trainMse())
            .scalar("train/images_per_second", m.imagesPerSecond())
            .scalar("valid/accuracy", m.validAccuracy())
            .scalar("valid/nll", m.validNll())
            .scalar("valid/bce", m.validBce())
            .scalar("valid/mse", m.validMse());
    for (Map.Entry<String, Double> population : m.spikes().entrySet()) {
      values.scalar("spikes/" + population.getKey(), population.getValue());
    }
    return values;
  }

  /** Draws the first validation images, or training images without these, and reconstructions. */
  private static BufferedImage reconstructions(Trainer trainer) {
    Dataset data = trainer.valid() == null ? trainer.train() : trainer.valid();
    NetworkSpec spec = trainer.spec();
    int n = Math.min(PICTURES, data.size());
    int pixels = data.pixels();
    ReadOut out = new ReadOut(spec, false);
    Batch batch = Evaluator.unlabelled(data, 0, n, trainer.options().seed());
    float[] images = new float[n * pixels];
    for (int i = 0; i < n; i++) {
      batch.copyImage(i, images, i * pixels);
    }
    trainer.backend().run(batch, null, out, null);
    BufferedImage picture =
        new BufferedImage(n * data.width(), 2 * data.height(), BufferedImage.TYPE_BYTE_GRAY);
    float steps = spec.constants().steps();
    for (int i = 0; i < n * pixels; i++) {
      int x = i / pixels * data.width() + i % data.width();
      int y = i % pixels / data.width();
      picture.getRaster().setSample(x, y, 0, Math.round(255 * images[i]));
      float shown = Math.min(1, out.reconstruction()[i] / steps);
      picture.getRaster().setSample(x, data.height() + y, 0, Math.round(255 * shown));
    }
    return picture;
  }

  @Override
  public void close() {
    if (batches != null) {
      batches.close();
    }
    if (epochs != null) {
      epochs.close();
    }
  }
}
