#!/usr/bin/env bash
# Builds the last commit and compares its jars and zip byte by byte with those of a second build: target/ of
# the given folder, or, without an argument, another build of the same commit. Prints the digests; exit code 1
# where files differ.
#   scripts/reproducible.sh [FOLDER]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build() { # NAME
  git clone -q "$root" "$work/$1"
  (cd "$work/$1" && mvn -q -B package -DskipTests -Djacoco.skip -Dspotless.check.skip -Dcyclonedx.skip -P '!error-prone' >&2)
}
build one
if [ $# -gt 0 ]; then other=$(cd "$1" && pwd); else build two; other=$work/two; fi
cd "$work/one/target"
status=0
for file in csdp4j-*.jar csdp4j-*.zip; do
  cmp "$file" "$other/target/$file" || { echo "two builds of the same sources differ: $file" >&2; status=1; }
done
[ $status = 0 ] && sha256sum csdp4j-*.jar csdp4j-*.zip
exit $status
