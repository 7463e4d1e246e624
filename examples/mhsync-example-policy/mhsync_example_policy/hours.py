"""The hours at which deletes may happen: `mon-fri 09:00-17:00`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """Days of the week, with the first and the last minute of each day."""

    days: frozenset[int]
    """Monday is 0."""
    begin: int
    end: int

    def allow(self, now: datetime) -> bool:
        """Whether deletes are allowed at a time, in the time zone of that time."""
        return now.weekday() in self.days and self.begin <= now.hour * 60 + now.minute < self.end

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read `mon-fri 09:00-17:00` or `sat 10:00-24:00`.

        Raises:
            ValueError: the text has another form.
        """
        match = _FORM.fullmatch(text.strip().lower())
        if match is None:
            raise ValueError(f"{text!r} is not of the form 'mon-fri 09:00-17:00'")
        first, last = _day(match[1]), _day(match[2] or match[1])
        begin, end = _minute(match[3], match[4]), _minute(match[5], match[6])
        if begin >= end:
            raise ValueError(f"{text!r} ends before it begins")
        days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
        return cls(days, begin, end)


def _day(word: str) -> int:
    if word not in DAYS:
        raise ValueError(f"{word!r} is not a day: write {', '.join(DAYS)}")
    return DAYS.index(word)


def _minute(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > _DAY:
        raise ValueError(f"{hour}:{minute} is not a time of day")
    return minutes
