"""Retention: a `downloaded` project is archived a given time after its creation.

Pure: the clock is passed in. Whatever is not certain (no creation time, an impossible one, a clock that differs
from that of the API) keeps the project in the account.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mhsync.core.manifest import Entry, Retention, State
from mhsync.core.plan import Action, ProjectPlan, Verdict
from mhsync.core.project import format_time
from mhsync.dataclass import dataclass

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""Older creation times are placeholders, such as 1970-01-01: the API has no projects from before this day."""
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_PATTERN = re.compile(r"([1-9][0-9]{0,4})([hdw])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time at which retention is judged, and how far the clock of this machine is from that of the API."""

    now: datetime
    skew: float | None = None
    """Seconds by which the clock of this machine is ahead of the API's; None if the API sent no time."""
    skew_max: float = 15 * 60.0
    """The largest difference in seconds with which retention deletes (`RunSettings.clock_skew_max`)."""

    @property
    def is_wrong(self) -> bool:
        """Whether the two clocks are too far apart."""
        return self.skew is not None and not -self.skew_max <= self.skew <= self.skew_max


def parse_retention(text: str) -> Retention:
    """Read the time of a retention: `30d`, `12h` or `2w`.

    Raises:
        ValueError: the text has another form.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r:.40} is not a time to keep: write 30d, 12h or 2w")
    return Retention(text, int(timedelta(**{_UNITS[match[2]]: int(match[1])}).total_seconds()))


def due_at(retention: Retention, created_at: datetime | None) -> datetime | None:
    """When a project with this creation time is to be archived; None if the creation time is not usable."""
    if created_at is None or created_at < EARLIEST:
        return None
    try:
        return created_at + timedelta(seconds=retention.seconds)
    except OverflowError:
        return None


def is_due(retention: Retention, created_at: datetime | None, now: datetime) -> bool:
    """Whether the time is over. Never without a usable creation time."""
    due = due_at(retention, created_at)
    return due is not None and due <= now


def entry_at(entry: Entry, created_at: datetime | None, now: datetime | None) -> Entry:
    """The entry as it is judged at a time: `archived` once its retention is over.

    Args:
        entry: as the manifest has it.
        created_at: when the API created the project; None if that is not known.
        now: the time; None means that retention is not judged.
    """
    if entry.retain is None or entry.state is not State.DOWNLOADED or now is None:
        return entry
    return replace(entry, state=State.ARCHIVED) if is_due(entry.retain, created_at, now) else entry


def is_by_retention(entry: Entry) -> bool:
    """Whether `entry_at` made the entry `archived`: the loader accepts a retention for `downloaded` only."""
    return entry.retain is not None and entry.state is State.ARCHIVED


def retention_reason(retention: Retention, created_at: datetime | None) -> str:
    """Why and when the project is to be archived, for the reason in a plan."""
    due = due_at(retention, created_at)
    if due is None or created_at is None:
        return f"retention of {retention} does not apply: the API gives no usable creation time"
    return f"retention: created {_minute(created_at)}, kept in the account for {retention}, until {_minute(due)}"


def explained(plan: ProjectPlan, created_at: datetime | None) -> ProjectPlan:
    """The plan with the retention in its reason, where it matters: for deletes, and for what is kept."""
    retain = plan.entry.retain
    if retain is None:
        return plan
    if is_by_retention(plan.entry) and Action.DELETE in plan.actions:
        return replace(
            plan, reason_code="retention_due", reason=f"{plan.reason}; {retention_reason(retain, created_at)}"
        )
    if not is_by_retention(plan.entry) and plan.verdict is Verdict.UNCHANGED:
        return replace(plan, reason=f"{plan.reason}; {retention_reason(retain, created_at)}")
    return plan


def differing_clocks(clock: Clock) -> str:
    """The difference of the clocks in words: `the clock of this machine is 2 h 5 min ahead of the API's`."""
    skew = clock.skew or 0.0
    minutes = round(abs(skew) / 60)
    days, rest = divmod(minutes, 24 * 60)
    parts = ((days, "d"), (rest // 60, "h"), (rest % 60, "min"))
    text = " ".join(f"{number} {unit}" for number, unit in parts if number)
    return f"the clock of this machine is {text} {'ahead of' if skew > 0 else 'behind'} the API's"


def _minute(moment: datetime) -> str:
    return f"{format_time(moment.replace(second=0, microsecond=0))[:16].replace('T', ' ')} UTC"
