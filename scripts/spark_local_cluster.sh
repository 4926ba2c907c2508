#!/usr/bin/env bash
# Tests csdp on a Spark cluster: a master and two workers on 127.0.0.1, from the jars that Maven resolves. A sweep is killed
# (SIGKILL) and continued; in the middle of it, and of an encoding, a worker is killed with its executor. Results must be those
# of the local engine, bit for bit.
#   scripts/spark_local_cluster.sh [--small]
# --small: less work, for CI, without the tests of src/spark. Writes only to a temporary folder. Ends with 0 if all is well,
# else with 1. Needs bash 5 and Maven.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
epochs=20 copies=20 tests=-Dtest=SparkTest
case $* in
  --small) epochs=3 copies=3 tests=-DskipTests ;;
  '') ;;
  *) echo "usage: spark_local_cluster.sh [--small]" >&2; exit 2 ;;
esac
work=$(mktemp -d)
export JAVA_TOOL_OPTIONS="-Djava.io.tmpdir=$work -XX:-UsePerfData" # else files of killed processes would remain in /tmp
pids=()
# Kills processes and their children: a worker's executors, as if the machine had failed.
kill_all() {
  local pid
  for pid; do kill -KILL "$pid" $(ps -o pid= --ppid "$pid") 2>/dev/null || true; done
  { wait "$@" || true; } 2>/dev/null
}
cleanup() {
  exec 2>/dev/null # no word of the killed
  kill_all "${pids[@]}"
  rm -rf "$work"
}
trap cleanup EXIT
fail() { # MESSAGE [LOG]
  echo "spark_local_cluster: $1" >&2
  [ $# -lt 2 ] || tail -20 "$2" >&2
  exit 1
}
await() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "no success in time: $*"
    sleep 0.5
  done
}

# The distribution with csdp.spark, from a copy of the sources, and an installation of Spark.
mkdir -p "$work/source" "$work/pom" "$work/spark/jars"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -c) | tar -x -C "$work/source"
cd "$work/source"
version() { sed -n "s/ *<$1.version>\(.*\)<.*/\1/p" pom.xml | head -1; }
cat >"$work/pom/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>spark</groupId><artifactId>spark</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.spark</groupId><artifactId>spark-sql_2.13</artifactId><version>$(version spark)</version></dependency>
  </dependencies>
</project>
POM
mvn -q -B -P 'spark,!error-prone' package $tests -Djacoco.skip -Dspotless.check.skip -Dcyclonedx.skip -Dmaven.javadoc.skip \
  >"$work/log" 2>&1 || fail "the build failed" "$work/log"
mvn -q -B -f "$work/pom/pom.xml" "org.apache.maven.plugins:maven-dependency-plugin:$(version dependency.plugin):build-classpath" \
  -Dmdep.outputFile="$work/jars" >"$work/log" 2>&1 || fail "Spark cannot be resolved" "$work/log"
tr ':' '\n' <"$work/jars" | xargs ln -s -t "$work/spark/jars"
(cd "$work" && jar xf source/target/csdp4j-*.zip) 2>/dev/null
cd "$work"/csdp4j-*/
echo "built in $SECONDS s"

export SPARK_HOME=$work/spark SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$work/scratch SPARK_DAEMON_MEMORY=256m
quick=-XX:TieredStopAtLevel=1 # no time for the optimising compiler where nothing is computed
export SPARK_DAEMON_JAVA_OPTS=$quick
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# As bin/spark-class: a program prints the command.
spark() { # CLASS ARGUMENTS...
  local command
  mapfile -d '' -s 1 -t command < <("$java" -Xmx128m -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main "$@")
  exec "${command[0]#$'\n'}" "${command[@]:1}"
}
start() { # LOG CLASS ARGUMENTS...
  local log=$work/$1.log
  shift
  spark "$@" >"$log" 2>&1 &
  pids+=($!)
}
submit() { # LOG COMMAND...: with the flags of a user
  start "$1" org.apache.spark.deploy.SparkSubmit --master "$master" --conf spark.executor.memory=512m --driver-memory 512m --driver-java-options $quick \
    --class csdp.cli.Main --jars "$(echo lib/*.jar | tr ' ' ,)" csdp4j-*.jar "${@:2}" --engine spark --device cpu
}
start master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 0 --webui-port 0
await 120 grep 'Starting Spark master at' "$work/master.log"
master=$(grep -o 'spark://127.0.0.1:[0-9]*' "$work/master.log" | head -1)
worker() { # NUMBER
  start "worker$1" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 --memory 600m \
    --work-dir "$work/worker$1" "$master"
  worker=$!
}
ready() { await 120 grep 'Successfully registered' "$work/worker$1.log"; }
worker 1
worker 2
ready 1
ready 2
echo "cluster with two workers of one core after $SECONDS s"
# Waits until a number of files match a pattern; the job must not end before.
await_files() { # LOG NUMBER PATTERN
  until [ "$(compgen -G "$3" | wc -l)" -ge "$2" ]; do
    kill -0 "$job" 2>/dev/null || fail "the job ended too early" "$work/$1.log"
    sleep 0.5
  done
}

