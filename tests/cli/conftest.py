from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import CliRunner, account

Golden = Callable[[str, str], None]
_FOLDER = Path(__file__).parent / "golden"


@pytest.fixture
def cli_runner(tmp_path: Path) -> Iterator[CliRunner]:
    folder = tmp_path / "work"
    folder.mkdir()
    with Sandbox(account()) as sandbox:
        yield CliRunner(folder, sandbox)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden(name, text)`: compare the text with the golden file; `--update-golden` rewrites the file."""

    def check(name: str, text: str) -> None:
        file = _FOLDER / f"{name}.txt"
        if request.config.getoption("--update-golden"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return check
