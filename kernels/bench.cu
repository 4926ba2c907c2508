// Ceilings of a device, to compare the other kernels with: copy bandwidth and multiply-add rate.
//
// copy_quads     to[i] = from[i], 16 bytes a thread: bytes read plus bytes written over time is the
//                bandwidth that a kernel can reach.
// multiply_add   each thread runs eight chains of x = x a + b, "rounds" long, with a product and a
//                sum of their own as everywhere in these kernels (-fmad=false): 16 operations a round
//                and thread.
// Shapes         copy_quads: from, to: 4 quads floats, 16-byte aligned; multiply_add: out: count
// Launch         a thread per quad (per element of out), 256 threads a block.
// Source         none: written for csdp.bench, which measures them in the run that it compares with them.
#include "common.cuh"

KERNEL copy_quads(float* to, const float* from, int quads) {
  int i = globalIndex();
  if (i < quads) {
    store(argumentOfKernel(to) + 4 * i, load(argumentOfKernel(from) + 4 * i));
  }
}

KERNEL multiply_add(float* out, float a, float b, int rounds, int count) {
  int i = globalIndex();
  if (i >= count) {
    return;
  }
  float x[8];
  for (int k = 0; k < 8; k++) {
    x[k] = (float)(i & 255) + (float)k;
  }
  for (int r = 0; r < rounds; r++) {
    for (int k = 0; k < 8; k++) {
      x[k] = x[k] * a + b;
    }
  }
  float sum = 0;
  for (int k = 0; k < 8; k++) {
    sum += x[k];
  }
  out[i] = sum;
}
