"""pulled: the files that a manifest gives a folder, clashes of their paths, and the index of the folder."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.pulled import (
    PulledProject,
    PulledRow,
    PullOutcome,
    PullReport,
    WantedFile,
    clashing,
    index_bytes,
    read_index,
    wanted_files,
)
from tests.core.builders import entry, receipt

SHA = "ab" * 32
ROW = PulledRow("a/o.wav", "a", 10, SHA, "v1", is_written=True)


def wanted(id: str, path: str) -> WantedFile:
    return WantedFile(id, path, path, 1, SHA)


def test_paths_follow_the_manifest_and_sources_the_receipt():
    found = wanted_files(entry(path="new/{name}-{index}{ext}"), receipt(outputs=2))
    assert [(file.path, file.source) for file in found] == [
        ("new/A name-1.wav", "one/output.wav"),
        ("new/A name-2.wav", "one/output-2.wav"),
    ]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ({"a": "x.wav", "b": "y.wav"}, set()),
        ({"a": "x.wav", "b": "X.WAV"}, {"a", "b"}),
        ({"a": "x", "b": "x/y.wav", "c": "z/y.wav"}, {"a", "b"}),
        ({"a": "x/a.wav", "b": "x/b.wav"}, set()),
    ],
)
def test_two_projects_with_one_path_clash(paths, expected):
    assert set(clashing(wanted(id_, path) for id_, path in paths.items())) == expected


def test_an_index_is_read_as_it_was_written_and_does_not_depend_on_the_order():
    other = replace(ROW, path="b", version=None, is_written=False)
    assert read_index(index_bytes([ROW, other])) == {"a/o.wav": (ROW,), "b": (other,)}
    assert index_bytes([ROW, other]) == index_bytes([other, ROW])


@given(st.binary(), st.integers(0, 400))
def test_a_damaged_index_gives_no_row_that_was_not_written(data, at):
    whole = index_bytes([ROW])
    assert set(read_index(whole[:at]).values()) <= {(ROW,)}
    assert read_index(whole + data).get("a/o.wav", (ROW,))[0] == ROW
    assert read_index(data) == {}


@pytest.mark.parametrize("outcome", [o for o in PullOutcome if o is not PullOutcome.LINKED])
def test_only_a_complete_folder_is_exit_0(outcome):
    report = PullReport("x", (PulledProject("a", outcome),))
    assert report.exit_code == (0 if outcome in ("pulled", "unchanged") else 1)
    assert report.summary[outcome.value] == 1
    assert PullReport("x", is_interrupted=True).exit_code == 130
