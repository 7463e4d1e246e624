#!/bin/sh
# The main task: plan, apply, list the files, plan again. Then a project that no manifest lists appears by itself.
# Run it as `mhsync sandbox run -- sh examples/demo/demo.sh FOLDER`.
# It exits 0 only if every command had the expected exit code and output.
set -eu
here=$(dirname "$0")
mkdir -p "$1"
cp "$here/manifest.yaml" "$here/discover.yaml" "$here/render.yml" "$here/webhook.sh" "$1"
cd "$1"

fail() {
    printf '\nThe demo failed: %s\n' "$1" >&2
    exit 1
}

# Runs a command, prints it with its output, and fails unless it exits with $1 and prints every given line.
say() {
    wanted=$1 command=$2
    shift 2
    printf '\n$ %s\n' "$command"
    code=0
    # Not through a pipeline, whose exit code would be that of its last command.
    sh -c "$command" >said.txt || code=$?
    cat said.txt
    [ "$code" -eq "$wanted" ] || fail "'$command' exited with $code instead of $wanted"
    for line in "$@"; do
        grep -qxF -e "$line" said.txt || fail "'$command' did not print '$line'"
    done
}

# Nothing is stored and nothing is deleted before apply.
say 0 'mhsync plan manifest.yaml' \
    'Plan: 3 to download, 0 to move, 2 to delete (1 without a copy); 1 pending.'
[ ! -e outputs ] || fail 'plan wrote to the storage'

say 0 'mhsync apply manifest.yaml --yes --wait 60s' \
    'Done: 3 downloaded, 0 moved, 1 deleted, 1 archived (141.1 KiB fetched).'

say 0 'find outputs -name "*.wav" | sort' \
    'outputs/sbx-complete/output.wav' \
    'outputs/sbx-rendering/output.wav' \
    'outputs/sbx-unnamed/output.wav' \
    'outputs/takes/Three takes-1.wav' \
    'outputs/takes/Three takes-2.wav' \
    'outputs/takes/Three takes-3.wav'
[ "$(wc -l <said.txt)" -eq 6 ] || fail 'apply stored other files than the six that it should'

say 0 'mhsync verify manifest.yaml'

say 0 'mhsync plan manifest.yaml --detailed-exitcode' \
    'Nothing to do: 5 projects are as desired.'
printf '\nExit 0: nothing is left to do.\n'

# The archived and the deleted project are no longer in the account; the downloaded ones are.
for id in sbx-unnamed sbx-odd-name; do
    if mhsync get "$id" >said.txt 2>&1; then fail "$id is still in the account"; fi
    grep -q '404' said.txt || fail "mhsync get $id did not answer 404: $(cat said.txt)"
done
mhsync get sbx-complete >said.txt || fail 'sbx-complete is no longer in the account'

# A project appears by itself: the inbox receives its webhook, and the next apply stores it.
MHSYNC_WEBHOOK_SECRET=whsec_demo
export MHSYNC_WEBHOOK_SECRET
printf '\n$ mhsync inbox serve discover.yaml --listen 127.0.0.1:0 &\n'
mhsync inbox serve discover.yaml --listen 127.0.0.1:0 >inbox.json 2>inbox.log &
inbox=$!
trap 'kill "$inbox" 2>/dev/null || :' EXIT
tries=0
until [ -s inbox.json ]; do
    tries=$((tries + 1))
    [ "$tries" -le 600 ] && kill -0 "$inbox" 2>/dev/null || fail 'the inbox did not start'
    sleep 0.1
done
cat inbox.json
url=$(sed 's/.*"url": "\([^"]*\)".*/\1/' inbox.json)
say 0 "mhsync sandbox --port 0 --seed render.yml --webhook $url run -- sh webhook.sh"
[ -s 'discovered/New jingle.wav' ] || fail 'the new project was not stored'
printf '\nThe new project is stored: discovered/New jingle.wav\n'
rm said.txt
