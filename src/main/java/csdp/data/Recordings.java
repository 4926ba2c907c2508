package csdp.data;

import csdp.error.CsdpException;

/** Recorded spike trains of one length, read from their files when needed. Thread-safe. */
interface Recordings {
  /** Returns the time steps T of a recording. */
  int steps();

  /**
   * Returns the same recordings in another number of steps.
   *
   * @throws CsdpException bad input if their number is fixed
   */
  Recordings inSteps(int steps);

  /**
   * Sets the bytes of spikes to 1.
   *
   * @param i index of the recording
   * @param out receives unit u of step t, from 0, at offset + t * stride + u
   * @throws CsdpException bad input if the file is damaged
   */
  void copy(int i, byte[] out, int offset, int stride);

  /** Receives the events of a recording, in any order. */
  @FunctionalInterface
  interface Events {
    /**
     * Called for an event.
     *
     * @param ms time since the start of the recording, at least 0
     * @param unit that spiked
     */
    void add(double ms, int unit);
  }

  /** Reads recordings of events with times. */
  @FunctionalInterface
  interface Reader {
    /** Passes on all events of recording i. */
    void read(int i, Events into);
  }

  /**
   * Events with times, binned: the first {@code window} ms are divided into steps of equal length;
   * later events are left out. A unit spikes in a step if it has at least one event there.
   */
  record Timed(Reader reader, float window, int steps) implements Recordings {
    /** Steps until a network says how many it has. */
    static final int DEFAULT_STEPS = 50;

    @Override
    public Recordings inSteps(int other) {
      return new Timed(reader, window, other);
    }

    @Override
    public void copy(int i, byte[] out, int offset, int stride) {
      reader.read(
          i,
          (ms, unit) -> {
            if (ms < window) {
              int step = Math.min(steps - 1, (int) (ms * steps / window));
              out[offset + step * stride + unit] = 1;
            }
          });
    }
  }
}
