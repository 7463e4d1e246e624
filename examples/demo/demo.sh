#!/bin/sh
# The main job, once round: plan, apply, look, plan again. Run it as `mhsync sandbox run -- sh demo.sh FOLDER`.
set -eu
here=$(dirname "$0")
mkdir -p "$1"
cp "$here/manifest.yaml" "$1/manifest.yaml"
cd "$1"

say() { printf '\n$ %s\n' "$*"; "$@"; }

say mhsync plan manifest.yaml
say mhsync apply manifest.yaml --yes --wait 60s
say find outputs -type f -not -path '*/.mhsync/*'
say mhsync plan manifest.yaml --detailed-exitcode
echo
echo "Exit 0: nothing left to do."
