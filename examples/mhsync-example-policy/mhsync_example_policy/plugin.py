"""The hooks of this plugin: it reviews plans, receives events, and adds a command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mhsync import Event, MhsyncError, Plan, PlanRefused, UsageError, hookimpl
from mhsync_example_policy.hours import DAYS, Hours
from mhsync_example_policy.metrics import replace, text_of

if TYPE_CHECKING:
    import click

HOURS = "MHSYNC_DELETE_HOURS"
ZONE = "MHSYNC_DELETE_ZONE"
METRICS = "MHSYNC_METRICS_FILE"


@hookimpl
def mhsync_review_plan(plan: Plan) -> None:
    review(plan, os.environ, datetime.now(UTC))


@hookimpl
def mhsync_event(event: Event) -> None:
    place = os.environ.get(METRICS, "").strip()
    if place and event.name == "run.finished":
        replace(Path(place), text_of(event))


@hookimpl
def mhsync_commands(group: click.Group) -> None:
    # Imported here: every command imports all plugins, and most do not need click in this plugin.
    import click

    @group.command("metrics")
    def metrics() -> None:
        """Print the metrics of the last apply."""
        click.echo(read_metrics(os.environ), nl=False)


def review(plan: Plan, environ: Mapping[str, str], now: datetime) -> None:
    """Refuse a plan with deletes outside the allowed hours.

    Raises:
        PlanRefused: the time is outside the hours, or the hours are invalid.
    """
    text = environ.get(HOURS, "").strip()
    if not text or not plan.deletes:
        return
    try:
        hours = Hours.parse(text)
        zone = ZoneInfo(environ.get(ZONE, "").strip() or "UTC")
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise PlanRefused(
            f"cannot read the hours of deletes: {' '.join(map(str, error.args))}",
            hint=f"correct {HOURS} and {ZONE}",
        ) from error
    here = now.astimezone(zone)
    if not hours.allow(here):
        raise PlanRefused(
            f"deletes are for {text} ({zone.key}), it is {DAYS[here.weekday()]} {here:%H:%M}, "
            f"and {len(plan.deletes)} are planned",
            hint="apply then, or apply the rest now with --no-deletes",
        )


def read_metrics(environ: Mapping[str, str]) -> str:
    """The content of the metrics file.

    Raises:
        UsageError: the environment names no file.
        MhsyncError: it cannot be read.
    """
    place = environ.get(METRICS, "").strip()
    if not place:
        raise UsageError(f"the environment has no {METRICS}", hint="set it to the file that apply writes")
    try:
        return Path(place).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MhsyncError(f"cannot read {place}: {error}", hint="apply writes it") from error
