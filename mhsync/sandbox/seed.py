"""Read the account at the start from a YAML file. `docs/sandbox.md` describes the format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from mhsync.core.project import ProjectError, is_valid_id, parse_time
from mhsync.sandbox.account import (
    DEFAULT_SECONDS,
    STATUSES,
    Account,
    AfterDelete,
    Output,
    SandboxProject,
    numbered_paths,
)
from mhsync.sandbox.fields import Fields, read_document, read_file
from mhsync.sandbox.wav import HEADER, Wav

MOST = 200_000
"""Maximum number of projects, so that a mistake in a `count` does not use up the memory."""
_NUMBER = "{n}"


def load_seed(path: Path) -> Account:
    """The account in a file.

    Raises:
        UsageError: the file cannot be read.
        ManifestError: the file is invalid; the error holds every problem.
    """
    return read_seed(read_file(path), str(path))


def seed_of(data: Mapping[str, object]) -> Account:
    """The account in a mapping that has the format of the file."""
    return read_seed(json.dumps(data, ensure_ascii=False).encode(), "<seed>")


def read_seed(text: bytes, file: str) -> Account:
    """The account in strict YAML; `file` is the name in messages."""
    return read_document(text, file, _account)


def _account(top: Fields) -> Account:
    after_delete = top.choice("after_delete", AfterDelete.NOT_FOUND.value, [word.value for word in AfterDelete])
    projects: dict[str, SandboxProject] = {}
    for fields in top.mappings("projects"):
        for project in _projects(fields):
            if project.id in projects:
                fields.wrong(f"two projects have the id {project.id}", "give each project its own id", "id")
            projects[project.id] = project
        fields.close()
        if len(projects) > MOST:
            fields.wrong(f"more than {MOST} projects", "lower the count", "count")
            break
    return Account(projects.values(), after_delete=AfterDelete(after_delete))


def _projects(fields: Fields) -> Iterator[SandboxProject]:
    """The project, or `count` projects."""
    pattern = fields.text("id", "")
    count = fields.integer("count", None, least=1)
    fields.id = pattern or None
    project = _project(fields)
    ids: list[str] = []
    if not is_valid_id(pattern if count is None else pattern.replace(_NUMBER, "1")):
        what = f"invalid id: {pattern!r:.60}" if pattern else "a project has no id"
        fields.wrong(what, "write 'id: …', 1 to 128 of A-Z a-z 0-9 _ -", "id")
    elif count is not None and (_NUMBER not in pattern or count > MOST):
        fields.wrong(f"a count needs {_NUMBER} in the id, and is at most {MOST}", "write 'id: some-{n}'", "count")
    else:
        ids = [pattern] if count is None else [pattern.replace(_NUMBER, str(n)) for n in range(1, count + 1)]
    outputs = _outputs(fields)
    for id in ids:
        yield replace(project, id=id, outputs=tuple(Output(path, audio(id)) for path, audio in outputs))


def _project(fields: Fields) -> SandboxProject:
    bare = SandboxProject("unnamed")
    status = fields.choice("status", bare.status, STATUSES)
    after_delete = fields.choice("after_delete", None, [word.value for word in AfterDelete])
    return SandboxProject(
        "unnamed",
        status=status,
        name=fields.text("name", None),
        type=fields.text("type", bare.type),
        created_at=_time(fields, bare.created_at),
        credits_charged=fields.integer("credits_charged", bare.credits_charged),
        error=_error(fields),
        later=_later(fields),
        is_deleted=fields.flag("deleted", False),
        after_delete=None if after_delete is None else AfterDelete(after_delete),
    )


def _time(fields: Fields, default: str) -> str:
    text = fields.text("created_at", default)
    try:
        parse_time(text)
    except (ValueError, OverflowError):
        fields.wrong(f"created_at is {text!r:.60}", "write a time such as 2026-01-15T09:30:00.000Z", "created_at")
    return text


def _error(fields: Fields) -> ProjectError | None:
    inner = fields.mapping("error")
    if inner is None:
        return None
    error = ProjectError(inner.text("code", "generation_failed"), inner.text("message", "The render failed."))
    inner.close()
    return error


def _later(fields: Fields) -> tuple[tuple[float, str], ...]:
    inner = fields.mapping("later")
    if inner is None:
        return ()
    moments = [(inner.number(status, None), status) for status in STATUSES]
    inner.close()
    return tuple((moment, status) for moment, status in moments if moment is not None)


def _outputs(fields: Fields) -> list[tuple[str, Callable[[str], Wav]]]:
    """The paths of a project's outputs, each with a function that makes its audio for an id.

    `outputs` is a number of equal outputs, or a list of outputs with their own paths.
    """
    if not fields.is_list("outputs"):
        count = fields.integer("outputs", 1)
        size = _size(fields)
        return [(path, partial(_wav, path, size)) for path in numbered_paths(count)]
    found: dict[str, Callable[[str], Wav]] = {}
    for item in fields.mappings("outputs"):
        item.id = fields.id
        path = item.text("path", "output.wav")
        if path in found:
            item.wrong(f"two outputs have the path {path!r:.60}", "give each its own 'path: …'", "path")
        found[path] = partial(_wav, path, _size(item))
        item.close()
    return list(found.items())


def _wav(path: str, size: int, id: str) -> Wav:
    return Wav(f"{id}/{path}", size)


def _size(fields: Fields) -> int:
    """The size of an output in bytes: its `size`, or the size that corresponds to its `seconds`."""
    seconds = fields.number("seconds", DEFAULT_SECONDS)
    size = fields.size("size", None)
    try:
        return (Wav.lasting("", seconds) if size is None else Wav("", size)).size
    except ValueError as error:
        key = "seconds" if size is None else "size"
        fields.wrong(str(error), f"write a {key} within these bounds", key)
        return HEADER
