#!/bin/sh
# The main job, once round: plan, apply, look, plan again.
# Run it as `mhsync sandbox run -- sh examples/demo/demo.sh FOLDER`.
set -eu
here=$(dirname "$0")
mkdir -p "$1"
cp "$here/manifest.yaml" "$1/manifest.yaml"
cd "$1"

say() { printf '\n$ %s\n' "$1"; sh -c "$1"; }

say 'mhsync plan manifest.yaml'
say 'mhsync apply manifest.yaml --yes --wait 60s'
say 'find outputs -name "*.wav" | sort'
say 'mhsync plan manifest.yaml --detailed-exitcode'
printf '\nExit 0: nothing is left to do.\n'
