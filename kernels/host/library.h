// Interface of a library of kernels, for jni.cpp. Addresses of device memory are addresses of this process.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct KernelLibrary {
  // Names of all kernels, separated by blanks.
  const char* (*names)();
  // Parameters of a kernel, a letter each (p pointer, i int, f float); null if there is no such kernel.
  const char* (*parameters)(const char* kernel);
  // Runs {gridX, gridY, block, sharedBytes}; each argument is the low bytes of a value. Null, or the error.
  const char* (*launch)(const char* kernel, const unsigned geometry[4], uint64_t* values, size_t count);
  // Null if there is no memory.
  void* (*allocate)(size_t bytes);
  // Zero if a kernel wrote behind the memory.
  int (*release)(void* at, size_t bytes);
  // Announces that the host writes these bytes.
  void (*hostWrites)(void* at, size_t bytes);
  // See emulated::Order.
  void (*setOrder)(int order, uint64_t seed);
  // A line for each kernel launched since the last call: name, launches, warp instructions, bytes read, bytes written.
  const char* (*counts)();
};
