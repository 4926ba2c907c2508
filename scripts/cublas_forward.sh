#!/usr/bin/env bash
# JCublas 12.6 asks for libcublas.so.12 with symbol versions "libcublas.so.12". Where only libcublas.so.13 is installed,
# this makes a libcublas.so.12 that forwards: every function is one jump through a table, filled when the library is
# loaded by dlsym from libcublas.so.13. A function that 13 no longer has returns CUBLAS_STATUS_NOT_SUPPORTED.
#   scripts/cublas_forward.sh OUT_DIR [path of libcublas.so.13 [libJCublas*.so ..]]
# then: LD_LIBRARY_PATH=OUT_DIR:... java ...       Needs gcc and nm; x86-64 Linux. Ends with 3 where one is missing.
set -euo pipefail
out=${1:?usage: cublas_forward.sh OUT_DIR [libcublas.so.13 [libJCublas.so ..]]}
real=${2:-}
shift $(($# < 2 ? $# : 2))
quit() { echo "cublas_forward: $1" >&2; exit 3; }
[ "$(uname -sm)" = "Linux x86_64" ] || quit "for x86-64 Linux only"
command -v gcc >/dev/null || quit "no gcc on the PATH"
command -v nm >/dev/null || quit "no nm (binutils) on the PATH"
if [ -z "$real" ]; then
  real=$(ldconfig -p 2>/dev/null | awk '/libcublas\.so\.13 / { print $NF; exit }')
  [ -n "$real" ] || real=$(find / -xdev -name libcublas.so.13 -print -quit 2>/dev/null || true)
fi
[ -n "$real" ] && [ -e "$real" ] || quit "no libcublas.so.13 here"
real=$(readlink -f "$real")
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{
  nm -D --defined-only "$real" | awk '$2 ~ /^[TWi]$/ { print $3 }'
  for consumer in "$@"; do nm -D --undefined-only "$consumer" | awk '{ print $2 }'; done
} | sed 's/@.*//' | grep -E '^cublas[A-Za-z0-9_]*$' | sort -u >"$work/names"
count=$(wc -l <"$work/names")
[ "$count" -gt 0 ] || quit "$real defines no function cublas*"

{
  cat <<'C'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
static int missing(void) { return 15; } /* CUBLAS_STATUS_NOT_SUPPORTED */
static const char *const names[] = {
C
  sed 's/.*/  "&",/' "$work/names"
  cat <<C
};
enum { COUNT = $count };
__attribute__((visibility("hidden"))) void *csdp_cublas[COUNT];
__attribute__((constructor)) static void fill(void) {
  void *real = dlopen("$real", RTLD_NOW | RTLD_LOCAL);
  if (!real) {
    fprintf(stderr, "libcublas.so.12 (forwarding): %s\n", dlerror());
  }
  for (int i = 0; i < COUNT; i++) {
    void *f = real ? dlsym(real, names[i]) : 0;
    csdp_cublas[i] = f ? f : (void *)missing;
  }
}
C
  # The jumps keep every register and the stack: any signature passes.
  awk '{ printf "__asm__(\".text\\n.globl %s\\n.type %s, @function\\n%s:\\n\\tendbr64\\n\\tjmp *csdp_cublas+%d(%%rip)\\n\");\n",
         $1, $1, $1, 8 * (NR - 1) }' "$work/names"
} >"$work/forward.c"
{
  echo 'libcublas.so.12 {'
  echo '  global:'
  sed 's/.*/    &;/' "$work/names"
  echo '  local: *;'
  echo '};'
} >"$work/version"
gcc -O1 -shared -fPIC -o "$out/libcublas.so.12" -Wl,-soname,libcublas.so.12 \
  -Wl,--version-script="$work/version" "$work/forward.c" -ldl
echo "$out/libcublas.so.12 forwards $count functions to $real"
