package csdp.backend.cpu;

import csdp.model.Adam;
import csdp.model.Constants;
import csdp.model.Philox;
import java.util.Arrays;

/** {@link RowMath} with plain loops, partly vectorised by the JIT compiler. */
final class PlainRowMath implements RowMath {
  @Override
  public String description() {
    return "plain loops (slower: start Java with --add-modules jdk.incubator.vector)";
  }

  @Override
  public void gather(
      float[] j,
      int jAt,
      float scale,
      Matrix matrix,
      int[] list,
      int from,
      int count,
      float[] sum,
      int sumAt) {
    float[] w = matrix.array();
    int base = matrix.base();
    int stride = matrix.stride();
    int width = matrix.width();
    Arrays.fill(sum, sumAt, sumAt + width, 0f);
    for (int k = from; k < from + count; k++) {
      int row = base + list[k] * stride;
      for (int c = 0; c < width; c++) {
        sum[sumAt + c] += w[row + c];
      }
    }
    for (int c = 0; c < width; c++) {
      j[jAt + c] += scale * sum[sumAt + c];
    }
  }

  @Override
  public void gatherPanel(
      float[] j, int jAt, float scale, float[] w, int base, int[] list, int from, int count) {
    Arrays.fill(j, jAt, jAt + PANEL, 0f);
    for (int k = from; k < from + count; k++) {
      int row = base + list[k] * PANEL;
      for (int c = 0; c < PANEL; c++) {
        j[jAt + c] += w[row + c];
      }
    }
    for (int c = 0; c < PANEL; c++) {
      j[jAt + c] = 0 + scale * j[jAt + c];
    }
  }

  @Override
  public void gatherScaled(
      float[] u, int uAt, float scale, Matrix matrix, int[] list, int from, int count) {
    float[] d = matrix.array();
    int base = matrix.base();
    int stride = matrix.stride();
    int width = matrix.width();
    Arrays.fill(u, uAt, uAt + width, 0f);
    for (int k = from; k < from + count; k++) {
      int row = base + list[k] * stride;
      for (int c = 0; c < width; c++) {
        u[uAt + c] += scale * d[row + c];
      }
    }
  }

  @Override
  public void scatter(
      float[] u, int uAt, float[] scales, int[] unit, float[] value, int from, int to) {
    for (int lane = 0; lane < Spikes.GROUP; lane++) {
      if (scales[lane] != 0) {
        for (int q = from; q < to; q++) {
          u[uAt + Spikes.GROUP * unit[q] + lane] += scales[lane] * value[q];
        }
      }
    }
  }

  @Override
  public int integrate(
      float[] j,
      int jAt,
      float[] v,
      float[] thr,
      float[] z,
      int at,
      int width,
      Dynamics d,
      float change,
      long[] bits,
      int bitsAt) {
    boolean adapt = !Float.isNaN(change);
    int bad = 0;
    for (int c0 = 0; c0 < width; c0 += 64) {
      long word = 0;
      for (int c = c0; c < Math.min(c0 + 64, width); c++) {
        if (adapt) {
          float threshold = thr[at + c] + change;
          bad |= Float.isFinite(threshold) ? 0 : BAD_THRESHOLD;
          thr[at + c] = Math.max(threshold, Constants.THRESHOLD_FLOOR);
        }
        float old = v[at + c];
        float next = old + ((j[jAt + c] - old) * d.inverseTau()) * d.dt();
        bad |= Float.isFinite(next) ? 0 : BAD_MEMBRANE;
        boolean spike = next > thr[at + c];
        v[at + c] = spike ? 0 : next;
        if (z != null) {
          z[at + c] = spike ? 1 : z[at + c] * d.traceDecay();
        }
        word |= (spike ? 1L : 0L) << (c - c0);
      }
      bits[bitsAt + (c0 >> 6)] = word;
    }
    return bad;
  }

  @Override
  public void catchUp(
      float[] w,
      float[] m,
      float[] v,
      int at,
      int width,
      Rule rule,
      int missed,
      int step,
      float[] columns,
      int columnsAt,
      int stride) {
    for (int s = missed; s < step; s++) {
      int spikes = columnsAt + (s - missed) * stride;
      for (int c = 0; c < width; c++) {
        float next = adam(w, m, v, at + c, 0, rule, s) - rule.decay * columns[spikes + c];
        w[at + c] = Math.min(Math.max(next, rule.lower), rule.upper);
      }
    }
  }

  @Override
  public boolean contrastive(
      float[] w,
      float[] m,
      float[] v,
      int at,
      int width,
      float[] u,
      int uAt,
      float[] unpaired,
      int unpairedAt,
      Rule rule,
      int step) {
    boolean finite = true;
    for (int c = 0; c < width; c++) {
      float next =
          adam(w, m, v, at + c, u[uAt + c], rule, step) - rule.decay * unpaired[unpairedAt + c];
      finite &=
          Float.isFinite(Math.abs(next) + v[at + c]); // a non-finite m makes the weight non-finite
      w[at + c] = Math.min(Math.max(next, rule.lower), rule.upper);
    }
    return finite;
  }

  @Override
  public boolean error(
      float[] w, float[] m, float[] v, int at, int width, float[] u, int uAt, Rule rule, int step) {
    boolean finite = true;
    for (int c = 0; c < width; c++) {
      float g = -u[uAt + c] * (1 - Math.abs(w[at + c]));
      float next = adam(w, m, v, at + c, g, rule, step);
      finite &= Float.isFinite(Math.abs(next) + v[at + c]);
      w[at + c] = Math.min(Math.max(next, rule.lower), rule.upper);
    }
    return finite;
  }

  @Override
  public void philox(
      int c0,
      int c1,
      int c2,
      long[] last,
      int from,
      int count,
      int k0,
      int k1,
      long[] words,
      int stride) {
    int[] block = new int[4];
    for (int q = 0; q < count; q++) {
      Philox.block(c0, c1, c2, (int) last[from + q], k0, k1, block);
      for (int lane = 0; lane < 4; lane++) {
        words[lane * stride + q] = block[lane];
      }
    }
  }

  private static float adam(float[] w, float[] m, float[] v, int k, float g, Rule rule, int step) {
    float first = Constants.BETA1 * m[k] + Adam.GAIN1 * g;
    float second = Constants.BETA2 * v[k] + Adam.GAIN2 * (g * g);
    m[k] = first;
    v[k] = second;
    return w[k]
        - rule.rate[step]
            * first
            / ((float) Math.sqrt(second * rule.secondScale[step]) + Constants.EPSILON);
  }
}
