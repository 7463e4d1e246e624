#!/usr/bin/env bash
# Installs mhsync and plugins into a folder of their own, for the GitHub action.
#   MHSYNC_VERSION   what pip installs, such as mhsync==0.1.0; default: the checkout that this script is in
#   MHSYNC_PACKAGES  more packages, separated by spaces
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
venv="${RUNNER_TEMP:?}/mhsync"
python3 -m venv "$venv"
read -ra packages <<<"${MHSYNC_PACKAGES:-}"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${MHSYNC_VERSION:-$here}" "${packages[@]}"
"$venv/bin/mhsync" --version
