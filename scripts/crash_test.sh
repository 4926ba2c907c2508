#!/usr/bin/env bash
# Tests that resume is bit-exact after a crash. Training is killed (SIGKILL) at random moments, every second time during the
# writing of a checkpoint, and resumed. The result must be bit-identical to an uninterrupted run, without temporary files.
# Then training runs on a full disk and in a folder that becomes read-only: exit code 3, one line, and an unchanged
# checkpoint.
#   scripts/crash_test.sh [--kills N] [--seed N] [--json FILE]
# Every third killed run is killed again during its resume; these kills are not counted in N (default: 30).
# Full disk and read-only folder are a small tmpfs for root; others get a limit on file sizes and chmod.
# Needs bash 5. CSDP names another way to start csdp than scripts/csdp. Ends with 0 if all is well, else with 1.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
kills=30 seed=1 json=
while [ $# -gt 0 ]; do
  case $1 in
    --kills) kills=${2:?} ;;
    --seed) seed=${2:?} ;;
    --json) json=$(realpath "${2:?}") ;;
    *) echo "usage: crash_test.sh [--kills N] [--seed N] [--json FILE]" >&2; exit 2 ;;
  esac
  shift 2
done
read -ra csdp <<<"${CSDP:-$root/scripts/csdp}"
work=$(mktemp -d)
disk=$work/disk
pid=
mounted=
cleanup() {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
  [ -z "$mounted" ] || umount "$disk" 2>/dev/null || umount -l "$disk" || true
  chmod -R u+w "$work" && rm -rf "$work"
}
trap cleanup EXIT
fail() {
  echo "crash_test: $*" >&2
  [ ! -s "$work/log" ] || tail -5 "$work/log" >&2
  exit 1
}
millis() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

EPOCHS=3
NETWORK="--data strokes --hidden 300,100 --batch 80 --steps 8 --valid 60 --train-limit 400 --device cpu"
start() { exec "${csdp[@]}" train $NETWORK --checkpoint-every 1 --out "$@"; } # ends a subshell: its id is csdp's
# Resumes as a user would; starts a new run if the killed one left no config.json.
again() {
  [ -e "$1/config.json" ] || start "$@"
  exec "${csdp[@]}" train --resume --device cpu --checkpoint-every 1 --out "$@"
}
# Hash of the results of a run: parameters, moments, thresholds, measurements; without times.
digest() {
  (
    cd "$1"
    find . -name '*.np[yz]' | LC_ALL=C sort | xargs sha256sum
    sed -E 's/"(seconds|images_per_second)":[^,]*,//g' metrics.jsonl
    [ ! -e test.json ] || cat test.json
  ) | sha256sum
}
leftovers() { find "$1" -maxdepth 1 \( -name '*.tmp' -o -name '*.old' \) -printf '%f\n'; }

