"""The verdict on a project that is gone from the account and has no complete copy in the storage."""

from __future__ import annotations

from mhsync.core.diff_case import Case
from mhsync.core.manifest import State
from mhsync.core.plan import ProjectPlan, Verdict

_RESTORE = "restore the file from a backup, or set 'state: lost'"
_NOT_STORED = "set 'state: deleted' or 'state: lost', or remove the entry"
_COPY_FIRST = "if the storage was changed, copy the old storage's files and its .mhsync folder into this one first"


def lost(case: Case) -> ProjectPlan:
    """The verdict: a damaged copy is lost; where no receipt names an output, a copy may exist elsewhere."""
    how = "not found in the account" if case.is_not_found else "gone from the account"
    if case.receipt is not None and case.receipt.outputs:
        missing = case.inventory.missing(case.entry.id)
        paths = ", ".join(output.path for output in missing[:3])
        if case.is_deleting and case.is_not_found and not case.sees_account:
            return case.verdict(
                Verdict.BLOCKED,
                "copy_damaged",
                f"the stored copy is damaged ({paths}), and the project is {how}; mhsync may have deleted it: no "
                "response of this run shows that the API key belongs to its account",
                hint="check the API key, then restore the file from a backup",
            )
        return case.verdict(
            Verdict.BLOCKED,
            "copy_lost",
            f"the copy is lost: {how}, and damaged in the storage: {paths}",
            hint=_RESTORE,
        )
    return _without_copy(case, how)


def _without_copy(case: Case, how: str) -> ProjectPlan:
    """Gone from the account, and no receipt names an output. A copy may exist in another storage."""
    is_archived = case.entry.state is State.ARCHIVED
    code = "no_copy" if is_archived else "gone"
    other_api = case.other_api
    if other_api is not None:
        reason = f"{how}, and the receipt is of another API ({other_api})"
        return case.verdict(
            Verdict.BLOCKED, code, reason, hint="check the API's address: --api-url, MHSYNC_API_URL"
        )
    if case.receipt is not None:
        return case.verdict(
            Verdict.BLOCKED, code, f"{how}, and its receipt names no output: nothing was stored", hint=_NOT_STORED
        )
    advice = ["check the id and the API key"] if case.is_not_found else []
    if is_archived:
        advice.append(_COPY_FIRST)
    return case.verdict(
        Verdict.BLOCKED,
        code,
        f"{how}, and this storage has no receipt of it",
        hint="; ".join(advice) or None,
    )
