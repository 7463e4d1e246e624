"""The progress of a run as lines: what is done, how fast, what is in flight. Pure: the time is passed in."""

from __future__ import annotations

from collections import deque
from dataclasses import field

from mhsync.cli.render.terminal import Color, Style, escape, padded, truncated, width_of
from mhsync.cli.render.units import counted, human_size, human_time
from mhsync.dataclass import dataclass

_FILES_MOST = 4
"""Files in flight that have a line of their own."""
_BAR_MOST, _BAR_LEAST = 30, 8
_NUMBERS = 18
"""Columns for the percentage and the sizes of a file."""
_WINDOW = 10.0
"""Seconds over which the rate is measured."""
_SAMPLE = 0.1
"""Seconds whose bytes are counted together."""
_RATE_LEAST = 1.0
"""Seconds of measurement before a rate is shown."""
_GAP = "  "


@dataclass(slots=True)
class _File:
    """A file in flight."""

    received: int
    size: int | None

    @property
    def share(self) -> float:
        return min(1.0, self.received / self.size) if self.size else 0.0


@dataclass(slots=True)
class TransferView:
    """The downloads of a run: counts, bytes, rate and time left."""

    expected: int = 0
    """Files that are to be downloaded, as far as they are known."""
    _ended: int = 0
    _ended_bytes: int = 0
    _files: dict[tuple[str, str], _File] = field(default_factory=dict)
    _samples: deque[tuple[float, int]] = field(default_factory=deque)
    """Times, and the bytes received since the sample before."""

    def progressed(self, key: tuple[str, str], received: int, size: int | None, now: float) -> None:
        """Note the bytes of a file. Those that an earlier run kept do not count for the rate."""
        file = self._files.get(key)
        if file is None:
            self._files[key] = _File(received, size)
            self._sample(0, now)
            return
        self._sample(max(0, received - file.received), now)
        file.received, file.size = received, size

    def ended(self, key: tuple[str, str], size: int | None, now: float) -> None:
        """Note the end of a file, with its size where it is complete."""
        file = self._files.pop(key, None)
        if size is not None:
            self._sample(max(0, size - (0 if file is None else file.received)), now)
            self._ended += 1
            self._ended_bytes += size

    def settle(self) -> None:
        """Expect no further files: those that are missing have failed."""
        self.expected = self._ended + len(self._files)

    @property
    def is_active(self) -> bool:
        """Whether files are in flight or still to come."""
        return bool(self._files) or self._ended < self.expected

    @property
    def has_begun(self) -> bool:
        return bool(self._files or self._ended)

    @property
    def received(self) -> int:
        return self._ended_bytes + sum(file.received for file in self._files.values())

    def rate(self, now: float) -> float | None:
        """Bytes per second over the last seconds; None where it was not measured long enough."""
        while self._samples and self._samples[0][0] < now - _WINDOW:
            self._samples.popleft()
        if not self._samples or now - self._samples[0][0] < _RATE_LEAST:
            return None
        # The first sample starts the measurement: its bytes were received before.
        return (sum(size for _, size in self._samples) - self._samples[0][1]) / (now - self._samples[0][0])

    def seconds_left(self, now: float) -> float | None:
        """An estimate: files whose size is unknown are taken to be as large as the average of the others."""
        rate = self.rate(now)
        sizes = [file.size for file in self._files.values() if file.size is not None]
        number = self._ended + len(sizes)
        if not rate or not number:
            return None
        left = sum(file.size - file.received for file in self._files.values() if file.size is not None)
        without_size = len(self._files) - len(sizes)
        to_come = max(0, self.expected - self._ended - len(self._files)) + without_size
        return (left + to_come * (self._ended_bytes + sum(sizes)) / number) / rate

    def summary(self, now: float) -> list[str]:
        """The count of files, the bytes, the rate and the time left, as far as they are known."""
        total = max(self.expected, self._ended + len(self._files))
        parts = [f"{self._ended:,} of {counted(total, 'file')}", human_size(self.received)]
        rate, left = self.rate(now), self.seconds_left(now)
        parts += [] if rate is None else [f"{human_size(int(rate))}/s"]
        return parts + ([] if left is None else [f"{human_time(left)} left"])

    def share(self) -> float:
        """The part of the files that is done, 0 to 1."""
        total = max(self.expected, self._ended + len(self._files), 1)
        return min(1.0, (self._ended + sum(file.share for file in self._files.values())) / total)

    def lines(self, now: float, style: Style, rows: int) -> list[str]:
        """A line with a bar, then a line for each of the files in flight, at most `rows` lines together."""
        lines = [_bar_line(self.share(), self.summary(now), style)]
        shown = list(self._files.items())[: max(0, min(_FILES_MOST, rows - 2))]
        lines += [_file_line(key[1], file, style) for key, file in shown]
        if shown and len(self._files) > len(shown):
            more = f"{_GAP}and {counted(len(self._files) - len(shown), 'more file')}"
            lines.append(style.paint(truncated(more, style.width), Color.DIM))
        return lines

    def text(self, now: float) -> str:
        """The same on one line, for a log."""
        largest = sorted(self._files.items(), key=lambda item: -(item[1].size or item[1].received))[:2]
        files = [f"{escape(key[1])} {_amount(file)}" for key, file in largest]
        return ", ".join(self.summary(now)) + (f"; in flight: {', '.join(files)}" if files else "")

    def _sample(self, size: int, now: float) -> None:
        if self._samples and now - self._samples[-1][0] < _SAMPLE:
            began, before = self._samples.pop()
            self._samples.append((began, before + size))
        else:
            self._samples.append((now, size))


def _bar_line(share: float, parts: list[str], style: Style) -> str:
    """The bar and the parts. Where they do not fit, the bar is left out first, then the bytes, then the rate."""
    text = _GAP.join(parts)
    room = min(_BAR_MOST, style.width - width_of(text) - len(_GAP) - 2)
    if room >= _BAR_LEAST:
        full = int(share * room)
        return f"[{style.paint('#' * full, Color.GREEN)}{'-' * (room - full)}]{_GAP}{text}"
    while width_of(text) > style.width and len(parts) > 2:
        parts = [parts[0], *parts[2:]]
        text = _GAP.join(parts)
    return truncated(text, style.width)


def _file_line(path: str, file: _File, style: Style) -> str:
    """The end of the path, which differs among files, and the numbers at the right of it."""
    numbers = f"{_amount(file):>{_NUMBERS}}"
    room = style.width - len(_GAP) - len(_GAP) - len(numbers)
    name = escape(path)
    if width_of(name) > room:
        name = f"…{_last_columns(name, room - 1)}"
    return f"{_GAP}{padded(name, room)}{_GAP}{style.paint(numbers, Color.DIM)}"


def _last_columns(text: str, width: int) -> str:
    kept = ""
    for char in reversed(text):
        if width_of(char + kept) > width:
            break
        kept = char + kept
    return kept


def _amount(file: _File) -> str:
    if not file.size:
        return human_size(file.received)
    return f"{file.share:.0%} of {human_size(file.size)}"
