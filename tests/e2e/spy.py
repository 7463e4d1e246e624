"""A plugin that writes down whatever mhsync asks of it, and on which thread; tests lay it down as installed.

Its storage is a folder, `spy:///path`. SPY_LOG names the file that it writes to. What SPY_FAILS names raises, as
does everything where it is `all`.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

import mhsync
from mhsync.storage.local import LocalStorage

STORAGE = ("list", "stat", "open", "write", "copy", "remove", "lock", "sweep", "close")


def noted(what: str) -> None:
    with Path(os.environ["SPY_LOG"]).open("a", encoding="utf-8") as log:
        log.write(f"{what} {threading.current_thread().name}\n")
    if os.environ.get("SPY_FAILS") in (what, "all"):
        raise RuntimeError(f"no {what}\ntoday")


class SpyStorage(mhsync.Storage):
    """Every method of a folder, noted."""

    def __init__(self, folder: str) -> None:
        self._folder = LocalStorage(folder)

    def list(self, prefix=""):
        noted("storage.list")
        return self._folder.list(prefix)

    def stat(self, path):
        noted("storage.stat")
        return self._folder.stat(path)

    def open(self, path):
        noted("storage.open")
        return self._folder.open(path)

    def write(self, path):
        noted("storage.write")
        return self._folder.write(path)

    def copy(self, source, target):
        noted("storage.copy")
        self._folder.copy(source, target)

    def remove(self, path):
        noted("storage.remove")
        self._folder.remove(path)

    def lock(self):
        noted("storage.lock")
        return self._folder.lock()

    def sweep(self):
        noted("storage.sweep")
        self._folder.sweep()

    def close(self):
        noted("storage.close")
        self._folder.close()


class SpyNotifier:
    def notify(self, event):
        noted("notifier.notify")


def open_storage(url, options):
    noted("storage.factory")
    return SpyStorage(urlsplit(url).path)


def open_notifier(url, options):
    noted("notifier.factory")
    return SpyNotifier()


@mhsync.hookimpl
def mhsync_storage_schemes():
    noted("mhsync_storage_schemes")
    return {"spy": open_storage}


@mhsync.hookimpl
def mhsync_notifier_schemes():
    noted("mhsync_notifier_schemes")
    return {"spy": open_notifier}


@mhsync.hookimpl
def mhsync_review_plan(plan):
    noted("mhsync_review_plan")


@mhsync.hookimpl
def mhsync_check_output(project, output, file):
    noted("mhsync_check_output")


@mhsync.hookimpl
def mhsync_event(event):
    noted("mhsync_event")


@mhsync.hookimpl
def mhsync_commands(group):
    noted("mhsync_commands")


noted("import")
