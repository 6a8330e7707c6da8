#!/usr/bin/env bash
# install.sh FOLDER
#
# Installs a generator of clients from PyPI into FOLDER/venv. What is there already is used again.
#
# Exit codes: 0 it is there, 75 PyPI (or a Python for it) can't be reached, anything else is a failure.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
FOLDER=$(cd "$1" && pwd)
export PIP_DISABLE_PIP_VERSION_CHECK=1

# One at a time, where there is a tool for that.
if command -v flock >/dev/null; then exec 9>"$FOLDER/lock"; flock 9; fi

if [ ! -e "$FOLDER/venv/installed" ]; then
  echo "openapi-python-client: installing into $FOLDER (once, less than a minute)" >&2
  rm -rf "$FOLDER/venv"
  python=$(command -v python3) || exit 75
  "$python" -m venv "$FOLDER/venv" || exit 75
  "$FOLDER/venv/bin/pip" install -q --no-cache-dir "openapi-python-client==0.29.1" "openapi-spec-validator==0.9.0" || exit 75
  touch "$FOLDER/venv/installed"
fi
