#!/usr/bin/env bash
# Builds the last commit twice, in two folders, and compares the jars byte by byte. Prints the digest; exit
# code 1 where they differ.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for build in one two; do
  git clone -q "$root" "$work/$build"
  (cd "$work/$build" && mvn -q -B package -DskipTests -Djacoco.skip -P '!error-prone' >&2)
done
one=("$work"/one/target/csdp4j-*.jar) two=("$work"/two/target/csdp4j-*.jar)
cmp "${one[0]}" "${two[0]}" || { echo "two builds of the same commit differ" >&2; exit 1; }
(cd "${one[0]%/*}" && sha256sum "${one[0]##*/}")
