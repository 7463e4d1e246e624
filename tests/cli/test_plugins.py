"""`mhsync plugins`: what is plugged in, from where."""

from __future__ import annotations

from tests.cli.schemas import assert_valid


def test_what_is_built_in_is_listed_like_any_plugin(desk):
    done = desk.run("plugins", "--no-plugins")
    assert done.code == 0
    assert done.out.splitlines()[0] == "mhsync  built in  (mhsync.hooks.builtin)"
    assert "mhsync_storage_schemes" in done.out


def test_the_json_is_as_its_schema_says(desk):
    done = desk.run("plugins", "--format", "json")
    assert_valid(done.document, "plugins")
    assert done.document["plugins"][0]["name"] == "mhsync"


def test_a_plugin_that_is_not_installed_cannot_be_chosen(desk):
    done = desk.run("plugins", MHSYNC_PLUGINS="mhsync-nothing")
    assert done.code == 2
    assert "mhsync-nothing" in done.err
