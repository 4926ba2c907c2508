package csdp.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class StatisticsTest {
  private static void assertInterval(double mean, double sd, double half, Statistics s) {
    assertEquals(mean, s.mean(), 1e-12);
    assertEquals(sd, s.sd(), 1e-6);
    assertEquals(mean - half, s.low(), 1e-5);
    assertEquals(mean + half, s.high(), 1e-5);
  }

  /** Quantiles 0.975 of Student's t from a printed table: 12.7062, 4.30265, 2.77645, 2.26216. */
  @Test
  void intervalsAreThoseOfTheTable() {
    assertInterval(2, Math.sqrt(2), 12.7062047, Statistics.of(1, 3));
    assertInterval(3, Math.sqrt(2.5), 2.7764451 * Math.sqrt(2.5 / 5), Statistics.of(1, 2, 3, 4, 5));
    // Student's own data of 1908: hours of sleep that a drug gave ten patients.
    Statistics sleep = Statistics.of(1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4);
    assertInterval(2.33, 2.0022487, 1.4323225, sleep);
  }

  @Test
  void oneMeasurementHasNoInterval() {
    Statistics one = Statistics.of(0.5);
    assertEquals(1, one.n());
    assertEquals(0.5, one.mean());
    assertNull(one.sd());
    assertNull(one.low());
    assertNull(one.high());
  }

  @Test
  void equalMeasurementsHaveAnEmptyInterval() {
    assertInterval(0.25, 0, 0, Statistics.of(0.25, 0.25, 0.25));
  }
}
