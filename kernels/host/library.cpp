// A library of kernels for the emulated device. csdp.backend.cuda.device.EmulatedLibrary compiles this file with g++ and
// opens the result through jni.cpp. build.h, which it writes, includes the kernels and lists them: KERNELS(ROW).
#include "cuda.h"

#include "build.h"

#include "library.h"

#include <utility>

namespace {

template <typename T>
constexpr char letter() {
  static_assert(std::is_pointer<T>::value || std::is_same<T, int>::value || std::is_same<T, float>::value,
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

#define ROW(name) {#name, Caller<&name>::call, Caller<&name>::parameters()},

const Kernel kernels[] = {KERNELS(ROW)};

const Kernel* find(const char* name) {
  for (const Kernel& k : kernels) {
    if (strcmp(name, k.name) == 0) {
      return &k;
    }
  }
  return nullptr;
}

const char* parameters(const char* kernel) {
  const Kernel* k = find(kernel);
  return k == nullptr ? nullptr : k->parameters.c_str();
}

const char* names() {
  static std::string all;
  if (all.empty()) {
    for (const Kernel& k : kernels) {
      all += (all.empty() ? "" : " ") + std::string(k.name);
    }
  }
  return all.c_str();
}

const char* launch(const char* kernel, const unsigned geometry[4], uint64_t* values, size_t count) {
  static std::string error;
  const Kernel* k = find(kernel);
  if (k == nullptr) {
    return "no such kernel";
  }
  if (count != k->parameters.size()) {
    return "wrong number of arguments";
  }
  std::vector<void*> arguments;
  for (size_t i = 0; i < count; i++) {
    arguments.push_back(&values[i]);
  }
  error = emulated::launch(k->call, arguments.data(), geometry[0], geometry[1], geometry[2], geometry[3]);
  return error.empty() ? nullptr : error.c_str();
}

void* allocate(size_t bytes) {
  void* at = emulated::begin() ? emulated::memory.allocate(bytes) : nullptr;
  if (at != nullptr) {
    emulated::hostAllocates(at, bytes);
  }
  return at;
}

int release(void* at, size_t bytes) { return emulated::memory.release((char*)at, bytes); }

void setOrder(int order, uint64_t seed) { emulated::scheduler.setOrder((emulated::Order)order, seed); }

void hostWrites(void* at, size_t bytes) { emulated::hostWrites(at, bytes); }

#ifdef CSDP_COUNT
const char* counts() {
  static std::string lines;
  lines = ptx::counting.take();
  return lines.c_str();
}
#else
const char* counts() { return ""; }
#endif

}  // namespace

extern "C" __attribute__((visibility("default"))) const KernelLibrary* csdp_kernel_library() {
  static const KernelLibrary library = {names,   parameters, launch,   allocate,
                                        release, hostWrites, setOrder, counts};
  return &library;
}
