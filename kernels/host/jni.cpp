// The natives of csdp.backend.cuda.device.EmulatedLibrary: opens libraries of kernels (library.cpp) and calls them. Several
// can be open at once, each with memory and a scheduler of its own.
#include <dlfcn.h>
#include <jni.h>
#include <string.h>

#include <string>
#include <vector>

#include "library.h"

#define NATIVE(type, name) extern "C" JNIEXPORT type JNICALL Java_csdp_backend_cuda_device_EmulatedLibrary_##name

namespace {

std::string text(JNIEnv* env, jstring s) {
  const char* chars = env->GetStringUTFChars(s, nullptr);
  std::string copy = chars;
  env->ReleaseStringUTFChars(s, chars);
  return copy;
}

jstring text(JNIEnv* env, const char* s) { return s == nullptr ? nullptr : env->NewStringUTF(s); }

const KernelLibrary& of(jlong handle) { return *(const KernelLibrary*)handle; }

}  // namespace

// The handle of a library; 0 if it cannot be loaded.
NATIVE(jlong, openNative)(JNIEnv* env, jclass, jstring path) {
  void* opened = dlopen(text(env, path).c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = opened == nullptr ? nullptr : dlsym(opened, "csdp_kernel_library");
  return entry == nullptr ? 0 : (jlong)((const KernelLibrary* (*)())entry)();
}

NATIVE(jstring, namesNative)(JNIEnv* env, jclass, jlong library) { return text(env, of(library).names()); }

NATIVE(jstring, parametersNative)(JNIEnv* env, jclass, jlong library, jstring kernel) {
  return text(env, of(library).parameters(text(env, kernel).c_str()));
}

NATIVE(jstring, launchNative)
(JNIEnv* env, jclass, jlong library, jstring kernel, jint gridX, jint gridY, jint block, jint sharedBytes,
 jlongArray values) {
  std::vector<uint64_t> raw(env->GetArrayLength(values));
  env->GetLongArrayRegion(values, 0, (jsize)raw.size(), (jlong*)raw.data());
  const unsigned geometry[] = {(unsigned)gridX, (unsigned)gridY, (unsigned)block, (unsigned)sharedBytes};
  return text(env, of(library).launch(text(env, kernel).c_str(), geometry, raw.data(), raw.size()));
}

NATIVE(jlong, allocateNative)(JNIEnv*, jclass, jlong library, jlong bytes) {
  return (jlong)of(library).allocate(bytes);
}

NATIVE(jboolean, releaseNative)(JNIEnv*, jclass, jlong library, jlong address, jlong bytes) {
  return of(library).release((void*)address, bytes) != 0;
}

NATIVE(void, copyNative)
(JNIEnv* env, jclass, jlong library, jlong address, jarray array, jlong offset, jlong bytes, jboolean toDevice) {
  char* at = (char*)env->GetPrimitiveArrayCritical(array, nullptr);
  if (toDevice) {
    of(library).hostWrites((void*)address, bytes);
    memcpy((void*)address, at + offset, bytes);
  } else {
    memcpy(at + offset, (void*)address, bytes);
  }
  env->ReleasePrimitiveArrayCritical(array, at, toDevice ? JNI_ABORT : 0);
}

NATIVE(void, setOrderNative)(JNIEnv*, jclass, jlong library, jint order, jlong seed) {
  of(library).setOrder(order, (uint64_t)seed);
}

NATIVE(jstring, countsNative)(JNIEnv* env, jclass, jlong library) { return text(env, of(library).counts()); }
