#!/usr/bin/env bash
# Compiles every kernel for every target and prints its registers, spilled bytes and shared memory. Then
# executes the shipped PTX on the CPU and prints warp instructions and bytes of each kernel in a step, and whether the
# window has the bits of the CPU backend. Ends with 1 if a kernel does not compile or spills, or if the window differs.
# Needs nvcc and g++, not a GPU.
#   scripts/kernel_report.sh [--data DIR] [--small | --no-costs | --costs] [TARGET..]     targets: 75 80 86 89 90 90a
#   --data DIR   images of the window; strokes by default
#   --small      a network of 200 and 60 units; by default 3000 and 600, which takes ten minutes
#   --costs      only the instructions and bytes; CASE='HIDDEN BATCH STEPS TRAINED learn|infer' chooses the window:
#                by default '3000,600 500 16 0 learn', a network with fresh weights
set -euo pipefail
cd "$(dirname "$0")/../kernels"
data=strokes
case=${CASE:-3000,600 500 16 0 learn}
compile=yes costs=yes
while [ $# -gt 0 ]; do
  case $1 in
    --data) data=$2; shift ;;
    --small) case=${CASE:-200,60 50 8 0 learn} ;;
    --no-costs) costs=no ;;
    --costs) compile=no ;;
    *) break ;;
  esac
  shift
done
nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null) || {
  echo "kernel_report: no nvcc on the PATH: install the CUDA toolkit" >&2
  exit 1
}
targets=("$@")
[ $# -gt 0 ] || targets=(75 80 86 89 90 90a)
[ "$compile" = yes ] || targets=()
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

[ "$compile" = no ] || printf '%-7s %-26s %9s %7s %7s %7s\n' target kernel registers spilled stack shared
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

if [ "$costs" = yes ]; then
  cd ..
  ./scripts/csdp --version >/dev/null # builds
  # shellcheck disable=SC2086
  java --add-modules jdk.incubator.vector -Xmx3g -cp "target/csdp.jar:$(cat target/classpath.txt)" \
    csdp.backend.cuda.KernelCosts target/emulated "$data" $case || failed=1
fi
exit "$failed"
