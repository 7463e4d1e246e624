"""The message of a run: counts, failures and deletes by id, and a link. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mhsync_apprise.sanitize import sanitize

LONGEST = 4000
"""The maximum length of a body in characters, also where a service accepts more."""
_NAMES = (20, 10, 5, 3)
"""The maximum number of projects listed for each outcome. Smaller numbers are for services with short messages."""
_REASON = 200
_INTERRUPTED = 130

_ORDER = (
    "failed",
    "blocked",
    "not_attempted",
    "pending",
    "deleted",
    "archived",
    "moved",
    "repaired",
    "downloaded",
    "unchanged",
)
_BAD = frozenset({"failed", "blocked", "not_attempted"})
_NAMED = ("failed", "blocked", "not_attempted", "deleted", "archived")


class Mood(StrEnum):
    """The result of the run. Services show it as a colour or an icon."""

    GOOD = "success"
    WAITING = "warning"
    BAD = "failure"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one project. `reason` is the error message, or empty."""

    id: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """The content of a message to one target.

    `results` are the projects that the target's `on:` includes. `summary` counts all projects of the run.
    """

    results: Sequence[Result]
    summary: Mapping[str, int]
    exit: int = 0
    link: str | None = None

    @property
    def title(self) -> str:
        sums = _sums(Counter(result.outcome for result in self.results))
        return f"mhsync{', interrupted' if self.exit == _INTERRUPTED else ''}: {sums}"

    @property
    def mood(self) -> Mood:
        outcomes = {result.outcome for result in self.results}
        if outcomes & _BAD:
            return Mood.BAD
        return Mood.WAITING if "pending" in outcomes or self.exit == _INTERRUPTED else Mood.GOOD

    def body(self, limit: int) -> str:
        """The text below the title, in at most `limit` characters. A lower limit lists fewer projects."""
        limit = min(limit, LONGEST)
        for names in _NAMES:
            text = "\n".join([*self._sections(names), *self._ending()])
            if len(text) <= limit:
                return text
        return _cut("\n".join(self._ending()), limit)

    def _sections(self, names: int) -> Iterator[str]:
        for outcome in _NAMED:
            found = [result for result in self.results if result.outcome == outcome]
            if not found:
                continue
            yield f"{_word(outcome).capitalize()}:"
            for result in found[:names]:
                reason = sanitize(result.reason, _REASON)
                yield f"- {sanitize(result.id, 128)}" + (f": {reason}" if reason else "")
            if len(found) > names:
                yield f"- and {len(found) - names} more"
            yield ""

    def _ending(self) -> Iterator[str]:
        total = sum(self.summary.values())
        yield f"The whole run: {total} project{'' if total == 1 else 's'}, {_sums(self.summary)}"
        if self.link is not None:
            yield f"See {self.link}"


def _sums(counts: Mapping[str, int]) -> str:
    known = [f"{counts[outcome]} {_word(outcome)}" for outcome in _ORDER if counts.get(outcome)]
    return ", ".join(known) or "nothing done"


def _word(outcome: str) -> str:
    return outcome.replace("_", " ")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else (text[: limit - 1] + "…" if limit > 0 else "")
