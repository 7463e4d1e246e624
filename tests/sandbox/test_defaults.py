"""The default account of a sandbox: a project of every kind."""

from __future__ import annotations

from mhsync.core.project import is_valid_id
from mhsync.sandbox.account import STATUSES
from mhsync.sandbox.defaults import default_account


def test_the_default_account_has_every_status_several_outputs_odd_names_and_deleted_projects() -> None:
    account = default_account()
    projects = [account.project(id) for id in account.ids]
    assert {project.status for project in projects} == set(STATUSES)
    assert all(is_valid_id(id) for id in account.ids)
    assert {len(project.outputs) for project in projects} >= {1, 3}
    assert None in {project.name for project in projects}
    assert any(project.name and "\x1b" in project.name for project in projects)
    assert len(account.deleted_ids) == 2
    assert account.ids == default_account().ids
