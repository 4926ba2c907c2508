#!/usr/bin/env bash
# Draws a report in headless Chromium, to be looked at: the page as a browser shows it, without a network.
#   scripts/look.sh exp_supervised_mnist/report.html [PICTURE.png] [HEIGHT]
set -euo pipefail
page=${1:?name a report.html}
picture=${2:-${page%.html}.png}
height=${3:-9000}
[ -f "$page" ] || { echo "look.sh: no page at $page" >&2; exit 2; }
browser=
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then browser=$name; break; fi
done
[ -n "$browser" ] || { echo "look.sh: no Chromium here: apt-get install chromium" >&2; exit 3; }
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
"$browser" --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run --hide-scrollbars \
  --proxy-server=127.0.0.1:9 --user-data-dir="$profile" --window-size="1120,$height" \
  --screenshot="$(realpath -m "$picture")" "file://$(realpath "$page")" 2>"$profile/log" ||
  { tail -3 "$profile/log" >&2; exit 1; }
[ -s "$picture" ] || { echo "look.sh: Chromium drew nothing" >&2; exit 1; }
echo "$picture"
