#!/usr/bin/env bash
# Runs one mhsync command in a step of GitHub Actions, and updates the comment of the pull request.
# Reads MHSYNC_COMMAND, MHSYNC_MANIFESTS, MHSYNC_ARGUMENTS, MHSYNC_COMMENT, MHSYNC_COMMENT_KEY; no text of them is
# evaluated by the shell. Exits as mhsync does, but 0 where a plan has changes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv="${RUNNER_TEMP:?}/mhsync"
result="$RUNNER_TEMP/mhsync-result.md"

read -ra arguments <<<"${MHSYNC_ARGUMENTS:-}"
mapfile -t manifests < <(tr -s '[:space:]' '\n' <<<"${MHSYNC_MANIFESTS:?}" | sed '/^$/d')
has_markdown=false
case "${MHSYNC_COMMAND:?}" in
    plan) has_markdown=true; options=(--detailed-exitcode --format markdown) ;;
    apply) has_markdown=true; options=(--yes --format markdown) ;;
    validate | verify) options=() ;;
    *)
        echo "::error title=mhsync::command is '$MHSYNC_COMMAND', not validate, plan, apply or verify"
        exit 2
        ;;
esac

code=0
"$venv/bin/mhsync" "$MHSYNC_COMMAND" "${options[@]}" "${arguments[@]}" -- "${manifests[@]}" >"$result" || code=$?
cat "$result"
echo "exit-code=$code" >>"${GITHUB_OUTPUT:?}"

if [ "$has_markdown" = true ] && [ "${MHSYNC_COMMENT:-true}" = true ]; then
    # A comment that cannot be written is a warning: it must not hide the result of mhsync.
    "$venv/bin/python" "$here/comment.py" github --key "${MHSYNC_COMMENT_KEY:-mhsync}" "$result" ||
        echo "::warning title=mhsync::the comment could not be written"
fi
if [ "$MHSYNC_COMMAND" = plan ] && [ "$code" -eq 2 ]; then
    exit 0
fi
exit "$code"
