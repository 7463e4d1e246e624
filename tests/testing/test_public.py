"""The public names of `mhsync.testing`: all there, and loaded only when one is used."""

from __future__ import annotations

import subprocess
import sys

import mhsync.testing


def test_every_public_name_can_be_had() -> None:
    assert sorted(mhsync.testing.__all__) == sorted(mhsync.testing._PUBLIC)
    for name in mhsync.testing.__all__:
        assert getattr(mhsync.testing, name).__name__ == name


def test_the_sandbox_needs_no_pytest_and_the_import_nothing() -> None:
    program = (
        "import sys, mhsync.testing\n"
        "print([name for name in sys.modules if name.startswith('mhsync.') and name != 'mhsync.testing'])\n"
        "from mhsync.testing import Sandbox\n"
        "print('pytest' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "False"]
