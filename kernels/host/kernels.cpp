// The kernels as a library for the emulated device: csdp.backend.cuda.EmulatedDevice compiles this
// file with g++ and calls it through JNI. A kernel is found by name, and its arguments are held
// against its C++ parameters before it runs.
#include "cuda.h"

#include "../bench.cu"
#include "../encode.cu"
#include "../forward.cu"
#include "../plasticity.cu"
#include "../settle.cu"
#include "../spikes.cu"
#include "check.cu"

#include <jni.h>
#include <stdlib.h>

#include <utility>

namespace {

template <typename T>
constexpr char letter() {
  static_assert(std::is_pointer<T>::value || std::is_same<T, int>::value ||
                    std::is_same<T, float>::value,
                "kernels take pointers, ints and floats");
  return std::is_pointer<T>::value ? 'p' : std::is_same<T, int>::value ? 'i' : 'f';
}

// A kernel behind CUDA's own calling convention: an array of pointers to its arguments.
template <auto function>
struct Caller;

template <typename... P, void (*function)(P...)>
struct Caller<function> {
  static void call(void** arguments) { call(arguments, std::index_sequence_for<P...>()); }

  template <size_t... I>
  static void call(void** arguments, std::index_sequence<I...>) {
    function(*(P*)arguments[I]...);
  }

  static std::string parameters() { return {letter<P>()...}; }
};

struct Kernel {
  const char* name;
  void (*call)(void**);
  std::string parameters;
};

#define ROW(name) {#name, Caller<&name>::call, Caller<&name>::parameters()}

const Kernel KERNELS[] = {
    ROW(encode),
    ROW(encode_plain),
    ROW(encode_stored),
    ROW(encode_stored_plain),
    ROW(encode_recorded),
    ROW(clamp_context),
    ROW(forward),
    ROW(forward_plain),
    ROW(currents),
    ROW(currents_plain),
    ROW(settle),
    ROW(settle_plain),
    ROW(transpose),
    ROW(transpose_plain),
    ROW(widen),
    ROW(learn),
    ROW(learn_plain),
    ROW(copy_quads),
    ROW(multiply_add),
    ROW(check_collectives),
    ROW(check_sums),
    ROW(check_missing_thread),
    ROW(check_partial_mask),
    ROW(check_overrun),
};

const Kernel* find(const std::string& name) {
  for (const Kernel& k : KERNELS) {
    if (name == k.name) {
      return &k;
    }
  }
  return nullptr;
}

// Bytes before and after an allocation that nobody may write: 256, so that it stays aligned.
const size_t FENCE = 256;
const char UNTOUCHED = (char)0xA5;

std::string text(JNIEnv* env, jstring s) {
  const char* chars = env->GetStringUTFChars(s, nullptr);
  std::string copy = chars;
  env->ReleaseStringUTFChars(s, chars);
  return copy;
}

jstring line(JNIEnv* env, const std::string& error) {
  return error.empty() ? nullptr : env->NewStringUTF(error.c_str());
}

}  // namespace

#define NATIVE(type, name) extern "C" JNIEXPORT type JNICALL Java_csdp_backend_cuda_EmulatedDevice_##name

// Parameters of a kernel, a letter each (p pointer, i int, f float); null if there is no such kernel.
NATIVE(jstring, parameters)(JNIEnv* env, jclass, jstring name) {
  const Kernel* k = find(text(env, name));
  return k ? env->NewStringUTF(k->parameters.c_str()) : nullptr;
}

// Names of all kernels, separated by blanks.
NATIVE(jstring, kernelNames)(JNIEnv* env, jclass) {
  std::string all;
  for (const Kernel& k : KERNELS) {
    all += (all.empty() ? "" : " ") + std::string(k.name);
  }
  return env->NewStringUTF(all.c_str());
}

// Null, or what went wrong. Each argument is the low bytes of a 64-bit value.
NATIVE(jstring, launchNative)
(JNIEnv* env, jclass, jstring name, jint gridX, jint gridY, jint block, jint sharedBytes,
 jlongArray values) {
  const Kernel* k = find(text(env, name));
  if (k == nullptr) {
    return line(env, "no such kernel");
  }
  std::vector<jlong> raw(env->GetArrayLength(values));
  env->GetLongArrayRegion(values, 0, (jsize)raw.size(), raw.data());
  if (raw.size() != k->parameters.size()) {
    return line(env, "wrong number of arguments");
  }
  std::vector<void*> arguments;
  for (jlong& value : raw) {
    arguments.push_back(&value);
  }
  return line(env, emulated::launch(k->call, arguments.data(), gridX, gridY, block, sharedBytes));
}

// Filled with 0xFF, which is NaN as a float: reading what was never written shows.
NATIVE(jlong, allocateNative)(JNIEnv*, jclass, jlong bytes) {
  size_t size = (bytes + 2 * FENCE + 255) / 256 * 256;
  char* all = (char*)aligned_alloc(256, size);
  if (all == nullptr) {
    return 0;
  }
  memset(all, UNTOUCHED, FENCE);
  memset(all + FENCE, 0xFF, bytes);
  memset(all + FENCE + bytes, UNTOUCHED, size - FENCE - bytes);
  return (jlong)(all + FENCE);
}

// Whether nobody wrote before or after it.
NATIVE(jboolean, freeNative)(JNIEnv*, jclass, jlong address, jlong bytes) {
  char* all = (char*)address - FENCE;
  bool whole = true;
  for (size_t i = 0; i < FENCE; i++) {
    whole = whole && all[i] == UNTOUCHED && all[FENCE + bytes + i] == UNTOUCHED;
  }
  free(all);
  return whole;
}

NATIVE(void, copyNative)
(JNIEnv* env, jclass, jlong address, jarray array, jlong offset, jlong bytes, jboolean toDevice) {
  char* at = (char*)env->GetPrimitiveArrayCritical(array, nullptr);
  if (toDevice) {
    memcpy((void*)address, at + offset, bytes);
  } else {
    memcpy(at + offset, (void*)address, bytes);
  }
  env->ReleasePrimitiveArrayCritical(array, at, toDevice ? JNI_ABORT : 0);
}

NATIVE(void, clearNative)(JNIEnv*, jclass, jlong address, jlong bytes) {
  memset((void*)address, 0, bytes);
}
