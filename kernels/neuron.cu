// Leaky integrate-and-fire units with an adaptive threshold, a trace and a read-out.
//
// Equation   thr = max(thr + rho_b (count(t-1) - 1), floor)     from the second step on
//            v'  = v + ((j - v) (1/tau_m)) dt
//            s   = 1 where v' > thr;  v = v' (1 - s)
//            z   = s ? 1 : z gamma,   gamma = 1 - dt/tau_tr
//            readOut += s, or += z for the reconstruction
//            The model moves thr at the end of a step by that step's count of the layer's spikes in
//            the sample. Here the move waits for the next step, which saves reading and writing thr
//            once more. adaptive = 0: a constant threshold (no move, no floor).
// Shapes     j, v, thr, z, s, list, readOut: N x units; thr0: units; count, previousCount, total: N
// Units      dt, tau_m, tau_tr in ms
// Launch     integrate: a block per sample, 256 threads; integrate_plain, rest: a thread per (sample,
//            unit). total[b] += count[b]: spikes over the window.
// Source     steps 3, 4 and 8 of the model; released code of CSDP (ngc-learn 1.2b3, LIFCell).
#include "common.cuh"

// Start of a batch: v = 0, z = 0, thr = thr0 for every sample.
KERNEL rest(const float* thr0, float* v, float* thr, float* z, int n, int units) {
  int k = globalIndex();
  if (k < n * units) {
    v[k] = 0;
    z[k] = 0;
    thr[k] = thr0[k % units];
  }
}

// One unit of one sample at index k; whether it spikes.
__device__ inline bool integrateUnit(int k, const float* j, float* v, float* thr, float* z,
                                     float* readOut, int readTraces, bool moves, float move,
                                     float floor, float inverseTau, float dt, float gamma) {
  float threshold = thr[k];
  if (moves) {
    threshold = threshold + move;
    threshold = threshold < floor ? floor : threshold;
    thr[k] = threshold;
  }
  float old = v[k];
  float next = old + ((j[k] - old) * inverseTau) * dt;
  bool spike = next > threshold;
  float trace = spike ? 1 : z[k] * gamma;
  v[k] = spike ? 0 : next;
  z[k] = trace;
  if (readTraces) {
    readOut[k] += trace;
  } else if (spike) {
    readOut[k] += 1;
  }
  return spike;
}

// The readable twin: spikes only, no lists (list_units_plain makes those).
KERNEL integrate_plain(const float* j, float* v, float* thr, float* z, unsigned char* s,
                       const int* previousCount, float* readOut, int readTraces, int step,
                       int adaptive, float rate, float floor, float inverseTau, float dt,
                       float gamma, int n, int units) {
  int k = globalIndex();
  if (k < n * units) {
    float move = rate * (float)(previousCount[k / units] - 1);
    s[k] = integrateUnit(k, j, v, thr, z, readOut, readTraces, step > 1 && adaptive, move,
                         floor, inverseTau, dt, gamma);
  }
}

KERNEL integrate(const float* j, float* v, float* thr, float* z, unsigned char* s, int* list,
                 int* count, int* total, const int* previousCount, float* readOut, int readTraces,
                 int step, int adaptive, float rate, float floor, float inverseTau, float dt,
                 float gamma, int units) {
  int b = blockIdx.x;
  bool moves = step > 1 && adaptive;
  float move = rate * (float)(previousCount[b] - 1);
  int listed = 0;
  for (int base = 0; base < units; base += blockDim.x) {
    int i = base + threadIdx.x;
    int k = b * units + i;
    bool spike = false;
    if (i < units) {
      spike = integrateUnit(k, j, v, thr, z, readOut, readTraces, moves, move, floor, inverseTau,
                            dt, gamma);
      s[k] = spike;
    }
    int inBlock;
    int at = listed + orderedSlot(spike, &inBlock);
    if (spike) {
      list[b * units + at] = i;
    }
    listed += inBlock;
  }
  if (threadIdx.x == 0) {
    count[b] = listed;
    total[b] += listed;
  }
}
