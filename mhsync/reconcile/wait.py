"""Waiting for renders: polls the rendering projects and passes on those that ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mhsync.core.backoff import poll_pauses
from mhsync.core.observed import Details, DetailsById, Live
from mhsync.core.plan import ProjectPlan
from mhsync.errors import Interrupted
from mhsync.reconcile.context import RunContext
from mhsync.reconcile.observe import get_details
from mhsync.reconcile.progress import WaitingForRenders


def wait_for_renders(
    run: RunContext,
    waiting: Iterable[ProjectPlan],
    seconds: float,
    take_up: Callable[[DetailsById], None],
    go_on: Callable[[], bool],
) -> bool:
    """Poll until no project renders any more, or the time is up.

    All projects are polled together. The pauses grow while any of them renders, also after others have ended: in a
    run of many renders some end before each poll.

    Args:
        run: the context of the run.
        waiting: the projects that render.
        seconds: the longest time to wait.
        take_up: called with the details of projects as their renders end.
        go_on: whether to continue; called before each poll.

    Returns:
        Whether projects were still rendering when the time was up.

    Raises:
        AuthenticationFailed: the API refused the key.
    """
    ids = [plan.id for plan in waiting]
    until = run.clock() + seconds
    pauses = poll_pauses(run.settings.wait)
    while ids and go_on():
        left = until - run.clock()
        if left <= 0:
            return True
        run.observer(WaitingForRenders(len(ids), left))
        if run.stop.sleep(min(next(pauses), left)):
            return False
        try:
            found = get_details(run, ids)
        except Interrupted:
            return False
        ended = {id_: details for id_, details in found.items() if not _is_rendering(details)}
        ids = [id_ for id_ in ids if id_ not in ended]
        if ended:
            take_up(ended)
    return False


def _is_rendering(details: Details) -> bool:
    return isinstance(details, Live) and details.project.is_rendering
