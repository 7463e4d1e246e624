"""The public names of `mhsync.testing`. Each is loaded when it is first used."""

from __future__ import annotations

import subprocess
import sys

import mhsync.testing


def test_every_public_name_can_be_imported() -> None:
    assert sorted(mhsync.testing.__all__) == sorted(mhsync.testing._PUBLIC)
    for name in mhsync.testing.__all__:
        assert getattr(mhsync.testing, name).__name__.rpartition(".")[2] == name


def test_the_import_loads_nothing_and_the_sandbox_needs_no_pytest() -> None:
    program = (
        "import sys, mhsync.testing\n"
        "print([name for name in sys.modules if name.startswith('mhsync.') and name != 'mhsync.testing'])\n"
        "from mhsync.testing import Sandbox\n"
        "print('pytest' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "False"]
