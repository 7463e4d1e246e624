#!/bin/sh
# For cron, a systemd timer or a Jenkins `sh` step: applies manifests, and prints only when there is something to say.
#   crontab:  17 3 * * *  MAGIC_HOUR_API_KEY=… /path/to/mhsync-nightly.sh /path/to/repository/audio
#   Jenkins:  withCredentials([string(credentialsId: 'magic-hour', variable: 'MAGIC_HOUR_API_KEY')]) {
#                 sh 'examples/shell/mhsync-nightly.sh audio' }
# Exits as `mhsync apply` does. Deletes need --yes after the manifests: without it a plan with deletes exits 3.
set -eu
[ "$#" -gt 0 ] || { echo "usage: $0 MANIFEST… [--yes]" >&2; exit 2; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
mhsync apply -q --wait 30m "$@" >"$log" 2>&1 || code=$?
if [ "$code" -ne 0 ] || ! grep -q '^Nothing to do' "$log"; then
    cat "$log"
fi
exit "$code"
