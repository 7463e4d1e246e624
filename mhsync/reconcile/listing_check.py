"""Whether a storage lists what it keeps.

The next run believes the listing, so an original is deleted only once the listing shows its copy.
Some servers omit names that begin with a dot, or list new files late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mhsync.core.plan import ProjectPlan
from mhsync.errors import CopyNotProved
from mhsync.storage.base import Storage
from mhsync.storage.receipts import receipt_path


def unlisted(storage: Storage, plans: Iterable[ProjectPlan]) -> Mapping[str, CopyNotProved]:
    """The projects whose receipt or outputs a fresh listing does not show, by id, with the reason.

    Args:
        storage: where the projects are stored.
        plans: projects whose original is about to be deleted because a copy is stored.

    Raises:
        StorageError: the storage cannot be listed.
    """
    wanted = {plan.id: (receipt_path(plan.id), *(output.path for output in plan.outputs)) for plan in plans}
    if not wanted:
        return {}
    not_seen = {path for paths in wanted.values() for path in paths}
    for info in storage.list(""):
        not_seen.discard(info.path)
    found: dict[str, CopyNotProved] = {}
    for id_, paths in wanted.items():
        hidden = next((path for path in paths if path in not_seen), None)
        if hidden is not None:
            found[id_] = CopyNotProved(
                f"the storage does not list {hidden}, so the next run would not find it; {id_} was not deleted",
                hint="check that the server lists names that begin with a dot and lists new files at once, "
                "or choose another storage",
                id=id_,
            )
    return found
