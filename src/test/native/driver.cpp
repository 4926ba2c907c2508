// A stand-in for NVIDIA's driver library (libcuda.so.1) for tests: the entry points that csdp4j calls
// through JCuda, on host memory, with the kernels executed by the emulation in kernels/host. So JCuda's
// natives, the marshalling of arguments, graph capture and the naming of failures run without a GPU.
//
// Stricter than a driver where that finds mistakes: no current context in the calling thread, copies or
// allocations during a capture, and memory or graphs that are left at the end are all reported.
//
// CSDP_FAKE_CUDA steers it: words NAME=VALUE separated by blanks.
//   devices=N  capability=75  driver=12040  memory=BYTES  init=CODE  load=CODE (what PTX gets)
//   cubin=CODE (what machine code gets)  fail=KERNEL (its launch fails, and the next wait reports it)
#include "host/library.cpp"

#include <stdio.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>

namespace {

enum Code {
  OK = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_CONTEXT = 201,
  NOT_FOUND = 500,
  ILLEGAL_ADDRESS = 700,
  CAPTURE_UNSUPPORTED = 900,
};

std::string word(const char* name, const char* otherwise) {
  const char* all = getenv("CSDP_FAKE_CUDA");
  std::string text = std::string(" ") + (all ? all : "") + " ";
  size_t at = text.find(std::string(" ") + name + "=");
  if (at == std::string::npos) {
    return otherwise;
  }
  at += strlen(name) + 2;
  return text.substr(at, text.find(' ', at) - at);
}

long number(const char* name, long otherwise) {
  return atol(word(name, std::to_string(otherwise).c_str()).c_str());
}

// A launch, a clear or a product, with copies of its arguments.
typedef std::function<void()> Work;
typedef std::vector<Work> Graph;

struct Module {
  std::string image;
  bool binary;
};

int retained = 0;
thread_local bool current = false;
std::map<uint64_t, size_t> memory;
size_t used = 0;
std::set<Graph*> graphs;
Graph* capturing = nullptr;
int sticky = OK;
long launches = 0, graphLaunches = 0, events = 0;

int context() { return sticky != OK ? sticky : current && retained > 0 ? OK : INVALID_CONTEXT; }

int outsideCapture() { return capturing ? CAPTURE_UNSUPPORTED : context(); }

void runKernel(const Kernel* k, unsigned gx, unsigned gy, unsigned block, unsigned shared,
               std::vector<uint64_t> values) {
  launches++;
  std::vector<void*> arguments;
  for (uint64_t& v : values) {
    arguments.push_back(&v);
  }
  std::string error = emulated::launch(k->call, arguments.data(), gx, gy, block, shared);
  if (!error.empty() || word("fail", "") == k->name) {
    sticky = ILLEGAL_ADDRESS;
  }
}

int queue(const Work& w) {
  if (int r = context()) {
    return r;
  }
  if (capturing) {
    capturing->push_back(w);
  } else {
    w();
  }
  return OK;
}

// Whether a range lies in one allocation.
bool inside(uint64_t at, size_t bytes) {
  auto next = memory.upper_bound(at);
  return next != memory.begin() && at + bytes <= std::prev(next)->first + std::prev(next)->second;
}

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int

API cuInit(unsigned) { return (int)number("init", number("devices", 1) == 0 ? NO_DEVICE : OK); }
API cuDriverGetVersion(int* v) { *v = (int)number("driver", 12040); return OK; }
API cuDeviceGetCount(int* n) { *n = (int)number("devices", 1); return OK; }
API cuDeviceGet(int* d, int i) { *d = i; return i < number("devices", 1) ? OK : INVALID_DEVICE; }
API cuDeviceGetName(char* name, int length, int) { snprintf(name, length, "Fake GPU"); return OK; }
API cuDeviceTotalMem_v2(size_t* bytes, int) { *bytes = number("memory", 1 << 30); return OK; }

API cuDeviceGetAttribute(int* value, int which, int) {
  int capability = (int)number("capability", 75);
  *value = which == 75 ? capability / 10 : which == 76 ? capability % 10 : 0;
  return which == 75 || which == 76 ? OK : INVALID_VALUE;
}

API cuDevicePrimaryCtxRetain(void** c, int) { retained++; *c = &retained; return OK; }
API cuCtxSetCurrent(void* c) { current = c == &retained; return sticky ? sticky : current ? OK : INVALID_CONTEXT; }

API cuDevicePrimaryCtxRelease_v2(int) {
  if (--retained == 0) {
    fprintf(stderr, "fake driver: context released, %zu allocations, %zu graphs, %ld events left; %ld launches, %ld graph launches\n",
            memory.size(), graphs.size(), events, launches, graphLaunches);
    sticky = OK;
  }
  return OK;
}

API cuStreamCreate(void** s, unsigned) { *s = &launches; return outsideCapture(); }
API cuStreamDestroy_v2(void*) { return context(); }
API cuStreamSynchronize(void*) { return outsideCapture(); }

API cuModuleLoadData(void** module, const void* image) {
  if (int r = outsideCapture()) {
    return r;
  }
  bool binary = memcmp(image, "\177ELF", 4) == 0;
  if (int r = (int)number(binary ? "cubin" : "load", OK)) {
    return r;
  }
  *module = new Module{binary ? "" : (const char*)image, binary};
  return OK;
}

API cuModuleUnload(void* module) { delete (Module*)module; return context(); }

API cuModuleGetFunction(const Kernel** f, void* module, const char* name) {
  *f = find(name);
  Module* m = (Module*)module;
  bool there = m->binary || m->image.find(std::string(".entry ") + name + "(") != std::string::npos;
  return *f && there ? context() : NOT_FOUND;
}

API cuMemGetInfo_v2(size_t* available, size_t* total) {
  *total = number("memory", 1 << 30);
  *available = *total - used;
  return OK;
}

API cuMemAlloc_v2(uint64_t* at, size_t bytes) {
  if (int r = outsideCapture()) {
    return r;
  }
  if (bytes == 0) {
    return INVALID_VALUE;
  }
  if (used + bytes > (size_t)number("memory", 1 << 30)) {
    return OUT_OF_MEMORY;
  }
  *at = (uint64_t)::allocate(bytes);
  memory[*at] = bytes;
  used += bytes;
  return OK;
}

API cuMemFree_v2(uint64_t at) {
  auto a = memory.find(at);
  if (a == memory.end()) {
    return INVALID_VALUE;
  }
  if (!release((void*)at, a->second)) {
    fprintf(stderr, "fake driver: a kernel wrote beside its memory\n");
  }
  used -= a->second;
  memory.erase(a);
  return OK;
}

API cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t bytes) {
  if (int r = outsideCapture()) {
    return r;
  }
  if (!inside(to, bytes)) {
    return INVALID_VALUE;
  }
  memcpy((void*)to, from, bytes);
  return OK;
}

