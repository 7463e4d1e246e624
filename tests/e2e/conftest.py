from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import CliRunner, complete
from tests.e2e.spied import Spied
from tests.examples.installed import lay_down

SPY = Path(__file__).with_name("spy.py").read_text(encoding="utf-8")


@pytest.fixture
def spied(tmp_path: Path) -> Iterator[Spied]:
    """A runner whose processes have only the spy plugin installed."""
    folder = tmp_path / "desk"
    folder.mkdir()
    site = tmp_path / "site"
    lay_down(site, "mhsync-spy", SPY, version="2.5")
    with Sandbox(Account([complete(name) for name in ("one", "two", "three")])) as sandbox:
        cli_runner = CliRunner(folder, sandbox)
        cli_runner.environ.update(
            PYTHONPATH=str(site),
            MHSYNC_PLUGINS="mhsync-spy",
            SPY_LOG=str(tmp_path / "log"),
            TARGET="spy://t0ken@chat",
        )
        yield Spied(cli_runner, site, tmp_path / "kept", tmp_path / "log")
