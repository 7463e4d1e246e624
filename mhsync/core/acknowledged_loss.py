"""The verdict on a project that the manifest acknowledges as lost: never an action, never a failure."""

from __future__ import annotations

from mhsync.core.diff_case import Case
from mhsync.core.observed import Live
from mhsync.core.plan import ProjectPlan, Verdict
from mhsync.core.project import FAILED, Project, Status


def acknowledged_loss(case: Case) -> ProjectPlan:
    """The verdict: unchanged, whatever was observed. What contradicts the loss is a reason of its own."""
    project = case.details.project if isinstance(case.details, Live) else None
    if project is not None and _has_something(project):
        reason = f"listed as lost, but the account has the project ({project.status_text})"
        hint = "set its state to 'downloaded' or 'archived' to store it, or to 'deleted'"
        return case.verdict(Verdict.UNCHANGED, "lost_but_live", reason, hint=hint)
    if case.is_stored:
        reason = "listed as lost, but a copy is stored"
        hint = "set its state to 'downloaded' or 'archived', so that the copy is checked again"
        return case.verdict(Verdict.UNCHANGED, "lost_but_stored", reason, hint=hint)
    return case.verdict(Verdict.UNCHANGED, "acknowledged", "acknowledged as lost")


def _has_something(project: Project) -> bool:
    """Whether a live project has outputs, or may get some."""
    return project.status not in FAILED and (project.status is not Status.COMPLETE or bool(project.downloads))