API cuMemcpyDtoH_v2(void* to, uint64_t from, size_t bytes) {
  if (int r = outsideCapture()) {
    return r;
  }
  if (!inside(from, bytes)) {
    return INVALID_VALUE;
  }
  memcpy(to, (void*)from, bytes);
  return OK;
}

API cuLaunchKernel(const Kernel* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void*, void** parameters, void** extra) {
  if (gz != 1 || by != 1 || bz != 1 || gx < 1 || gy < 1 || bx < 1 || bx > 1024 || extra) {
    return INVALID_VALUE;
  }
  std::vector<uint64_t> values;
  for (char letter : f->parameters) {
    uint64_t value = 0;
    memcpy(&value, *parameters++, letter == 'p' ? 8 : 4);
    if (letter == 'p' && !inside(value, 1)) {
      return INVALID_VALUE;
    }
    values.push_back(value);
  }
  return queue([=] { runKernel(f, gx, gy, bx, shared, values); });
}

// For the stand-in of cuBLAS: work in the order of the queue, and part of a capture.
extern "C" __attribute__((visibility("default"))) int fakeQueue(const std::function<void()>& w) {
  return queue(w);
}

API cuStreamBeginCapture_v2(void*, int) {
  int r = outsideCapture();
  if (r == OK) {
    graphs.insert(capturing = new Graph());
  }
  return r;
}

API cuStreamEndCapture(void*, Graph** g) { *g = capturing; capturing = nullptr; return context(); }

API cuGraphInstantiateWithFlags(Graph** executable, Graph* g, unsigned long long) {
  graphs.insert(*executable = new Graph(*g));
  return context();
}

API cuGraphDestroy(Graph* g) { graphs.erase(g); delete g; return OK; }
API cuGraphExecDestroy(Graph* g) { graphs.erase(g); delete g; return OK; }

API cuGraphLaunch(Graph* g, void*) {
  if (int r = outsideCapture()) {
    return r;
  }
  graphLaunches++;
  for (const Work& w : *g) {
    w();
  }
  return OK;
}

// Work is done when it is queued, so the host's clock serves.
typedef std::chrono::steady_clock Clock;

API cuEventCreate(Clock::time_point** e, unsigned) { *e = new Clock::time_point(); events++; return outsideCapture(); }
API cuEventRecord(Clock::time_point* e, void*) { *e = Clock::now(); return outsideCapture(); }
API cuEventSynchronize(Clock::time_point*) { return outsideCapture(); }
API cuEventDestroy_v2(Clock::time_point* e) { delete e; events--; return OK; }

API cuEventElapsedTime(float* millis, Clock::time_point* from, Clock::time_point* to) {
  *millis = std::chrono::duration<float, std::milli>(*to - *from).count();
  return outsideCapture();
}
