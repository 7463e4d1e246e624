"""Case: one project with everything that the decision table in `core/diff.py` looks at."""

from __future__ import annotations

from datetime import datetime

from mhsync.core.manifest import Entry, State
from mhsync.core.observed import Details, Gone, Inventory, Live
from mhsync.core.plan import Action, PlannedOutput, ProjectPlan, Verdict, size_of
from mhsync.core.project_info import ProjectInfo
from mhsync.core.receipt import Deletion, Receipt
from mhsync.dataclass import dataclass
from mhsync.errors import Problem


@dataclass(frozen=True, slots=True)
class Case:
    """One project with all that the table looks at, and the form of a verdict on it."""

    entry: Entry
    inventory: Inventory
    details: Details | None
    sees_account: bool
    """Whether a `GET` of this run answered 200, so that a 404 cannot be that of another account's key."""

    @property
    def receipt(self) -> Receipt | None:
        return self.inventory.receipt(self.entry.id)

    @property
    def is_stored(self) -> bool:
        return self.inventory.is_stored(self.entry.id)

    @property
    def is_deleted(self) -> bool:
        return self.receipt is not None and self.receipt.is_deleted

    @property
    def is_deleting(self) -> bool:
        """Whether mhsync began to delete the project, and the receipt does not record the end."""
        return self.receipt is not None and self.receipt.deletion is Deletion.DELETING

    @property
    def created_at(self) -> datetime | None:
        """As the API returned it, or as the receipt has it where the API returned no details."""
        if isinstance(self.details, Live):
            return self.details.project.created_at
        return None if self.receipt is None else self.receipt.created_at

    @property
    def is_gone(self) -> bool:
        return isinstance(self.details, Gone)

    @property
    def is_not_found(self) -> bool:
        return isinstance(self.details, Gone) and self.details.not_found

    @property
    def other_api(self) -> str | None:
        """The origin of another API, where the receipt holds a record of that one only."""
        receipt = self.receipt
        if receipt is None or receipt.outputs or receipt.storing or receipt.deletion is not None:
            return None
        return next((str(other.get("api"))[:80] for other in receipt.others), None)

    def verdict(
        self,
        verdict: Verdict,
        code: str,
        reason: str,
        *,
        actions: tuple[Action, ...] = (),
        outputs: tuple[PlannedOutput, ...] | None = None,
        hint: str | None = None,
    ) -> ProjectPlan:
        planned = self._stored_outputs() if outputs is None else outputs
        return ProjectPlan(
            entry=self.entry,
            verdict=verdict,
            reason_code=code,
            reason=reason,
            actions=actions,
            status=_status_word(self.details),
            never_stored=Action.DELETE in actions and Action.DOWNLOAD not in actions and not self.is_stored,
            not_found=self.is_not_found and self.entry.state is not State.LOST,
            outputs=planned,
            hint=hint,
            info=self._info(planned),
        )

    def failed(self, problem: Problem, *, outputs: tuple[PlannedOutput, ...] | None = None) -> ProjectPlan:
        return self.verdict(Verdict.FAILED, problem.code, problem.message, outputs=outputs, hint=problem.hint)

    def _info(self, outputs: tuple[PlannedOutput, ...]) -> ProjectInfo:
        """As the API returned it, or as the receipt has it where the API returned no details."""
        known = self.details.project if isinstance(self.details, Live) else self.receipt
        if known is None:
            return ProjectInfo(labels=self.entry.labels)
        return ProjectInfo(known.name, known.type, known.created_at, size_of(outputs), self.entry.labels)

    def _stored_outputs(self) -> tuple[PlannedOutput, ...]:
        if self.receipt is None:
            return ()
        return tuple(
            PlannedOutput(o.path, o.source, o.filename, o.size, o.sha256, self.inventory.is_in_place(o))
            for o in self.receipt.outputs
        )


def _status_word(details: Details | None) -> str | None:
    if isinstance(details, Live):
        return details.project.status_text
    if isinstance(details, Gone):
        return "gone"
    return None if details is None else "unknown"
