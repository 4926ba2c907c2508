// Input spikes and the clamped context.
//
// Equation   s0[b,i](t) ~ Bernoulli(x[b,i]): s0 = 1 where uniform < x, drawn afresh at each step.
//            sy[b,k](t) = 1 where k is the label of sample b; label -1 clamps nothing.
// Random     Philox 4x32-10, counter (batch, t, firstSample + b, i / 4), key (seed, purpose), word
//            i % 4: the same bits as the Java backends draw, in any order of evaluation.
// Shapes     images x: N x units in [0, 1]; draw: {batch, firstSample, seed, purpose, from};
//            pixels: images x units bytes, a whole data set, byte p for x = p / 255 rounded once, as
//            in Java; order: images, the epoch's order. Sample b shows image order[from + b], sample
//            positives + b, its negative, the same one. from is for these alone.
//            recorded: T x N x units bytes; labels: N; s: N x units; list: N x units; count, total: N.
//            total[b] += count[b]: spikes over the window.
// Launch     encode, encode_stored, encode_recorded: a block per sample, 256 threads; encode_plain,
//            encode_stored_plain: a thread per unit and sample; clamp_context: a thread per sample.
// Source     released code of CSDP (ngc-learn 1.2b3, BernoulliCell); step 2 of the model.
#include "common.cuh"

// The readable twin of encode: spikes only, no lists.
KERNEL encode_plain(const float* images, const int* draw, int step, unsigned char* s, int n,
                    int units) {
  int k = globalIndex();
  if (k >= n * units) {
    return;
  }
  int b = k / units;
  int i = k % units;
  unsigned word[4];
  philox(draw[0], step, draw[1] + b, i / 4, draw[2], draw[3], word);
  s[k] = uniform24(word[i % 4]) < images[k];
}

// The spike probability of unit i of an image.
__device__ inline float probability(const float* image, int i) { return image[i]; }
__device__ inline float probability(const unsigned char* image, int i) { return image[i] / 255.0f; }

// Where the stored image of a sample starts.
__device__ inline const unsigned char* storedImage(const unsigned char* pixels, const int* order,
                                                   const int* draw, int b, int positives,
                                                   int units) {
  int image = order[draw[4] + (b < positives ? b : b - positives)];
  return pixels + (size_t)image * units;
}

// The readable twin of encode_stored: spikes only, no lists.
KERNEL encode_stored_plain(const unsigned char* pixels, const int* order, const int* draw, int step,
                           unsigned char* s, int positives, int n, int units) {
  int k = globalIndex();
  if (k >= n * units) {
    return;
  }
  int b = k / units;
  int i = k % units;
  unsigned word[4];
  philox(draw[0], step, draw[1] + b, i / 4, draw[2], draw[3], word);
  s[k] = uniform24(word[i % 4]) <
         probability(storedImage(pixels, order, draw, b, positives, units), i);
}

// Spikes of sample blockIdx.x. Four units a thread share a Philox block. Black pixels never spike
// and draw nothing.
template <typename Pixel>
__device__ inline void encodeSample(const Pixel* image, const int* draw, int step, unsigned char* s,
                                    int* list, int* count, int* total, int units) {
  int b = blockIdx.x;
  int listed = 0;
  for (int base = 0; base < units; base += 4 * blockDim.x) {
    int first = base + 4 * threadIdx.x;
    float x[4];
    bool any = false;
    for (int lane = 0; lane < 4; lane++) {
      x[lane] = first + lane < units ? probability(image, first + lane) : 0;
      any |= x[lane] > 0;
    }
    unsigned word[4] = {0, 0, 0, 0};
    if (any) {
      philox(draw[0], step, draw[1] + b, first / 4, draw[2], draw[3], word);
    }
    unsigned bits = 0;
    for (int lane = 0; lane < 4; lane++) {
      if (first + lane < units) {
        bool spike = any && uniform24(word[lane]) < x[lane];
        s[b * units + first + lane] = spike;
        bits |= (unsigned)spike << lane;
      }
    }
    // Threads hold 0..4 entries each, so they are appended by a scan of counts.
    int inBlock;
    int at = b * units + listed + orderedOffset(__popc(bits), &inBlock);
    for (int lane = 0; lane < 4; lane++) {
      if (bits >> lane & 1) {
        list[at++] = first + lane;
      }
    }
    listed += inBlock;
  }
  if (threadIdx.x == 0) {
    count[b] = listed;
    total[b] += listed;
  }
}

KERNEL encode(const float* images, const int* draw, int step, unsigned char* s, int* list,
              int* count, int* total, int units) {
  encodeSample(images + (size_t)blockIdx.x * units, draw, step, s, list, count, total, units);
}

// The same from images that lie on the device as bytes.
KERNEL encode_stored(const unsigned char* pixels, const int* order, const int* draw, int step,
                     unsigned char* s, int* list, int* count, int* total, int positives,
                     int units) {
  encodeSample(storedImage(pixels, order, draw, blockIdx.x, positives, units), draw, step, s, list,
               count, total, units);
}

// Spikes that were recorded elsewhere, for replays.
KERNEL encode_recorded(const unsigned char* recorded, int step, unsigned char* s, int* list,
                       int* count, int* total, int n, int units) {
  int b = blockIdx.x;
  const unsigned char* from = recorded + ((size_t)(step - 1) * n + b) * units;
  int listed = 0;
  for (int base = 0; base < units; base += blockDim.x) {
    int i = base + threadIdx.x;
    bool spike = i < units && from[i] != 0;
    if (i < units) {
      s[b * units + i] = spike;
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

KERNEL clamp_context(const int* labels, unsigned char* s, int* list, int* count, int* total, int n,
                     int units) {
  int b = globalIndex();
  if (b >= n) {
    return;
  }
  int label = labels[b];
  for (int k = 0; k < units; k++) {
    s[b * units + k] = k == label;
  }
  list[b * units] = label;
  count[b] = label >= 0;
  total[b] += label >= 0;
}
