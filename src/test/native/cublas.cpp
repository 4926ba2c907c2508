// A stand-in for libcublas.so.12 for tests: what csdp4j calls through JCublas, as plain loops in the
// queue of the stand-in driver.
#include <stddef.h>

#include <functional>

extern "C" int fakeQueue(const std::function<void()>& work);

#define API extern "C" __attribute__((visibility("default"))) int

static int handle;

API cublasCreate_v2(void** h) { *h = &handle; return 0; }
API cublasDestroy_v2(void* h) { return h == &handle ? 0 : 1; }
API cublasSetStream_v2(void*, void* stream) { return stream ? 0 : 7; }
API cublasSetMathMode(void*, int) { return 0; }
API cublasSetWorkspace_v2(void*, void* at, size_t bytes) { return at && bytes ? 0 : 7; }

// Column-major c (m x n) = alpha a (m x k) b (k x n) + beta c.
API cublasSgemm_v2(void*, int ta, int tb, int m, int n, int k, const float* alpha, const float* a, int lda,
                   const float* b, int ldb, const float* beta, float* c, int ldc) {
  if (ta || tb || lda < m || ldb < k || ldc < m) {
    return 7;
  }
  float scale = *alpha, old = *beta;
  return fakeQueue([=] {
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        float sum = 0;
        for (int l = 0; l < k; l++) {
          sum += a[(size_t)l * lda + i] * b[(size_t)j * ldb + l];
        }
        float* at = &c[(size_t)j * ldc + i];
        *at = scale * sum + (old == 0 ? 0 : old * *at);
      }
    }
  });
}
