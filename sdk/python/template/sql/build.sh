#!/bin/sh
# Makes {{name}}.wasm. Never with --stub-wasi: every run would draw the same "random" bytes.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/.venv/bin:$PATH"
if ! command -v componentize-py > /dev/null; then
    echo "componentize-py is missing; to install it: python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1" >&2
    exit 1
fi
exec componentize-py --wit-path vendor/wit --world rotator componentize app \
    --python-path . --python-path vendor --output "${1:-{{name}}.wasm}"