sweep=(sweep --data digits --hidden 60,20 --batch 98 --epochs $epochs --vary seed=1..8 --checkpoint-every 2)
bash bin/csdp "${sweep[@]}" --device cpu --out "$work/local" >"$work/local.log" 2>&1 || fail "the local sweep" "$work/local.log"
submit killed "${sweep[@]}" --out "$work/sweep"
job=$!
await_files killed 1 "$work/sweep/seed-*/test.json"
kill_all "$job"
submit sweep "${sweep[@]}" --out "$work/sweep"
job=$!
await_files sweep 4 "$work/sweep/seed-*/test.json"
kill_all "$worker"
wait "$job" || fail "the sweep failed after the loss of a worker" "$work/sweep.log"
grep -q 'Lost executor' "$work/sweep.log" || fail "no executor was lost" "$work/sweep.log"
! grep -q '8/8' "$work/sweep.log" || fail "all trials were repeated" "$work/sweep.log"
files=$(cd "$work/local" && find . -name '*.np[yz]' -o -name test.json -o -name summary.csv)
[ "$(wc -l <<<"$files")" -gt 50 ] || fail "too few files to compare: $files"
for file in $files; do cmp "$work/local/$file" "$work/sweep/$file" || fail "results differ"; done
table() { sed -E 's/(,[^,]*){5}$//' "$1/sweep.csv"; } # but for times and versions
cmp <(table "$work/local") <(table "$work/sweep") || fail "tables differ"
[ -f "$work/sweep/sweep.parquet/_SUCCESS" ] || fail "no Parquet"
echo "sweep of 8 trials, killed, continued, a worker lost: the local engine's bits, after $SECONDS s"

# The digits as an IDX file, many times, and a damaged file.
{
  printf '\0\0\x08\x03\0\0\x07\x05\0\0\0\x08\0\0\0\x08'
  printf '%b' "$(gzip -dc data/digits/digits.csv.gz | awk -F, '{ for (i = 1; i <= 64; i++) printf "\\x%02x", $i * 15 }')"
} >"$work/digits.idx"
echo damaged >"$work/damaged.png"
images=()
for ((i = 0; i < copies; i++)); do images+=("$work/digits.idx"); done
encode=(encode --model "$work/local/seed-1" --layer all --images "${images[@]}" "$work/damaged.png" "$work/digits.idx")
status=0
bash bin/csdp "${encode[@]}" --threads 1 --device cpu --out "$work/local.csv" >"$work/local.log" 2>&1 || status=$?
[ $status = 1 ] || fail "the local encoding" "$work/local.log"
worker 3
ready 3
submit encode "${encode[@]}" --out "$work/cluster.csv"
job=$!
await_files encode 1 "$work/.cluster.csv.parquet.*.tmp/_temporary/0/task_*"
kill_all "$worker"
status=0
wait "$job" || status=$?
[ $status = 1 ] && grep -q '1 of .* images could not be read' "$work/encode.log" || fail "the encoding" "$work/encode.log"
cmp "$work/local.csv" "$work/cluster.csv" || fail "codes differ"
[ -z "$(find "$work" -name '*.tmp' -o -name '.*.parquet')" ] || fail "temporary files remain"
echo "encoding with a damaged file, a worker lost: the local engine's bytes, after $SECONDS s"

status=0
bash bin/csdp "${encode[@]}" --engine spark --out "$work/x.csv" >"$work/local.log" 2>&1 || status=$?
[ $status = 3 ] && grep -q '^csdp: .* start csdp by spark-submit' "$work/local.log" || fail "csdp without Spark" "$work/local.log"
