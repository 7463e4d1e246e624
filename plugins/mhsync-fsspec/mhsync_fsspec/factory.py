"""The factory: makes a storage from a URL, the options of the manifest, and the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from mhsync import StorageUnavailable, UsageError, install_command
from mhsync.storage_kit import may_name_secret, suggest
from mhsync_fsspec import ftp, smb, webdav
from mhsync_fsspec.access import Access
from mhsync_fsspec.backend import Backend, Local, Memory
from mhsync_fsspec.failures import one_line
from mhsync_fsspec.filesystem import (
    FileSystemClass,
    class_of,
    configured_options,
    known_options,
    open_url,
    protocols,
)
from mhsync_fsspec.journal import Journal
from mhsync_fsspec.publishing import Publisher
from mhsync_fsspec.storage import FsspecStorage
from mhsync_fsspec.target import REFUSED, RESERVED, Target, require_meant_for, target_of

_ONE_STEP = ("file", "local")
"""Protocols whose `mv` replaces an existing file in one step."""
_MEMORY = "memory"
_LOCAL = (*_ONE_STEP, _MEMORY)


def make(url: str, options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> FsspecStorage:
    """The storage of a URL. No request is sent yet.

    Raises:
        UsageError: the URL or an option is not valid, or contains a secret.
        StorageUnavailable: the protocol is not supported, its package is not installed, or the secrets in the
            environment are not meant for its server.
    """
    target = target_of(url, options, environ)
    if any(map(may_name_secret, configured_options(_class_of(target.protocol)))):
        require_meant_for(target.url, target.options, environ, "fsspec's configuration")
    return storage_of(target)


def storage_of(target: Target) -> FsspecStorage:
    """The storage of a target that was already checked.

    Raises:
        UsageError: an option is not valid.
        StorageUnavailable: the package of the file system is not installed.
    """
    kind = _class_of(target.protocol)
    _refuse_misspelt(kind, target)
    access = Access(_maker(kind, target), target.name, target.secrets.values())
    journal = Journal()
    return FsspecStorage(
        access,
        journal,
        Publisher(access, journal),
        is_local=target.protocol in _LOCAL,
    )


def _class_of(protocol: str) -> FileSystemClass:
    try:
        return class_of(protocol)
    except ImportError as error:
        raise StorageUnavailable(
            f"fsspec+{protocol}:// needs a package that is not installed: {one_line(error)}",
            hint=_install(protocol),
        ) from error
    except ValueError:
        near = suggest(protocol, set(protocols()) - set(REFUSED))
        hint = f"did you mean fsspec+{near}://?" if near else "see fsspec.available_protocols()"
        raise StorageUnavailable(f"fsspec has no file system {protocol!r:.40}", hint=hint) from None


def _install(protocol: str) -> str:
    if protocol == webdav.PROTOCOL:
        return install_command("mhsync-fsspec", "webdav")
    return f"install the package that the message names; see {protocol} in the documentation of fsspec"


def _refuse_misspelt(kind: FileSystemClass, target: Target) -> None:
    """Refuse options that the class does not name, unless it accepts any options."""
    known, takes_any = known_options(kind)
    if target.protocol == webdav.PROTOCOL:
        known, takes_any = webdav.known_options(known), False
    for name in target.options:
        if name in known:
            continue
        near = suggest(name, known, cutoff=0.8 if takes_any else 0.6)
        if near or not takes_any:
            hint = f"did you mean {near}?" if near else f"it has {', '.join(sorted(known - RESERVED)) or 'none'}"
            raise UsageError(f"fsspec+{target.protocol}:// has no storage option {name!r:.40}", hint=hint)


def _maker(kind: FileSystemClass, target: Target) -> Callable[[], Backend]:
    if target.protocol == webdav.PROTOCOL:
        root, options = webdav.root_of(target), webdav.options_of(target)
        return lambda: webdav.WebDav(kind(skip_instance_cache=True, **options), root)

    if target.protocol == ftp.PROTOCOL:
        return lambda: _ftp(target)
    if target.protocol == smb.PROTOCOL:
        return lambda: smb.Smb(*open_url(target.url, {**target.options, **target.secrets, **smb.OPTIONS}))

    def make_one() -> Backend:
        fs, root = open_url(target.url, {**target.options, **target.secrets})
        if target.protocol == _MEMORY:
            return Memory(fs, root)
        return Local(fs, root, replaces=True) if target.protocol in _ONE_STEP else Backend(fs, root)

    return make_one


def _ftp(target: Target) -> Backend:
    with ftp.translated():
        return ftp.Ftp(*open_url(target.url, {**target.options, **target.secrets}))
