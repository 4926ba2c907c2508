#!/usr/bin/env bash
# A Spark master and two workers on 127.0.0.1, from the jars that Maven resolves: a sweep and an encoding by spark-submit,
# one worker killed in the middle of each, and the results compared with the local engine byte for byte.
#   scripts/spark_local_cluster.sh [--small] [--keep]
# --small: seconds instead of minutes of work. --keep: keeps the folder of logs and results. Exit code 1 if a result differs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
small= keep=
for flag in "$@"; do
  case $flag in
    --small) small=1 ;; --keep) keep=1 ;;
    *) sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done
work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  if [ -n "$keep" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT

# Jars: all, ours, and those of Spark, which a cluster has in SPARK_HOME/jars.
mvn -q -o -Pspark test-compile dependency:build-classpath -DincludeScope=compile -Dmdep.outputFile="$work/all" >"$work/build.log" 2>&1 ||
  mvn -q -Pspark test-compile dependency:build-classpath -DincludeScope=compile -Dmdep.outputFile="$work/all" >"$work/build.log" 2>&1 ||
  { tail -20 "$work/build.log" >&2; exit 3; }
mvn -q -o -Pspark dependency:build-classpath -DincludeScope=runtime -Dmdep.outputFile="$work/runtime" >>"$work/build.log" 2>&1
mkdir -p "$work/home/jars"
ours='/(picocli|jcuda|jcublas|jfreechart|ejml-[a-z]+|jhdf|commons-(statistics|numbers|rng|csv)[a-z-]*)-[0-9][^/]*$'
cat "$work/all" <(echo :) "$work/runtime" | tr ':' '\n' | grep 'jar$' | grep -v 'slf4j-nop\|-natives' | sort -u >"$work/jars"
grep -E "$ours" "$work/jars" >"$work/ours"
grep -vE "$ours" "$work/jars" | while read -r jar; do ln -s "$jar" "$work/home/jars/"; done
jar --create --file "$work/csdp.jar" -C target/classes .
export SPARK_HOME=$work/home SPARK_LOCAL_DIRS=$work/tmp SPARK_LOCAL_IP=127.0.0.1 SPARK_SCALA_VERSION=2.13
spark="$work/home/jars/*"
cat >"$work/Flags.java" <<'JAVA'
public class Flags { public static void main(String[] a) { System.out.println(org.apache.spark.launcher.JavaModuleOptions.defaultModuleOptions()); } }
JAVA
flags=$(java -cp "$spark" "$work/Flags.java")

seconds() { date +%s.%N; }
since() { printf '%.1f s' "$(echo "$(seconds) - $1" | bc)"; }
# Waits until a command succeeds, at most some seconds.
await() { local n=$1; shift; for ((i = 0; i < n * 5; i++)); do if "$@"; then return; fi; sleep 0.2; done; echo "waited $n s for: $*" >&2; return 1; }
logged() { grep -q "$2" "$1" 2>/dev/null; }

start=$(seconds)
java $flags -Xmx256m -cp "$spark" org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 0 --webui-port 0 >"$work/master.log" 2>&1 &
pids+=($!)
await 120 logged "$work/master.log" 'Starting Spark master at'
master=$(grep -o 'spark://127.0.0.1:[0-9]*' "$work/master.log" | head -1)
worker() { # number
  java $flags -Xmx256m -cp "$spark" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 \
    --cores 1 --memory 768m --work-dir "$work/worker$1" "$master" >"$work/worker$1.log" 2>&1 &
  workers[$1]=$!
  pids+=($!)
}
workers=()
worker 1
worker 2
await 120 logged "$work/worker1.log" 'Successfully registered'
await 120 logged "$work/worker2.log" 'Successfully registered'
echo "cluster: $master with two workers of one core, $(since "$start")"

submit() {
  java $flags -Xmx512m -Djava.awt.headless=true -cp "$spark" org.apache.spark.deploy.SparkSubmit --master "$master" \
    --conf spark.executor.memory=512m --class csdp.cli.Main --jars "$(paste -sd, "$work/ours")" "$work/csdp.jar" "$@"
}
local_csdp() {
  java --add-modules=jdk.incubator.vector -Djava.awt.headless=true -cp "target/classes:$(paste -sd: "$work/ours"):$spark" csdp.cli.Main "$@"
}
# Kills a worker with its executor, as if the machine died.
kill_worker() {
  local children
  children=$(ps -o pid= --ppid "${workers[$1]}")
  kill -9 "${workers[$1]}" $children
  wait "${workers[$1]}" 2>/dev/null || true
  echo "killed worker $1 and its executor"
}
failed=0
same() { if cmp -s "$1" "$2"; then return; fi; echo "DIFFERS: $1 $2"; failed=1; }

# A sweep of eight trials.
sweep=(sweep --data digits --hidden 60,20 --batch 98 --epochs $([ "$small" ] && echo 3 || echo 10) --vary seed=1..8 --checkpoint-every 2)
local_csdp "${sweep[@]}" --device cpu --out "$work/sweep-local" >"$work/sweep-local.log" 2>&1
start=$(seconds)
submit "${sweep[@]}" --engine spark --device cpu --out "$work/sweep" >"$work/sweep.log" 2>&1 &
job=$!
pids+=($job)
some_run() { ! kill -0 $job 2>/dev/null || ls "$work"/sweep/seed-*/last/*.npz >/dev/null 2>&1; }
await 180 some_run || { tail -20 "$work/sweep.log"; exit 1; }
kill_worker 2
wait $job || { tail -20 "$work/sweep.log"; exit 1; }
echo "sweep: 8 trials, $(since "$start")"
for trial in "$work"/sweep-local/seed-*; do
  for file in $(cd "$trial" && find . -name '*.np[yz]' -o -name test.json); do same "$trial/$file" "$work/sweep/${trial##*/}/$file"; done
done
[ "$(grep -c '^seed-' "$work/sweep/sweep.csv")" = 8 ] || { echo "not 8 rows in sweep.csv"; failed=1; }

# An encoding, on a new second worker.
worker 2
await 120 logged "$work/worker2.log" 'Successfully registered'
encode=(encode --model "$work/strokes" --layer all --split train --limit $([ "$small" ] && echo 2000 || echo 12000) --device cpu)
local_csdp train --data strokes --hidden 200,50 --batch 50 --epochs 1 --train-limit 200 --device cpu --out "$work/strokes" >"$work/train.log" 2>&1
local_csdp "${encode[@]}" --data strokes --valid 0 --train-limit 0 --out "$work/local.csv" >>"$work/train.log" 2>&1
start=$(seconds)
submit "${encode[@]}" --data strokes --valid 0 --train-limit 0 --engine spark --out "$work/codes.parquet" >"$work/encode.log" 2>&1 &
job=$!
pids+=($job)
some_part() { ! kill -0 $job 2>/dev/null || ls "$work"/codes.parquet.*.tmp/_temporary/0/task_* >/dev/null 2>&1; }
await 180 some_part || { tail -20 "$work/encode.log"; exit 1; }
kill_worker 2
wait $job || { tail -20 "$work/encode.log"; exit 1; }
echo "encode: $(since "$start")"
java $flags -cp "target/classes:target/test-classes:$(paste -sd: "$work/ours"):$spark" csdp.spark.ParquetToCsv "$work/codes.parquet" "$work/cluster.csv" >"$work/csv.log" 2>&1
same "$work/local.csv" "$work/cluster.csv"
[ $failed = 0 ] && echo "sweep and encoding are those of the local engine, byte for byte"
exit $failed
