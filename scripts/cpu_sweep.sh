#!/usr/bin/env bash
# Benchmarks training steps of the cpu backend over hidden sizes and batches, one after the other, and prints a table
# that shows which times grow with the weights and which with the spikes.
#   scripts/cpu_sweep.sh OUT_FOLDER [--data SET ..]
# HIDDEN and BATCH, lists in the environment, name other sizes of the first layer (the second has 600) and batches.
set -euo pipefail
[ $# -ge 1 ] && [[ $1 != -* ]] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
out=$1
shift
mkdir -p "$out"
made=()
for hidden in ${HIDDEN:-750 1500 3000 6000}; do
  for batch in ${BATCH:-50 100 200 500}; do
    "$root/scripts/csdp" bench --device cpu --hidden "$hidden,600" --batch "$batch" --repeats 3 \
      --json "$out/$hidden-$batch.json" "$@" >"$out/$hidden-$batch.txt"
    made+=("$out/$hidden-$batch.json")
    echo "$hidden $batch done" >&2
  done
done
python3 - "${made[@]}" <<'PY'
import json, os, sys

print("| hidden 1 | B | ms a step | currents and integration | modulators, errors, lists, encode | plasticity | of it M1 |")
print("|---|---|---|---|---|---|---|")
for path in sys.argv[1:]:
    with open(path) as file:
        report = json.load(file)
    part = {p["part"]: p["us_per_step"] / 1e3 for p in report["parts"] if p["part"] != "between parts"}
    plasticity = sum(t for name, t in part.items() if name.startswith("plasticity"))
    currents = sum(t for name, t in part.items() if name.startswith("currents"))
    rest = sum(part.values()) - plasticity - currents
    hidden, batch = os.path.basename(path)[:-5].split("-")
    print("| %s | %s | %.1f | %.1f | %.1f | %.1f | %.1f |" % (
        hidden, batch, report["training"]["us_per_step"] / 1e3, currents, rest, plasticity, part["plasticity M1"]))
PY
