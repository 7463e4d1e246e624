"""Parse durations such as `90s` or `1h30m`, dates, and `--wait` with or without a duration."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import click

DEFAULT_WAIT = "10m"
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_PLAIN = re.compile(r"\d{1,9}(\.\d{1,3})?", re.ASCII)
_PARTS = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,3})?)s)?", re.ASCII)


def parse_duration(text: str) -> float:
    """The seconds of a duration such as `90`, `90s`, `10m` or `1h30m`.

    Raises:
        ValueError: the text is not a duration.
    """
    if _PLAIN.fullmatch(text):
        return float(text)
    match = _PARTS.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration: write 90s, 10m or 1h30m")
    return sum(float(part) * _UNITS[unit] for part, unit in zip(match.groups(), "hms", strict=True) if part)


def parse_moment(text: str) -> datetime:
    """The time of `2026-12-31` (the last second of that day) or `2026-12-31T12:00`. Without a zone it is UTC.

    Raises:
        ValueError: the text is neither a date nor a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date: write 2026-12-31 or 2026-12-31T12:00:00Z") from None
    if len(text) <= len("2026-12-31"):
        moment = moment.replace(hour=23, minute=59, second=59)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class WaitCommand(click.Command):
    """A command whose `--wait` needs no duration, also before other arguments: `apply --wait m.yaml`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        takes_files = any(param.name == "files" for param in self.params)
        return super().parse_args(ctx, _with_durations(args, takes_files=takes_files))


def _with_durations(args: Sequence[str], *, takes_files: bool = False) -> list[str]:
    """The arguments with a duration in each `--wait`.

    The word after it is its value if it is a duration, or certainly nothing else: a command that takes files gets
    none of that name.
    """
    found: list[str] = []
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        if arg == "--":
            return [*found, arg, *rest]
        if arg == "--wait":
            arg += f"={rest.pop(0) if rest and _is_value(rest[0], takes_files=takes_files) else DEFAULT_WAIT}"
        found.append(arg)
    return found


def _is_value(text: str, *, takes_files: bool) -> bool:
    if _is_duration(text):
        return True
    # Not a duration and not a file: reported as an invalid duration, unless it looks like the name of a file.
    return takes_files and text.isalnum() and not os.path.lexists(text)


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True