# Starts a command and kills it after some time in the folder; returns 1 if it ended before.
kill_at() { # MILLISECONDS FOLDER COMMAND...
  local after=$1 folder=$2 code=0
  shift 2
  "$@" "$folder" --epochs $EPOCHS >"$work/log" 2>&1 &
  pid=$!
  until [ -e "$folder/.lock" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.005; done
  sleep "$((after / 1000)).$(printf %03d $((after % 1000)))"
  if [ $((trial % 2)) = 0 ]; then # the next temporary that shows
    until [ -n "$(compgen -G "$folder/*.tmp")" ] || ! kill -0 $pid 2>/dev/null; do :; done
  fi
  kill -KILL $pid 2>/dev/null || true
  wait $pid 2>/dev/null || code=$?
  pid=
  [ $code = 137 ] || { [ $code = 0 ] && return 1; fail "ended by itself with exit code $code"; }
}

echo "a run that nothing interrupts"
"${csdp[@]}" train $NETWORK --epochs $EPOCHS --out "$work/whole" >"$work/log" 2>&1 || fail "it fails"
want=$(digest "$work/whole")
start "$work/often" --epochs $EPOCHS >"$work/log" 2>&1 &
pid=$!
until [ -e "$work/often/.lock" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.005; done
from=$(millis)
wait $pid || fail "it fails"
pid=
span=$(($(millis) - from))
[ "$(digest "$work/often")" = "$want" ] || fail "frequent checkpoints change the result"

RANDOM=$seed
within=0 second=0 late=0 begun=$SECONDS
declare -A hit=()
note() { # FOLDER: whether the kill fell into a write
  local names
  names=$(leftovers "$1" | sed -E 's/\..*//' | sort -u)
  [ -n "$names" ] || return 0
  within=$((within + 1))
  for name in $names; do hit[$name]=$((${hit[$name]:-0} + 1)); done
}
for ((trial = 1; trial <= kills; trial++)); do
  run=$work/run$trial
  moment=$(((RANDOM * 32768 + RANDOM) % span))
  until kill_at $moment "$run" start; do # over already: once more, sooner
    late=$((late + 1)) moment=$((moment * 3 / 4))
    rm -rf "$run"
  done
  note "$run"
  if [ $((trial % 3)) = 0 ] && kill_at $((RANDOM % (span / 2))) "$run" again; then
    second=$((second + 1))
    note "$run"
  fi
  (again "$run" --epochs $EPOCHS) >"$work/log" 2>&1 || fail "kill $trial after $moment ms: cannot resume"
  [ "$(digest "$run")" = "$want" ] || fail "kill $trial after $moment ms: another result"
  left=$(leftovers "$run")
  [ -z "$left" ] || fail "kill $trial after $moment ms: left over: $left"
  rm -rf "$run"
done
took=$((SECONDS - begun))
where=$(for name in "${!hit[@]}"; do echo "$name ${hit[$name]}"; done | sort | paste -sd, | sed 's/,/, /g')
echo "$kills runs killed within $span ms, $second of them twice; $within of $((kills + second)) kills fell into a write" \
  "(${where:-none}); all resumed to the same bits, nothing left over ($took s)"

# A command must end with exit code 3 and one line about this, and the run must be as it was.
refused() { # WORDS FOLDER COMMAND...
  local words=$1 folder=$2 code=0 before
  shift 2
  before=$(digest "$folder")
  ("$@") >"$work/log" 2>"$work/err" || code=$?
  grep -v '^WARNING: Using incubator' "$work/err" >"$work/line" || true
  [ $code = 3 ] || fail "$words: exit code $code: $(cat "$work/err")"
  [ "$(wc -l <"$work/line")" = 1 ] && grep -q "^csdp: .*$words" "$work/line" || fail "$words: $(cat "$work/err")"
  [ "$(digest "$folder")" = "$before" ] || fail "$words: the run has changed"
  [ -z "$(leftovers "$folder")" ] || fail "$words: left over: $(leftovers "$folder")"
  "${csdp[@]}" evaluate --model "$folder" --limit 50 --device cpu >"$work/log" 2>&1 || fail "$words: cannot evaluate"
  echo "  $(cat "$work/line")" | sed "s#$work/##g"
}
mkdir "$disk"
full="file size limit (not root, or may not mount: no small disk)" ro="chmod (not root, or may not mount)"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=24m csdp-crash-test "$disk" 2>/dev/null; then
  mounted=yes full="tmpfs of 24 MiB" ro="tmpfs, remounted"
fi
run=$disk/run
(start "$run" --epochs 2) >"$work/log" 2>&1 || fail "two epochs fail"
echo "full disk: $full"
if [ $mounted ]; then
  free=$(df -Pk "$disk" | awk 'END { print $4 }')
  head -c $(((free - 1000) * 1024)) /dev/zero >"$disk/filler"
  refused "no space left on the disk" "$run" again "$run" --epochs $EPOCHS
  rm "$disk/filler"
else
  limited() { ulimit -f 500 && again "$@"; }
  refused "cannot write" "$run" limited "$run" --epochs $EPOCHS
fi
echo "read-only folder: $ro"
if [ $mounted ]; then
  mount -o remount,ro "$disk"
  refused "read-only" "$run" again "$run" --epochs $EPOCHS
  mount -o remount,rw "$disk"
elif [ "$(id -u)" = 0 ]; then
  ro="skipped: root may write everywhere and may not mount here"
  echo "  $ro"
else
  chmod -R a-w "$run"
  refused "no permission" "$run" again "$run" --epochs $EPOCHS
  chmod -R u+w "$run"
fi
(again "$run" --epochs $EPOCHS) >"$work/log" 2>&1 || fail "cannot go on after that"
[ "$(digest "$run")" = "$want" ] || fail "another result after that"
echo "  both mended: the same bits"

if [ -n "$json" ]; then
  cat >"$json" <<JSON
{
  "what": "scripts/crash_test.sh --kills $kills --seed $seed",
  "network": "$NETWORK --epochs $EPOCHS --checkpoint-every 1",
  "kills": $((kills + second)),
  "runs_killed": $kills,
  "killed_again_while_resuming": $second,
  "kills_within": "$span ms of training, each moment drawn evenly, every second kill then waiting for a write",
  "redrawn_because_over": $late,
  "kills_in_a_write": $within,
  "writes_hit": "$where",
  "resumed_to_other_bits": 0,
  "left_over": 0,
  "digest": "${want%% *}",
  "full_disk": "$full",
  "read_only": "$ro",
  "seconds": $took,
  "machine": "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $(uname -sr), load $(cut -d' ' -f1 /proc/loadavg)",
  "filesystem": "$(df -PT "$work" | awk 'END { print $2 }')"
}
JSON
fi
