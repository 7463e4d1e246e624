"""The outputs of a planned download or move, with the paths that the manifest gives them."""

from __future__ import annotations

from mhsync.core.diff_case import Case
from mhsync.core.paths import PathValues, filenames, filled_paths, output_paths
from mhsync.core.plan import PlannedOutput
from mhsync.core.project import Project


def outputs_to_store(case: Case, project: Project) -> tuple[PlannedOutput, ...]:
    sources = [download.source for download in project.downloads]
    names = filenames(sources)
    paths = output_paths(case.entry.path, _values(case, project), names)
    return tuple(
        PlannedOutput(path, source, name) for path, source, name in zip(paths, sources, names, strict=True)
    )


def moved_outputs(case: Case) -> tuple[PlannedOutput, ...] | None:
    """The stored outputs under the paths that the manifest gives them now; None where they are there already."""
    receipt = case.receipt
    assert receipt is not None, "only what is stored can move"
    names = [output.filename for output in receipt.outputs]
    values = _values(case, None)
    is_moving = bool(receipt.storing) or any(output.superseded is not None for output in receipt.outputs)
    if not is_moving and filled_paths(case.entry.path, values, names) == [o.path for o in receipt.outputs]:
        return None
    paths = output_paths(case.entry.path, values, names)
    return tuple(
        PlannedOutput(path, o.source, o.filename, o.size, o.sha256, stored=True)
        for o, path in zip(receipt.outputs, paths, strict=True)
    )


def _values(case: Case, project: Project | None) -> PathValues:
    """The values of path fields: those of the receipt once something was stored, else those of the API."""
    receipt = case.receipt
    if receipt is not None and receipt.stored_at is not None:
        return PathValues(case.entry.id, receipt.name, receipt.type, receipt.created_at)
    if project is None:
        return PathValues(case.entry.id)
    return PathValues(case.entry.id, project.name, project.type, project.created_at)
