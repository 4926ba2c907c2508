// Spikes of the input and the clamped context, of a whole window at once.
//
// Equation   s0[b,i](t) ~ Bernoulli(x[b,i]): s0 = 1 where uniform < x, drawn at each step.
//            sy[b,k](t) = 1 where k is the label of sample b; label -1 clamps nothing, nor does a
//            window without context.
// Random     Philox 4x32-10, counter (batch, t, firstSample + b, i / 4), key (seed, purpose), word
//            i % 4: the same bits as the Java backends draw, in any order of evaluation.
// Shapes     images x: N x units in [0, 1]; draw: {batch, firstSample, seed, purpose, from};
//            pixels: images x units bytes, a whole data set, byte p for x = p / 255 rounded once, as
//            in Java; order: images, the epoch's order. Sample b shows image order[from + b], sample
//            positives + b, its negative, the same one. from is for these alone.
//            recorded: T x N x units bytes.
// Launch     encode, encode_stored, encode_recorded: a warp per sample and step, 8 a block: blocks
//            (samples / 8, T); the plain twins: a thread per word of spikes; clamp_context: a thread
//            per sample.
// Source     released code of CSDP (ngc-learn 1.2b3, BernoulliCell); equation 2 of csdp.model.
#include "network.cuh"

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

template <typename Pixel>
__device__ inline unsigned drawnWord(const Pixel* image, const int* draw, int step, int b, int w,
                                     int units) {
  unsigned bits = 0;
  for (int i = 32 * w; i < 32 * w + 32 && i < units; i++) {
    unsigned word[4];
    philox(draw[0], step, draw[1] + b, i / 4, draw[2], draw[3], word);
    bits |= (unsigned)(uniform24(word[i % 4]) < probability(image, i)) << i % 32;
  }
  return bits;
}

// The readable twin of encode.
KERNEL encode_plain(const Network* network, const float* images, const int* draw, int step, int n) {
  Population p = network->populations[0];
  int words = wordOf(p.stride);
  int b = globalIndex() / words;
  if (b < n) {
    int w = globalIndex() % words;
    spikesOf(p, step, b, n)[w] =
        drawnWord(images + (size_t)b * p.units, draw, step, b, w, p.units);
  }
}

// The readable twin of encode_stored.
KERNEL encode_stored_plain(const Network* network, const unsigned char* pixels, const int* order,
                           const int* draw, int step, int positives, int n) {
  Population p = network->populations[0];
  int words = wordOf(p.stride);
  int b = globalIndex() / words;
  if (b < n) {
    int w = globalIndex() % words;
    const unsigned char* image = storedImage(pixels, order, draw, b, positives, p.units);
    spikesOf(p, step, b, n)[w] = drawnWord(image, draw, step, b, w, p.units);
  }
}

// The spikes of a sample, by a warp. Four units a lane share a Philox block. Black pixels never spike
// and draw nothing.
template <typename Pixel>
__device__ inline void encodeSample(const Population& p, const Pixel* image, const int* draw,
                                    int step, int b, int n) {
  Global<unsigned> spikes = spikesOf(p, step, b, n);
  for (int base = 0; base < p.stride; base += TILE) {
    int first = base + 4 * laneIndex();
    float x[4];
    bool any = false;
    for (int q = 0; q < 4; q++) {
      x[q] = first + q < p.units ? probability(image, first + q) : 0;
      any |= x[q] > 0;
    }
    unsigned bits = 0;
    if (any) {
      unsigned word[4];
      philox(draw[0], step, draw[1] + b, first / 4, draw[2], draw[3], word);
      for (int q = 0; q < 4; q++) {
        bits |= (unsigned)(uniform24(word[q]) < x[q]) << q;
      }
    }
    unsigned word = wordOfQuads(bits);
    if (first < p.stride && laneIndex() % 8 == 0) {
      spikes[wordOf(first)] = word;
    }
  }
}

KERNEL encode(const Network* network, const float* images, const int* draw, int n) {
  Population p = network->populations[0];
  int b = (int)blockIdx.x * warpCount() + warpIndex();
  if (b < n) {
    encodeSample(p, images + (size_t)b * p.units, draw, blockIdx.y + 1, b, n);
  }
}

// The same from images that lie on the device as bytes.
KERNEL encode_stored(const Network* network, const unsigned char* pixels, const int* order,
                     const int* draw, int positives, int n) {
  Population p = network->populations[0];
  int b = (int)blockIdx.x * warpCount() + warpIndex();
  if (b < n) {
    encodeSample(p, storedImage(pixels, order, draw, b, positives, p.units), draw, blockIdx.y + 1,
                 b, n);
  }
}

// Spikes that were recorded elsewhere, for replays.
KERNEL encode_recorded(const Network* network, const unsigned char* recorded, int n) {
  Population p = network->populations[0];
  int b = (int)blockIdx.x * warpCount() + warpIndex();
  int step = blockIdx.y + 1;
  if (b >= n) {
    return;
  }
  const unsigned char* from = recorded + ((size_t)(step - 1) * n + b) * p.units;
  for (int w = 0; w < wordOf(p.stride); w++) {
    int i = 32 * w + laneIndex();
    unsigned word = __ballot_sync(ALL_LANES, i < p.units && from[i] != 0);
    if (laneIndex() == 0) {
      spikesOf(p, step, b, n)[w] = word;
    }
  }
}

// Also resets the record of the first value of the window that is not finite. context: whether labels are clamped.
KERNEL clamp_context(const Network* network, int population, int context, int n) {
  Population p = network->populations[population];
  int b = globalIndex();
  if (b == 0) {
    network->firstNotFinite[0] = ALL_FINITE;
  }
  if (b < n) {
    int label = context ? network->labels[b] : -1;
    for (int w = 0; w < wordOf(p.stride); w++) {
      spikesOf(p, 1, b, n)[w] = label >= 0 && label / 32 == w ? 1u << label % 32 : 0;
    }
  }
}
