"""The demo exits 0 only if every command in it did what it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "demo.sh"
REAL = Path(sys.executable).with_name("mhsync")


def demo(folder: Path, wrapper: str) -> subprocess.CompletedProcess[str]:
    """Run the demo with this shell text in place of the mhsync that it calls."""
    commands = folder / "bin"
    commands.mkdir()
    script = commands / "mhsync"
    script.write_text(f'#!/bin/sh\nreal="{REAL}"\n{wrapper}\n')
    script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MHSYNC")}
    return subprocess.run(
        [str(REAL), "sandbox", "--port", "0", "run", "--", "sh", str(DEMO), str(folder / "demo")],
        env={**kept, "PATH": f"{commands}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_demo_as_it_is_exits_0(tmp_path: Path) -> None:
    done = demo(tmp_path, 'exec "$real" "$@"')
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wrapper", "message"),
    [
        ("exit 1", "'mhsync plan manifest.yaml' exited with 1 instead of 0"),
        ("exit 0", "did not print 'Plan: 3 to download"),
        ('[ "$1" = apply ] || exec "$real" "$@"', "'mhsync apply manifest.yaml --yes --wait 60s' did not print"),
        (
            '[ "$1" = apply ] || exec "$real" "$@"\n"$real" "$@"; code=$?; rm outputs/sbx-complete/output.wav; exit $code',
            "did not print 'outputs/sbx-complete/output.wav'",
        ),
        ('[ "$1" = verify ] && exit 1\nexec "$real" "$@"', "'mhsync verify manifest.yaml' exited with 1"),
        ('[ "$1" = inbox ] && exit 1\nexec "$real" "$@"', "the inbox did not start"),
        ('[ "$1 $2" = "apply discover.yaml" ] && exit 0\nexec "$real" "$@"', "the new project was not stored"),
        ('[ "$1" = get ] && exit 0\nexec "$real" "$@"', "sbx-unnamed is still in the account"),
    ],
    ids=[
        "every command fails",
        "nothing happens",
        "apply does nothing",
        "lost file",
        "verify",
        "no inbox",
        "not stored",
        "alive",
    ],
)
def test_a_demo_in_which_a_command_fails_exits_1_and_names_it(tmp_path: Path, wrapper: str, message: str) -> None:
    done = demo(tmp_path, wrapper)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "The demo failed: " in done.stderr
    assert message in done.stderr
