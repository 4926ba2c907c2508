// The check for races. Kernels compiled with -fsanitize=thread announce each access to memory; races.cpp compares it
// with the accesses before it. Only __syncthreads, __syncwarp and the end of a launch put accesses of different threads
// in an order: shuffles and votes do not, nor does the order in which the emulation happens to run threads.
//
// Exact: a launch fails if and only if two of its accesses of the same byte are not ordered, at least one of them
// writes and not both are atomic. It fails as well for an access beside every allocation, a misaligned one, and a read
// of bytes that neither the host nor a kernel wrote (in shared memory: no thread of this block).
#pragma once

#include <stddef.h>

namespace emulated {

// Returns false if the system refuses the memory that the check needs. To be called before all else.
bool begin();

void launchBegins();
void blockBegins(unsigned linear);
void threadsSynchronized();
void warpSynchronized();
// An atomic operation that is called at "where".
void atomicAccess(const void* at, size_t bytes, void* where);

// Nobody wrote these bytes of device memory yet.
void hostAllocates(const void* at, size_t bytes);
void hostWrites(const void* at, size_t bytes);

}  // namespace emulated
