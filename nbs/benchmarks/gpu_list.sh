#!/bin/bash
# All that waits for a GPU, in under nine minutes:   bash nbs/benchmarks/gpu_list.sh OUT      (--tiny: the dry run, on a CPU too)
# Figures go to OUT/gpu.jsonl, a JSON line each, as soon as they are there.
set -uo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" MEDMTL_ROOT="$PWD" TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1
export MEDMTL_COMMIT="${MEDMTL_COMMIT:-$(git rev-parse --short HEAD 2>/dev/null)}"
exec python nbs/benchmarks/gpu_list.py "$@"
