"""A sandbox: one account behind two ports, with faults, latency and a log of all requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.faults import Status
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import SANDBOX_KEY, Sandbox
from tests.sandbox.conftest import Asker

Start = Callable[..., Asker]


def test_api_and_files_have_their_own_ports(start: Start, account: Account):
    sandbox = start(account).sandbox
    assert sandbox.api_url != sandbox.files_url
    assert sandbox.ids == ("one",)


def test_only_the_key_of_the_sandbox_is_accepted(start: Start, account: Account):
    asker = start(account, key="mhk_other")
    assert asker.api("one").status == 200
    assert asker.api("one", key=SANDBOX_KEY).status == 401


def test_links_lead_to_the_file_host_and_need_no_key(start: Start, account: Account):
    asker = start(account)
    (link,) = asker.links("one")
    assert link.startswith(asker.sandbox.files_url)
    assert len(asker.url(link).body) == 10_000


def test_a_link_expires_after_its_lifetime(start: Start, account: Account):
    now = [1_000_000.0]
    asker = start(account, link_lifetime=60, clock=lambda: now[0])
    (link,) = asker.links("one")
    now[0] += 59
    assert asker.url(link).status == 200
    now[0] += 2
    assert asker.url(link).status == 403


def test_every_request_is_logged_with_its_fault_and_without_its_key(start: Start, account: Account):
    asker = start(account, faults=Faults(Rule(Status(500), host="api", nth=1)))
    assert [asker.api("one").status, asker.api("one", key="wrong").status] == [500, 401]
    first, second = asker.sandbox.requests.of()
    assert (first.method, first.id, first.status, first.fault, first.has_key) == (
        "GET",
        "one",
        500,
        "Status",
        True,
    )
    assert (second.status, second.fault, second.has_authorization, second.has_key) == (401, None, True, False)
    assert asker.sandbox.key not in repr((first, second))


def test_a_started_sandbox_can_be_started_and_stopped_again(account: Account):
    sandbox = Sandbox(account)
    assert sandbox.start().start() is sandbox
    url = sandbox.api_url
    sandbox.stop()
    sandbox.stop()
    with sandbox:
        assert sandbox.api_url == url


def test_the_account_may_be_changed_while_it_runs(start: Start, account: Account):
    asker = start(account)
    assert asker.api("two").status == 404
    account.put(SandboxProject("two"))
    assert asker.api("two").status == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_faults_may_be_replaced_while_it_runs(start: Start, account: Account, method: str):
    asker = start(account)
    asker.sandbox.faults = Faults(Rule(Status(503)))
    assert asker.api("one", method).status == 503
    asker.sandbox.faults = Faults()
    assert asker.api("one", method).status in (200, 204)
