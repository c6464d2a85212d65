#!/bin/bash
# Build the site into _docs:   bash docs/build.sh      (needs the dev requirements; no network, no Quarto)
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" SECONDS=0
# nbdev's own step drops what is hidden. It need not run the notebooks, since docs/api.py reads the reference from the source; .ci/test runs them.
# (The command nbdev_proc_nbs would try to install Quarto.)
python - <<'PY'
import sys
from nbdev.config import get_config
from nbdev.serve import proc_nbs
get_config()['skip_procs'] = 'exec_show_docs'
try: proc_nbs(n_workers=0, force=True)
except Exception as e: sys.exit(f'docs: nbdev could not process a notebook: {e!r}')
PY
python docs/pages.py
sphinx-build -q -W --keep-going -j 2 -b html -d _proc/doctrees -c docs _docsrc _proc/site
python docs/check.py _proc/site
rm -rf _docs && mv _proc/site _docs # a build that fails leaves the last good site
echo "docs: built in $SECONDS s; look with: python -m http.server -b 127.0.0.1 -d _docs"
