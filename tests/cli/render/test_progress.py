"""The lines of progress: golden frames at 40, 80 and 120 columns, with wide characters, rates and the time left."""

from __future__ import annotations

import pytest

from mhsync.cli.render.progress import TransferView
from mhsync.cli.render.terminal import Style, visible_width

MIB = 1024 * 1024


def view_of_a_run() -> TransferView:
    """40 files of 10 MiB, ten seconds after the start: two have ended, six are in flight, two without a size."""
    view = TransferView(expected=40)
    paths = [
        "one/output.wav",
        "朝のジングル・とても長い名前のプロジェクト/output.wav",
        "three/\x1b[2J.wav",
        "4/a.wav",
        "5/b.wav",
    ]
    for second in range(11):
        for number, path in enumerate(paths):
            size = None if number == 3 else 512 * MIB
            view.progressed((f"id-{number}", path), second * (number + 1) * MIB, size, 100.0 + second)
    view.ended(("done-1", "a.wav"), 10 * MIB, 105.0)
    view.ended(("done-2", "b.wav"), 10 * MIB, 106.0)
    return view


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_frame(golden, width):
    lines = view_of_a_run().lines(110.0, Style(width - 1), 23)
    golden(f"progress-{width}-columns", "\n".join(lines) + "\n")
    assert max(map(visible_width, lines)) < width


def test_a_frame_with_colours_has_the_same_width():
    lines = view_of_a_run().lines(110.0, Style(79, is_colored=True), 23)
    assert [visible_width(line) for line in lines] == [
        visible_width(line) for line in view_of_a_run().lines(110.0, Style(79), 23)
    ]
    assert "\x1b[32m#" in lines[0]


def test_a_frame_is_not_higher_than_the_terminal():
    assert [len(view_of_a_run().lines(110.0, Style(79), rows)) for rows in (1, 3, 4, 50)] == [1, 3, 4, 6]


def test_the_line_of_a_log_has_bytes_rate_and_time_left(golden):
    golden("progress-log", view_of_a_run().text(110.0) + "\n")


def test_bytes_of_an_earlier_run_do_not_count_for_the_rate():
    view = TransferView(expected=1)
    view.progressed(("a", "a.wav"), 400 * MIB, 500 * MIB, 0.0)
    view.progressed(("a", "a.wav"), 410 * MIB, 500 * MIB, 10.0)
    assert view.rate(10.0) == MIB
    assert view.seconds_left(10.0) == 90


def test_a_stalled_transfer_has_the_rate_zero_and_no_time_left():
    view = TransferView(expected=1)
    for second in range(3):
        view.progressed(("a", "a.wav"), second * MIB, 500 * MIB, float(second))
    assert not view.rate(11.5)
    assert view.seconds_left(11.5) is None


def test_a_download_that_starts_again_is_not_negative():
    view = TransferView(expected=1)
    for second, received in enumerate((10, 20, 5, 10)):
        view.progressed(("a", "a.wav"), received, 100, float(second))
    assert view.rate(3.0) == pytest.approx(5)
    assert view.received == 10


def test_small_files_that_are_never_in_flight_are_counted():
    view = TransferView(expected=10_000)
    for number in range(5000):
        view.ended((str(number), "a.wav"), 2048, number / 1000)
    assert view.summary(5.0)[:2] == ["5,000 of 10,000 files", "9.8 MiB"]
    assert view.rate(5.0) == pytest.approx(2048 * 1000, rel=0.1)
    assert view.seconds_left(5.0) == pytest.approx(5, rel=0.1)


def test_a_failed_file_is_not_expected_for_ever():
    view = TransferView(expected=2)
    view.progressed(("a", "a.wav"), 10, 100, 0.0)
    view.ended(("a", "a.wav"), None, 1.0)
    view.ended(("b", "b.wav"), 100, 1.0)
    assert view.is_active
    view.settle()
    assert not view.is_active
