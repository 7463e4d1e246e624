"""The one message of a run: sums, failures and deletes by name, and where to look. Pure: values in, text out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mhsync_apprise.plain import plain

LONGEST = 4000
"""Characters of a body at most, whatever the service takes."""
_NAMES = (20, 10, 5, 3)
"""How many projects of each outcome are named at most; fewer where the service takes only short messages."""
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
    "downloaded",
    "unchanged",
)
_BAD = frozenset({"failed", "blocked", "not_attempted"})
_NAMED = ("failed", "blocked", "not_attempted", "deleted", "archived")


class Mood(StrEnum):
    """How the run went; services show it as a colour or a sign."""

    GOOD = "success"
    WAITING = "warning"
    BAD = "failure"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one project; `reason` says why where it went wrong."""

    id: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that one target is told of a run.

    `results` are the projects that this target is to hear of, `summary` counts those of the whole run.
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
        """The text below the title, in at most `limit` characters; names go first where it is short."""
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
                reason = plain(result.reason, _REASON)
                yield f"- {plain(result.id, 128)}" + (f": {reason}" if reason else "")
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
