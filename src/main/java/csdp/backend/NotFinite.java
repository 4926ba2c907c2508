package csdp.backend;

import csdp.error.CsdpException;
import csdp.model.Constants;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import java.util.concurrent.atomic.AtomicLong;

/** Checks for NaN and infinity in a network and its measurements, and their error messages. */
public final class NotFinite {
  private static final double LARGE = 1e30; // sums of such values still fit a float

  /** Largest learning rate and weight decay that {@link #impossible} covers. */
  private static final float MODERATE = 1000;

  private NotFinite() {}

  /** Quantities that are checked. */
  public enum Quantity {
    /** Membrane potentials v of a population, before the reset of those that spike. */
    MEMBRANES("membrane potentials"),
    /** Thresholds of a population, before the floor. */
    THRESHOLDS("thresholds"),
    /** Traces z of a population. */
    TRACES("traces"),
    /** Goodness G of a hidden layer. */
    GOODNESS("goodness"),
    /** Weights of a synapse, before they are clipped. */
    WEIGHTS("weights"),
    /** Adam's first moments of a synapse. */
    FIRST_MOMENTS("first moments"),
    /** Adam's second moments of a synapse. */
    SECOND_MOMENTS("second moments");

    private final String text;

    Quantity(String text) {
      this.text = text;
    }
  }

  /**
   * Returns the error to throw.
   *
   * @param owner name of the population or the synapse
   * @param step of the window, from 1
   * @param steps of the window, T
   */
  public static CsdpException failure(Quantity what, String owner, int step, int steps) {
    return CsdpException.failed(
        "NaN or infinity in the %s of %s, step %d of %d", what.text, owner, step, steps);
  }

  /** Returns the error for a measurement that is not finite. */
  public static CsdpException failure(String measurement) {
    return CsdpException.failed("NaN or infinity in the %s", measurement);
  }

  /**
   * Checks parameters before use.
   *
   * @return the error of step 1 that {@link Backend#run} throws, or null if all are finite
   */
  public static CsdpException in(Parameters p) {
    NetworkSpec spec = p.spec();
    int steps = spec.constants().steps();
    for (Population pop : spec.integrating()) {
      if (Parameters.firstNotFinite(p.thresholds(pop)) >= 0) {
        return failure(Quantity.THRESHOLDS, pop.name(), 1, steps);
      }
    }
    for (Synapse s : spec.synapses()) {
      if (Parameters.firstNotFinite(p.weights(s)) >= 0) {
        return failure(Quantity.WEIGHTS, s.name(), 1, steps);
      }
      if (Parameters.firstNotFinite(p.firstMoments(s)) >= 0) {
        return failure(Quantity.FIRST_MOMENTS, s.name(), 1, steps);
      }
      if (Parameters.firstNotFinite(p.secondMoments(s)) >= 0) {
        return failure(Quantity.SECOND_MOMENTS, s.name(), 1, steps);
      }
    }
    return null;
  }

  /**
   * True if both rates are at most {@link #MODERATE}, as {@link #impossible} assumes.
   *
   * @param learning null for inference
   */
  public static boolean moderate(Learning learning) {
    return learning == null
        || (learning.learningRate() <= MODERATE && learning.weightDecay() <= MODERATE);
  }

  /**
   * Whether no value can stop being finite, however long a network learns from these parameters at
   * {@link #moderate} rates: every weight is clipped, a trace is at most 1, so |d| is at most 2/N
   * and |e| at most 2/N+, and with that every sum has a bound. Anything near the end of the floats'
   * range counts as possible.
   */
  public static boolean impossible(Parameters p) {
    NetworkSpec spec = p.spec();
    Constants c = spec.constants();
    double leak = c.inverseTauM() * (double) c.dt();
    boolean bounded = c.traceDecay() <= 1;
    for (Population pop : spec.integrating()) {
      double current = 0;
      for (Synapse s : spec.synapses()) {
        if (s.post() == pop) {
          double weight = Math.max(largest(p.weights(s)), Math.max(-s.lower(), s.upper()));
          current += Math.abs(s.currentScale()) * weight * s.pre().units();
        }
      }
      double membrane = 0;
      for (int t = 0; t < c.steps(); t++) {
        membrane += (membrane + current) * leak;
      }
      double move = Math.abs((double) c.thresholdRate()) * pop.units() * c.steps();
      bounded &= membrane < LARGE && largest(p.thresholds(pop)) + move < LARGE;
    }
    for (Synapse s : spec.synapses()) {
      double gradient = 2.0 * Math.abs(s.learningScale());
      double first = largest(p.firstMoments(s)) + gradient;
      double second = largest(p.secondMoments(s)) + gradient * gradient;
      double step = MODERATE / (1 - Constants.BETA1) * first / Constants.EPSILON;
      double decay = (double) MODERATE * Integer.MAX_VALUE;
      bounded &= largest(p.weights(s)) + Math.abs(step) + Math.abs(decay) < LARGE && second < LARGE;
    }
    return bounded;
  }

  private static double largest(float[] values) {
    float max = 0;
    for (float x : values) {
      max = Math.max(max, Math.abs(x)); // NaN propagates
    }
    return max;
  }

  /**
   * Collects the findings of a backend's threads; the backend checks it once per step. The earliest
   * step and its first owner are reported, independent of the order of the findings.
   */
  public static final class Watch {
    /** The code of no finding, larger than all others. */
    public static final long NOTHING = Long.MAX_VALUE;

    private final NetworkSpec spec;
    private final AtomicLong first = new AtomicLong(NOTHING); // step, owner, quantity

    /** Creates a watch without findings. */
    public Watch(NetworkSpec spec) {
      this.spec = spec;
    }

    /** Records a non-finite value of a population. */
    public void report(Quantity what, Population owner, int step) {
      report(place(what, owner(owner), step));
    }

    /** Records a non-finite value of a synapse. */
    public void report(Quantity what, Synapse owner, int step) {
      report(place(what, owner(spec, owner), step));
    }

    /**
     * Records a finding by its code.
     *
     * @param place {@code step << 32 | owner << 8 | quantity.ordinal()}, so that the first finding
     *     is the smallest; {@link #NOTHING} for none
     */
    public void report(long place) {
      first.accumulateAndGet(place, Math::min);
    }

    /** Returns the code of a finding; see {@link #report(long)}. */
    public static long place(Quantity what, int owner, int step) {
      return (long) step << 32 | (long) owner << 8 | what.ordinal();
    }

    /** Returns the code of a population. */
    public static int owner(Population p) {
      return p.index();
    }

    /** Returns the code of a synapse. */
    public static int owner(NetworkSpec spec, Synapse s) {
      return spec.populations().size() + s.index();
    }

    /** Throws the error of the first finding since the last check, if any. */
    public void check() {
      if (first.get() == NOTHING) {
        return;
      }
      long place = first.getAndSet(NOTHING);
      int owner = (int) place >>> 8;
      int populations = spec.populations().size();
      throw failure(
          Quantity.values()[(int) (place & 0xff)],
          owner < populations
              ? spec.populations().get(owner).name()
              : spec.synapses().get(owner - populations).name(),
          (int) (place >>> 32),
          spec.constants().steps());
    }
  }
}
