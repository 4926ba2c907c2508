package csdp.analysis.tsne;

import java.util.Arrays;

/**
 * A quadtree of 2-D points for the repulsion of Barnes-Hut t-SNE: a distant cell is approximated by
 * its centre of mass. Rebuilt at every iteration in the same arrays.
 */
final class QuadTree {
  /** Maximum depth: points in a smaller cell are treated as coinciding. */
  private static final int MAX_DEPTH = 40;

  private double[] sumX = new double[0];
  private double[] sumY = new double[0];
  private double[] size = new double[0];
  private int[] count = new int[0];
  private int[] child = new int[0]; // first of four; -1 for a leaf
  private int nodes;

  /** Builds the tree from (x, y) pairs. */
  void build(double[] points, int n) {
    double minX = Double.POSITIVE_INFINITY;
    double minY = Double.POSITIVE_INFINITY;
    double maxX = Double.NEGATIVE_INFINITY;
    double maxY = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      minX = Math.min(minX, points[2 * i]);
      maxX = Math.max(maxX, points[2 * i]);
      minY = Math.min(minY, points[2 * i + 1]);
      maxY = Math.max(maxY, points[2 * i + 1]);
    }
    nodes = 0;
    double side = Math.max(maxX - minX, maxY - minY) * (1 + 1e-9) + 1e-12;
    add(side);
    for (int i = 0; i < n; i++) {
      insert(points[2 * i], points[2 * i + 1], minX, minY, side);
    }
    for (int c = 0; c < nodes; c++) {
      if (count[c] > 0) {
        sumX[c] /= count[c];
        sumY[c] /= count[c];
      }
    }
  }

  private int add(double side) {
    if (nodes == count.length) {
      int room = Math.max(1024, 2 * nodes);
      sumX = Arrays.copyOf(sumX, room);
      sumY = Arrays.copyOf(sumY, room);
      size = Arrays.copyOf(size, room);
      count = Arrays.copyOf(count, room);
      child = Arrays.copyOf(child, room);
    }
    sumX[nodes] = 0;
    sumY[nodes] = 0;
    size[nodes] = side;
    count[nodes] = 0;
    child[nodes] = -1;
    return nodes++;
  }

  private void insert(double x, double y, double left, double low, double side) {
    int c = 0;
    for (int depth = 0; ; depth++) {
      if (child[c] < 0 && count[c] > 0 && depth < MAX_DEPTH) {
        split(c, left, low, side);
      }
      boolean leaf = child[c] < 0;
      sumX[c] += x;
      sumY[c] += y;
      count[c]++;
      if (leaf) {
        return;
      }
      side /= 2;
      boolean right = x >= left + side;
      boolean upper = y >= low + side;
      left += right ? side : 0;
      low += upper ? side : 0;
      c = child[c] + (right ? 1 : 0) + (upper ? 2 : 0);
    }
  }

  /** Splits a leaf and moves its point into one of the four new cells. */
  private void split(int c, double left, double low, double side) {
    double half = side / 2;
    int first = add(half);
    add(half);
    add(half);
    add(half);
    child[c] = first;
    int to = first + (sumX[c] >= left + half ? 1 : 0) + (sumY[c] >= low + half ? 2 : 0);
    sumX[to] = sumX[c];
    sumY[to] = sumY[c];
    count[to] = count[c];
  }

  /** Allocates the stack of a traversal. */
  static int[] stack() {
    return new int[4 * (MAX_DEPTH + 2)];
  }

  /**
   * Repulsion on one point of the tree.
   *
   * @param theta cells with side below theta x distance are approximated; at most 0.7, so that a
   *     point's own cell never is
   * @param out receives sum of q^2 dx, sum of q^2 dy and sum of q, excluding the point itself
   */
  void repulsion(double x, double y, double theta, int[] stack, double[] out) {
    double fx = 0;
    double fy = 0;
    double sum = -1; // subtracts the point itself, with distance 0, q = 1 and no force
    double theta2 = theta * theta;
    int top = 0;
    stack[top++] = 0;
    while (top > 0) {
      int c = stack[--top];
      double dx = x - sumX[c];
      double dy = y - sumY[c];
      double d2 = dx * dx + dy * dy;
      if (child[c] < 0 || size[c] * size[c] < theta2 * d2) {
        double q = 1 / (1 + d2);
        double weight = count[c] * q;
        sum += weight;
        fx += weight * q * dx;
        fy += weight * q * dy;
      } else {
        for (int k = child[c] + 3; k >= child[c]; k--) {
          if (count[k] > 0) {
            stack[top++] = k;
          }
        }
      }
    }
    out[0] = fx;
    out[1] = fy;
    out[2] = sum;
  }
}
