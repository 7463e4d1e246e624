"""Runs mhsync many times from one process that has loaded it already: each run is a fork of its own, killed at a step.

Reads one JSON object a line from stdin, `{"at": STEP, "argv": [...], "log": FILE}`, and answers with one line: the
exit status of the run, negative for the signal that ended it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

import jsonschema  # noqa: F401 - loaded once for all runs
import urllib3  # noqa: F401
import yaml  # noqa: F401

import mhsync.cli.apply
import mhsync.reconcile.apply  # noqa: F401
from mhsync.cli.main import run as mhsync_run
from tests.crash.driver import kill_at


def main() -> None:
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            run(wanted)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(wanted: dict[str, Any]) -> None:
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 70
    try:
        kill_at(wanted["at"])
        code = mhsync_run(wanted["argv"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
