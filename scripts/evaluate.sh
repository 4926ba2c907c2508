#!/usr/bin/env bash
# Evaluates a trained model and draws it: accuracy, t-SNE of its codes, plots, report.html in the model's folder.
#   scripts/evaluate.sh [DEVICE] [MODEL] [more flags of csdp analyze]
# DEVICE is auto (default), cpu, or the index of a CUDA device; MODEL is exp_supervised_mnist unless given.
set -euo pipefail
device=${1:-auto}
model=${2:-exp_supervised_mnist}
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/csdp" analyze --model "$model" --device "$device" "${@:3}"
