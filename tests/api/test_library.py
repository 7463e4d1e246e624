"""docs/library.md: its examples run, and its tables match the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mhsync.errors
from mhsync.sandbox.defaults import default_account
from mhsync.sandbox.server import Sandbox
from mhsync.settings import Settings

PAGE = (Path(__file__).parent.parent.parent / "docs" / "library.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

PLANNED_AND_APPLIED = """\
planned: sbx-complete download
planned: sbx-unnamed delete
to confirm: sbx-unnamed
done: sbx-complete downloaded
done: sbx-unnamed deleted
files verified: 1
"""


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0, PLANNED_AND_APPLIED),
        (1, r"sbx-several downloaded\n"),
        (2, r"start succeeded next run in \d+ s\n"),
        (3, r".+ \['http://127.0.0.1:\d+/sbx-complete/output.wav'\]\n"),
        (4, r"audio/output.wav\naudio/output-2.wav\naudio/output-3.wav\n"),
        (5, r"True\nFalse\n"),
        (6, r"\d+ [0-9a-f]{64} content-length\n"),
        (7, r"complete\n"),
    ],
)
def test_an_example_of_the_page_runs(tmp_path: Path, number: int, printed: str):
    with Sandbox(default_account()) as sandbox:
        environ = {"MHSYNC_API_URL": sandbox.api_url, "MAGIC_HOUR_API_KEY": sandbox.key, "HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", EXAMPLES[number]],
            cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.stderr == ""
    assert re.fullmatch(printed, done.stdout)


def test_every_example_is_tested():
    assert len(EXAMPLES) == 8


def test_every_named_error_exists():
    for name in re.findall(r"`(\w+)`", PAGE.split("## Errors")[1].split("##")[0].split("| error |")[1]):
        if name[0].isupper() and name != "GET":
            assert issubclass(getattr(mhsync.errors, name), mhsync.errors.MhsyncError)


def test_the_numbers_match_the_settings():
    settings = Settings()
    http, pace = settings.http, settings.pace
    for said in (
        f"up to {http.attempts} attempts, ended within {http.retry_window:.0f} seconds",
        f"waits up to {http.retry_window / 3:.0f} seconds for its answer",
        f"the next ones {http.retry_window * 2 / 3 / (http.attempts - 1):.0f}",
        f"up to {http.retry_after_max / 60:.0f} minutes",
        f"refuses every request for {pace.patience:.0f} seconds is given up",
        f"given up after {pace.quota_patience / 60:.0f} minutes",
        f"many times in a row, after {pace.silence_patience:.0f} seconds",
        f"waits longer than {http.notice_after:.0f} seconds for its next attempt",
        f"to https only, up to {http.redirects}",
    ):
        assert said in re.sub(r"\s+", " ", PAGE), said
    assert pace.pause == 0.5
