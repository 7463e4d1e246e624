"""The benchmark suite itself: its figures, its bounds and its report, with fixed samples and one small real row."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from benchmarks.bounds import BOUNDS, Bound, check_bounds
from benchmarks.measure import MIB, ProcessFailed, Sample, run_process
from benchmarks.report import from_json, to_json, to_markdown
from benchmarks.row import Contender, Measurement, Row, RowResult, run_row
from benchmarks.rows import ROWS
from benchmarks.rows.requests import delayed
from benchmarks.servers.processes import ServerMissing, require
from benchmarks.workspace import Workspace, project_ids, write_manifest, write_wav
from mhsync import load_manifests
from mhsync.core.audio import doubt_of
from mhsync.core.project import Project

MACHINE = {"cores": "2"}
ROOT = Path(__file__).parent.parent.parent


def measured(
    name: str, *walls: float, cpu: float = 1.0, size: int = 0, ceiling: float | None = None
) -> Measurement:
    samples = tuple(Sample(wall, cpu, 50 * MIB) for wall in walls)
    return Measurement(name, 1000, size, ceiling, samples)


def result(*measurements: Measurement, key: str = "row") -> RowResult:
    return RowResult(key, "a row", measurements)


def test_a_ratio_compares_the_medians_of_two_contenders():
    row = result(measured("mhsync", 1.0, 9.0, 2.0), measured("sdk", 4.0, 5.0, 0.1))
    (finding,) = check_bounds([row], [Bound("row", "rate", least=2, of="sdk")])
    assert finding.value == pytest.approx(2.0)
    assert finding.is_met


@pytest.mark.parametrize(
    ("bound", "is_met"),
    [
        (Bound("row", "rate", least=2.1, of="sdk"), False),
        (Bound("row", "wall", most=0.5, of="sdk"), True),
        (Bound("row", "wall", most=0.49, of="sdk"), False),
        (Bound("row", "cpu_ms", most=1.0), True),
        (Bound("row", "cpu_ms", most=0.99), False),
        (Bound("row", "memory_mib", most=50), True),
        (Bound("row", "memory_mib", most=49), False),
        (Bound("row", "memory_kib_per_item", most=51), False),
        (Bound("row", "mb_per_s", least=1.5), True),
        (Bound("row", "mb_per_s", least=1.6), False),
        (Bound("row", "share", least=0.9), False),
        (Bound("row", "share", least=0.8), True),
    ],
)
def test_each_figure_is_compared_with_its_limit(bound, is_met):
    row = result(measured("mhsync", 2.0, size=3_000_000, ceiling=600.0), measured("sdk", 4.0))
    (finding,) = check_bounds([row], [bound])
    assert finding.is_met is is_met


def test_a_bound_may_compare_two_rows():
    rows = [result(measured("mhsync", 2.0)), result(measured("mhsync", 1.0), key="other")]
    (finding,) = check_bounds(rows, [Bound("row", "rate", least=0.8, of="mhsync", of_row="other")])
    assert finding.value == pytest.approx(0.5)
    assert not finding.is_met


def test_a_bound_of_what_was_not_measured_is_left_out():
    bounds = [Bound("row", "rate", least=1, of="sdk"), Bound("none", "rate", least=1)]
    assert check_bounds([result(measured("mhsync", 1.0))], bounds) == []


def test_every_bound_names_a_row_and_a_direction():
    keys = {row.key for row in ROWS}
    assert len(keys) == len(ROWS)
    for bound in BOUNDS:
        assert bound.row in keys
        assert bound.of_row is None or bound.of_row in keys
        assert (bound.least is None) is not (bound.most is None), bound


def test_the_report_marks_a_missed_bound_in_both_forms():
    rows = [result(measured("mhsync", 2.0), measured("sdk", 1.0))]
    findings = check_bounds(rows, [Bound("row", "rate", least=2, of="sdk"), Bound("row", "wall", most=3)])
    text = to_markdown(rows, findings, MACHINE, "make bench")
    assert "| row | rate ≥ 2 × sdk | 0.50 | **not met** |" in text
    assert "| row | time ≤ 3 | 2.00 | met |" in text
    assert "| a row | mhsync | 2.000 s | 500/s | 1.000 ms | 50 MiB |" in text
    document = json.loads(json.dumps(to_json(rows, findings, MACHINE, "make bench")))
    assert [each["met"] for each in document["bounds"]] == [False, True]
    assert document["rows"][0]["contenders"][1]["wall_s"] == 1.0
    assert from_json(document) == rows


def test_a_row_runs_its_contenders_in_turn_and_begins_each_round_with_another(tmp_path):
    order = []

    @contextmanager
    def opened(_):
        names = ("one", "two")
        command = [sys.executable, "-c", "pass"]
        yield [Contender(name, command, 1, reset=lambda name=name: order.append(name)) for name in names]

    row = run_row(Row("tiny", "a tiny row", opened), Workspace(tmp_path, is_full=False), runs=2)
    assert order == ["one", "two", "two", "one"]
    assert [len(each.samples) for each in row.measurements] == [2, 2]
    assert all(0 < sample.cpu < 10 and sample.memory > MIB for each in row.measurements for sample in each.samples)


def test_cpu_and_memory_of_children_are_counted(tmp_path):
    burn = (
        "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nx = bytearray(10**8)"
    )
    command = ["sh", "-c", f'{sys.executable} -c "{burn}"; true']
    sample = run_process(command, cwd=tmp_path, env={}, log=tmp_path / "log")
    assert sample.cpu >= 0.3
    assert sample.memory >= 10**8


def test_a_failed_contender_is_an_error_with_its_output(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('the reason')"]
    with pytest.raises(ProcessFailed, match="the reason"):
        run_process(command, cwd=tmp_path, env={}, log=tmp_path / "log")


def test_a_contender_that_does_not_end_is_killed_with_its_children(tmp_path):
    with pytest.raises(ProcessFailed, match="exit code -9"):
        run_process(["sh", "-c", "sleep 60; true"], cwd=tmp_path, env={}, log=tmp_path / "log", timeout=0.3)


def test_a_missing_program_names_its_package():
    with pytest.raises(ServerMissing, match="apt-get install some-package"):
        require("no-such-program-anywhere", "some-package")


def test_the_delayed_server_answers_with_details_after_its_latency(tmp_path):
    with delayed(Workspace(tmp_path, is_full=False), tmp_path, 0.2) as url:
        response = urllib3.request("GET", f"{url}/v1/audio-projects/clx1", retries=False)
    project = Project.from_json(response.json(), expected_id="clx1")
    assert len(project.downloads) == 1


def test_manifests_and_bodies_are_what_mhsync_accepts(tmp_path):
    manifest = load_manifests(write_manifest(tmp_path / "mhsync.yaml", 3))
    assert [entry.id for entry in manifest.files[0].entries] == list(project_ids(3))
    body = write_wav(tmp_path / "output.wav", 5000).read_bytes()
    assert len(body) == 5000
    assert doubt_of(body, 5000) is None


def test_the_rows_are_listed_without_running_them():
    command = [sys.executable, "-m", "benchmarks", "--list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert [line.split()[0] for line in listed.splitlines()] == [row.key for row in ROWS]
