package csdp.backend;

import static csdp.error.TestErrors.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import csdp.error.CsdpException;
import csdp.model.Learning;
import csdp.model.NetworkSpec;
import csdp.model.Parameters;
import csdp.model.Population;
import csdp.model.Synapse;
import csdp.model.TestNetworks;
import csdp.model.TestRates;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** NaN and infinity stop a backend at once, and it names the place. */
@Tag("kernels")
class NotFiniteTest {
  private static final float[] BAD = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

  private static NetworkSpec spec(boolean supervised) {
    return TestNetworks.lopsided(17, 3, 6).hidden(9, 5).supervised(supervised).build();
  }

  private static CsdpException refused(Backend backend, Learning learning) {
    NetworkSpec spec = backend.spec();
    Batch batch = Nets.batch(spec, 4, learning != null ? 4 : 0, 3);
    return assertFails(
        CsdpException.FAILED, () -> backend.run(batch, learning, new ReadOut(spec), null));
  }

  @ParameterizedTest
  @MethodSource("csdp.backend.Nets#all")
  void restoredParametersAreNamed(Nets.Maker maker) {
    NetworkSpec spec = spec(true);
    Parameters good = Parameters.random(spec, 1);
    try (Backend backend = maker.make().apply(spec)) {
      int cases = 0;
      for (String place : places(good).keySet()) {
        Parameters p = good.copy();
        float[] values = places(p).get(place);
        values[cases % values.length] = BAD[cases % BAD.length];
        backend.restore(p);
        String expected = "NaN or infinity in the " + place + ", step 1 of 6";
        assertEquals(expected, refused(backend, TestRates.LEARNING).getMessage());
        assertEquals(expected, refused(backend, null).getMessage(), "again");
        cases++;
      }
      assertEquals(3 * 10 + 4, cases);
      backend.restore(good);
      backend.run(Nets.batch(spec, 4, 4, 3), TestRates.LEARNING, new ReadOut(spec), null);
    }
  }

  /** Returns every array of parameters by name. */
  private static Map<String, float[]> places(Parameters p) {
    Map<String, float[]> arrays = new LinkedHashMap<>();
    for (Population pop : p.spec().integrating()) {
      arrays.put("thresholds of " + pop.name(), p.thresholds(pop));
    }
    for (Synapse s : p.spec().synapses()) {
      arrays.put("weights of " + s.name(), p.weights(s));
      arrays.put("first moments of " + s.name(), p.firstMoments(s));
      arrays.put("second moments of " + s.name(), p.secondMoments(s));
    }
    return arrays;
  }

  /** A network whose numbers overflow within a window, and where the reference sees it first. */
  record Overflow(String place, Learning learning, NetworkSpec spec) {
    @Override
    public String toString() {
      return place + (learning != null ? " learning" : " shown");
    }
  }

  static List<Object[]> backendsAndOverflows() {
    Learning none = new Learning(0, 0);
    List<Overflow> overflows =
        List.of(
            new Overflow("membrane potentials of z1, step 2", null, with(3e38f, 0, 0)),
            new Overflow("membrane potentials of z1, step 2", none, with(3e38f, 0, 0)),
            new Overflow("second moments of W1, step 2", none, with(1e30f, 0, 0)),
            new Overflow("second moments of M1, step 3", none, with(1, 3e25f, 0)),
            new Overflow("thresholds of z1, step 2", null, with(1, 0, 3e38f)),
            new Overflow("weights of W1, step 1", new Learning(3e38f, 0), with(1, 0, 0)),
            new Overflow("weights of W1, step 2", new Learning(0, 3e38f), with(1, 0, 0)));
    List<Object[]> all = new ArrayList<>();
    Nets.all().forEach(b -> overflows.forEach(o -> all.add(new Object[] {b, o})));
    return all;
  }

  private static NetworkSpec with(float rm, float ri, float rho) {
    return spec(true)
        .with(
            TestRates.constants(6).toBuilder()
                .tauM(20)
                .resistance(rm)
                .inhibitoryResistance(ri)
                .thresholdRate(rho)
                .build());
  }

  /** Clips, floors and resets hide nothing: every value here would be finite again after them. */
  @ParameterizedTest
  @MethodSource("backendsAndOverflows")
  void whatOverflowsIsNamedWithItsStep(Nets.Maker maker, Overflow o) {
    try (Backend backend = maker.make().apply(o.spec())) {
      backend.restore(Parameters.random(o.spec(), 1));
      String message = refused(backend, o.learning()).getMessage();
      // A backend may not know which array of a population or synapse overflowed.
      String where = o.place().substring(o.place().indexOf(" of ")) + " of 6";
      assertTrue(message.endsWith(where), message);
      if (backend.name().equals(Device.REFERENCE.name())) {
        assertEquals("NaN or infinity in the " + o.place() + " of 6", message);
      }
    }
  }

  /** Values are checked only if they could become non-finite. */
  @Test
  void knowsWhereNothingCanStopBeingFinite() {
    NetworkSpec usual = spec(true);
    assertTrue(NotFinite.impossible(Parameters.random(usual, 1)));
    NetworkSpec demo = NetworkSpec.builder(784, 10).hidden(30, 6).build();
    assertTrue(NotFinite.impossible(Parameters.random(demo, 1)));
    for (Object[] k : backendsAndOverflows()) {
      Overflow o = (Overflow) k[1];
      assertFalse(
          NotFinite.impossible(Parameters.random(o.spec(), 1)) && NotFinite.moderate(o.learning()));
    }
    for (String place : places(Parameters.random(usual, 1)).keySet()) {
      for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 3e38f}) {
        Parameters p = Parameters.random(usual, 1);
        places(p).get(place)[2] = bad;
        assertFalse(NotFinite.impossible(p), place);
      }
    }
  }
}
