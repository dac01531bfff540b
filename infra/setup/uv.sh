#!/bin/sh
# Print the path of a `uv`: the one on PATH, else one of our own in .venv-uv, installed through pip.
# Debian's system Python refuses plain `pip install` (externally managed), so: a venv; without ensurepip, pip's --target.
set -eu
cd "$(dirname "$0")/../.."

if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
    command -v uv
    exit
fi
own=.venv-uv/bin/uv
if ! [ -x "$own" ]; then
    python=$(command -v python3 || command -v python || true)
    if [ -z "$python" ]; then
        echo "Ropewalk needs Python 3.11 or newer (python3)." >&2
        exit 1
    fi
    rm -rf .venv-uv
    if "$python" -m venv .venv-uv >/dev/null 2>&1; then
        .venv-uv/bin/python -m pip install --quiet --disable-pip-version-check uv >&2
    else
        rm -rf .venv-uv
        "$python" -m pip install --quiet --disable-pip-version-check --target .venv-uv uv >&2 || {
            echo "uv could not be installed. Install Python's venv and pip (Debian: apt install python3-venv), or uv itself." >&2
            exit 1
        }
    fi
fi
echo "$PWD/$own"
