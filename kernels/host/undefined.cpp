// Handlers that code compiled with -fsanitize=undefined calls on undefined behaviour: the launch fails. This file is
// compiled without it. The first argument of each handler begins with the place in the source.
#include "cuda.h"

namespace {

struct Place {
  const char* file;
  uint32_t line;
  uint32_t column;
};

void refuse(const char* what, const Place* at) {
  std::string file = at->file;
  emulated::scheduler.endLaunch(std::string("undefined behaviour: ") + what + " at " +
                                file.substr(file.rfind('/') + 1) + ":" + std::to_string(at->line) + " by thread " +
                                std::to_string(emulated::thread.x));
}

}  // namespace

#define HANDLER(name, what) \
  void __ubsan_handle_##name(const Place* at) { refuse(what, at); }

extern "C" {
HANDLER(add_overflow, "signed integer overflow")
HANDLER(sub_overflow, "signed integer overflow")
HANDLER(mul_overflow, "signed integer overflow")
HANDLER(negate_overflow, "signed integer overflow")
HANDLER(divrem_overflow, "division by zero or overflow of a division")
HANDLER(shift_out_of_bounds, "shift of a negative number, out of the type, or by too many bits")
HANDLER(out_of_bounds, "index outside an array")
HANDLER(type_mismatch_v1, "null or misaligned pointer, or outside an object")
HANDLER(pointer_overflow, "overflow of a pointer")
HANDLER(load_invalid_value, "value that a bool or enum cannot have")
HANDLER(float_cast_overflow, "floating-point number outside the range of an integer type")
HANDLER(nonnull_arg, "null argument")
HANDLER(invalid_builtin, "zero passed to a builtin function that counts zeros")
HANDLER(vla_bound_not_positive, "array without elements")
HANDLER(builtin_unreachable, "unreachable code")
HANDLER(missing_return, "function without a return value")
}
