package csdp.analysis;

import csdp.analysis.plots.StepRecord;
import csdp.config.TrainOptions;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Population;
import csdp.model.Synapse;

/**
 * A proxy for energy: synaptic events (a spike times its outgoing synapses), compared with the
 * multiply-adds of dense arithmetic. It counts operations, not joules, without memory, encoding and
 * membranes.
 *
 * @param inference events of one image, without labels
 * @param inferenceDense multiply-adds of one image, dense: T x weights (without the context's,
 *     which is silent)
 * @param training events of one training image forward: the positive and its negative sample, and
 *     the image without labels where the training shows it so
 * @param trainingDense the same, dense
 * @param plasticity events of one training image in the gradients: spikes times synapses that learn
 *     from them
 * @param plasticityDense the same, dense
 * @param updates Adam updates per training image: every weight at every step, shared by a batch
 */
record Energy(
    double inference,
    double inferenceDense,
    double training,
    double trainingDense,
    double plasticity,
    double plasticityDense,
    double updates) {

  /**
   * Counts events.
   *
   * @param shown images without labels
   * @param contrast positives and negatives, with labels
   * @param options of the training
   */
  static Energy of(StepRecord shown, StepRecord contrast, TrainOptions options) {
    NetworkSpec spec = shown.spec();
    double t = spec.constants().steps();
    int positives = contrast.batch().positives();
    double inference = 0;
    double inferenceDense = 0;
    double training = 0;
    double trainingDense = 0;
    double plasticity = 0;
    double plasticityDense = 0;
    for (Synapse s : spec.synapses()) {
      double unlabelled = events(shown, s, shown.batch().size()) / shown.batch().size();
      double unlabelledDense = s.pre().spikesWithoutLabels() ? t * s.size() : 0;
      inference += unlabelled;
      inferenceDense += unlabelledDense;
      if (options.hardNegatives() || options.unlabelledHead()) { // a batch is also shown unlabelled
        training += unlabelled;
        trainingDense += unlabelledDense;
      }
      training += events(contrast, s, contrast.batch().size()) / positives;
      trainingDense += 2 * t * s.size();
      int learning = // samples that it learns from
          switch (s.rule()) {
            case CONTRASTIVE -> contrast.batch().size();
            case ERROR -> positives;
          };
      boolean head = Learning.Synapses.HEADS.contains(s);
      plasticity +=
          head && options.unlabelledHead() ? unlabelled : events(contrast, s, learning) / positives;
      plasticityDense += (double) learning / positives * t * s.size();
    }
    return new Energy(
        inference,
        inferenceDense,
        training,
        trainingDense,
        plasticity,
        plasticityDense,
        t * spec.weightCount() / options.batch());
  }

  /** Returns the events of a synapse in the first samples: spikes times target units. */
  private static double events(StepRecord r, Synapse s, int samples) {
    Population pre = s.pre();
    // Spikes of the last step have no effect, unless the target is driven in the same step.
    int last = s.post().fedByNewSpikes() ? r.steps() : r.steps() - 1;
    long spikes = 0;
    for (int t = 0; t < last; t++) {
      for (int b = 0; b < samples; b++) {
        spikes += r.spikes(pre, t, b);
      }
    }
    return (double) spikes * s.post().units();
  }
}
