#!/usr/bin/env bash
# Checks and measures the CUDA backend on a machine with a GPU in less than ten minutes, and writes one JSON: parity with
# the reference, recorded runs, compute-sanitizer, benchmarks and an epoch of training (at most eight minutes); then, in the
# remaining time, the same model in JAX and PyTorch (peers/compare.py).
# Needs a Java runtime, the jars and the classes; neither Maven nor a network. Peers need MNIST in --data and the packages
# of PYTHON (default: python3); they do not affect the exit code.
#   scripts/gpu_check.sh BUNDLE OUT.json [--data DIR] [--traces DIR] [--device N] [--small]
# BUNDLE holds classes/, lib/*.jar and, where there is no Java, jre.tar.gz; with test-classes/traces or traces/ for the
# recorded runs. In a clone that was built with scripts/csdp, "." will do.
# Ends with 0 if all is well, 1 if something failed, 2 for wrong usage, 3 where there is no GPU to use.
set -euo pipefail
started=$SECONDS
LIMIT=480
TOTAL=580 # with the peers
python=${PYTHON:-python3}
quit() { echo "gpu_check: $2" >&2; exit "$1"; }
[ $# -ge 2 ] || quit 2 "usage: gpu_check.sh BUNDLE OUT.json [--data DIR] [--traces DIR] [--device N] [--small]"
bundle=$(cd "$1" 2>/dev/null && pwd) || quit 2 "no folder $1"
json=$2
shift 2
data=${CSDP_DATA:-strokes} traces= device=0 small=
while [ $# -gt 0 ]; do
  case $1 in
    --data) data=${2:?}; shift ;;
    --traces) traces=${2:?}; shift ;;
    --device) device=${2:?}; shift ;;
    --small) small=--small ;;
    *) quit 2 "unknown option $1" ;;
  esac
  shift
done
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -d "$bundle/classes" ]; then
  classpath=$bundle/classes:$bundle/lib/*
elif [ -f "$bundle/target/csdp.jar" ]; then
  classpath=$bundle/target/csdp.jar:$(cat "$bundle/target/classpath.txt")
else
  quit 2 "$bundle has neither classes/ nor target/csdp.jar (run scripts/csdp once)"
fi
if [ -f "$bundle/jre.tar.gz" ]; then
  tar xzf "$bundle/jre.tar.gz" -C "$work"
  java=$work/jre/bin/java
else
  java=${JAVA_HOME:+$JAVA_HOME/bin/}java
  command -v "$java" >/dev/null || quit 3 "no Java: put jre.tar.gz into the bundle"
fi
flags=(--add-modules=jdk.incubator.vector)
"$java" --enable-native-access=ALL-UNNAMED -version >/dev/null 2>&1 && flags+=(--enable-native-access=ALL-UNNAMED)
check() { "$java" "${flags[@]}" -cp "$classpath" csdp.cli.DeviceCheck --device "$device" "$@"; }

# Is there a GPU at all? One small window, which also shows that kernels load.
code=0
said=$(check --only-step 2>&1) || code=$?
[ "$code" != 3 ] || quit 3 "$(grep -m1 '^gpu_check: ' <<<"$said" | cut -d' ' -f2-)"

args=(--json "$json" --data "$data")
[ -z "$small" ] || args+=("$small")
[ "$code" = 0 ] && args+=(--found "small window=ok") ||
  args+=(--found "small window=$(tail -1 <<<"$said")")
fact() { [ -z "$2" ] || args+=(--fact "$1=$2"); }
first() { head -1 2>/dev/null || true; }

if command -v nvidia-smi >/dev/null; then
  fact nvidia_smi "$(nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem --format=csv,noheader -i "$device" 2>/dev/null | first)"
fi
fact kernel "$(uname -sr)"
fact cpu "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | first)"
fact nvcc "$( (nvcc --version || true) 2>/dev/null | tail -1)"
fact python_frameworks "$("$python" -c '
import importlib.metadata as m
print(", ".join(f"{p} {m.version(p)}" for p in ("torch", "jax", "numpy") if any(d.name == p for d in m.distributions())))' 2>/dev/null || true)"

# JCublas needs libcublas.so.12; a machine may have 13 only.
libraries=$(ldconfig -p 2>/dev/null || true)
if grep -q 'libcublas\.so\.12 ' <<<"$libraries"; then
  fact cublas "libcublas.so.12"
elif forwarded=$("$here/cublas_forward.sh" "$work/cublas" 2>&1); then
  export LD_LIBRARY_PATH=$work/cublas${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  fact cublas "${forwarded#"$work"/}"
else
  fact cublas "none: $forwarded"
fi

# Bad accesses and races in a small window.
sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null || true)
if [ -z "$sanitizer" ]; then
  fact compute_sanitizer "not installed"
else
  fact compute_sanitizer "$("$sanitizer" --version 2>/dev/null | tail -1)"
  for tool in memcheck racecheck; do
    code=0
    timeout 75 "$sanitizer" --tool "$tool" --error-exitcode 9 "$java" "${flags[@]}" -cp "$classpath" \
      csdp.cli.DeviceCheck --device "$device" --only-step >"$work/$tool" 2>&1 || code=$?
    case $code in
      0) args+=(--found "$tool=ok") ;;
      9) args+=(--found "$tool=$(grep -m1 '=========.*\(Invalid\|Race\|hazard\|Error\|error\)' "$work/$tool" | cut -c1-300)") ;;
      *) fact "$tool" "did not run (exit $code): $(tail -1 "$work/$tool" | cut -c1-200)" ;;
    esac
  done
fi

traces_found=()
for folder in "$bundle/test-classes/traces" "$bundle/target/test-classes/traces" "$bundle/traces" "$traces"; do
  [ -n "$folder" ] || continue
  for trace in "$folder"/*.npz; do
    [ -f "$trace" ] && traces_found+=("$trace") && args+=(--trace "$trace")
  done
done
left=$((LIMIT - (SECONDS - started)))
[ "$left" -gt 60 ] || left=60
code=0
timeout "$left" "$java" "${flags[@]}" -cp "$classpath" csdp.cli.DeviceCheck --device "$device" \
  --minutes "$(((left - 100) / 60 > 0 ? (left - 100) / 60 : 1))" "${args[@]}" || code=$?
[ "$code" != 124 ] || echo "gpu_check: stopped after $LIMIT seconds; $json holds the results up to then" >&2

# The peers on the networks that were just benchmarked; no longer than three minutes.
left=$((TOTAL - (SECONDS - started)))
[ "$left" -lt 180 ] || left=180
if ! ls "$data"/train-images-idx3-ubyte* >/dev/null 2>&1; then
  echo "no peers: no folder with MNIST (--data $data)"
elif ! "$python" -c 'import numpy' 2>/dev/null; then
  echo "no peers: $python has no NumPy"
else
  recorded=("${traces_found[@]:0:1}")
  timeout "$((left + 5))" "$python" "$here/peers/compare.py" --ours "$json" --into "$json" --data "$data" \
    --device "$device" ${recorded:+--trace "${recorded[0]}"} --minutes "$(awk "BEGIN { print $left / 60 }")" ||
    echo "the peers ended with $?"
fi
echo "$json"
[ "$code" != 124 ] || exit 1
exit "$code"
