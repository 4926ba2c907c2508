#!/usr/bin/env bash
# Compiles the kernels to the PTX that is committed for users without a CUDA toolkit. Run it after every
# change of kernels/*.cu*; a test compiles them again and compares. Needs nvcc, not a GPU.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mvn -q compile
java -cp target/classes csdp.backend.cuda.ptx.PtxBuild src/main/resources/csdp/ptx --ship
