#!/bin/sh
# The part of the demo that runs during a render: wait for its webhook, then apply. demo.sh runs it.
set -eu
tries=0
until [ -e discovered/.mhsync/inbox/new-jingle.json ]; do
    tries=$((tries + 1))
    [ "$tries" -le 600 ] || { echo 'no webhook arrived' >&2; exit 1; }
    sleep 0.1
done
printf '\n$ mhsync apply discover.yaml --wait 60s\n'
mhsync apply discover.yaml --wait 60s
