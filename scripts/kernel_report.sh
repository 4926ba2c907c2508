#!/usr/bin/env bash
# Compiles every kernel for every shipped target and prints what each needs: registers, spilled bytes,
# shared memory. Ends with 1 if a kernel does not compile or spills. Needs nvcc, not a GPU.
#   scripts/kernel_report.sh [TARGET..]        targets: 75 80 86 89 90 90a
set -euo pipefail
cd "$(dirname "$0")/../kernels"
nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null) || {
  echo "kernel_report: no nvcc on the PATH: install the CUDA toolkit" >&2
  exit 1
}
targets=("$@")
[ $# -gt 0 ] || targets=(75 80 86 89 90 90a)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

printf '%-7s %-26s %9s %7s %7s %7s\n' target kernel registers spilled stack shared
for target in "${targets[@]}"; do
  for file in *.cu; do
    # The same flags as for the PTX that is shipped: see common.cuh on -fmad=false.
    if ! "$nvcc" -cubin -arch="sm_$target" -fmad=false -Xptxas -v -Werror all-warnings \
        -o "$work/out.cubin" "$file" >"$work/log" 2>&1; then
      echo "sm_$target: $file does not compile" >&2
      cat "$work/log" >&2
      failed=1
      continue
    fi
    awk -v target="sm_$target" '
      /Compiling entry function/ { split($0, q, "\047"); kernel = q[2] }
      /bytes stack frame/ {
        for (i = 1; i <= NF; i++) if ($i == "bytes" && $(i+1) == "stack") stack = $(i-1)
        for (i = 1; i <= NF; i++) if ($i == "bytes" && $(i+1) == "spill") spilled += $(i-1)
      }
      /Used [0-9]+ registers/ {
        shared = 0
        for (i = 1; i <= NF; i++) {
          if ($i == "Used") registers = $(i+1)
          if ($i == "bytes" && $(i+1) ~ /^smem/) shared = $(i-1)
        }
        printf "%-7s %-26s %9d %7d %7d %7d\n", target, kernel, registers, spilled, stack, shared
        kernels++
        if (spilled > 0) bad = 1
        spilled = 0; stack = 0
      }
      END { exit bad || kernels == 0 }' "$work/log" || failed=1
  done
done
[ "$failed" = 0 ] || echo "kernel_report: a kernel does not compile or spills registers" >&2
exit "$failed"
