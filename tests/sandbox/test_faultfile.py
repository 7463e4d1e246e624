"""Files of faults: every fault can be written, errors have positions, and docs/sandbox.md is correct."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from mhsync.errors import ManifestError, UsageError
from mhsync.sandbox.faultfile import faults_of, load_faults, read_faults
from mhsync.sandbox.faults import FAULTS, Cut, Reset, SetHeaders, Status, WrongType
from mhsync.sandbox.rules import Faults, Rate, Rule
from mhsync.sandbox.seed import read_seed
from mhsync.sandbox.server import Sandbox

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def test_rules_are_read_with_their_conditions_and_options() -> None:
    text = b"""
    rate: {per_second: 20, burst: 5, retry_after: 2}
    seed: 7
    faults:
      - {fault: status, status: 503, message: later, headers: {Via: "1.1 x"}, host: api, method: GET, nth: 4}
      - {fault: cut, bytes: 20MB, reset: true, id: "a-*", skip: 1, every: 2, times: 3, probability: 0.5, each_id: true}
      - {fault: reset}
      - {fault: headers, set: {Content-Type: text/plain}, drop: [ETag, Date]}
      - {fault: wrong_type, field: enabled, value: [1, {a: "b"}]}
    """
    faults = read_faults(text, "faults.yaml")
    assert faults.rate == Rate(20.0, 5, 2)
    assert faults.rules == (
        Rule(Status(503, "later", headers={"Via": "1.1 x"}), host="api", method="GET", nth=4),
        Rule(Cut(20_000_000, reset=True), None, None, "a-*", None, 1, 2, 3, 0.5, each_id=True),
        Rule(Reset()),
        Rule(SetHeaders({"Content-Type": "text/plain"}, ("ETag", "Date"))),
        Rule(WrongType("enabled", [1, {"a": "b"}])),
    )


def test_the_rate_may_be_a_plain_number() -> None:
    assert read_faults(b"rate: 2.5", "f").rate == Rate(2.5)
    assert read_faults(b"faults: []", "f").rate is None


@pytest.mark.parametrize(
    ("item", "column", "message", "hint"),
    [
        ("{fault: cutt}", 13, "fault is 'cutt'", "one of status, reset"),
        ("{host: api}", 5, "a rule has no fault", "one of status, reset"),
        ("{fault: status}", 5, "this fault needs status", "write 'status: …'"),
        ("{fault: cut, byte: 3}", 18, "unknown key 'byte'", "did you mean 'bytes'?"),
        ("{fault: cut, bytes: lots}", 25, "bytes is 'lots'", "200MB"),
        ("{fault: reset, host: fils}", 26, "host is 'fils'", "one of api, files"),
        ("{fault: reset, method: get}", 28, "method is 'get'", "one of GET"),
        ("{fault: reset, every: 0}", 27, "every is '0'", "a whole number from 1"),
        ("{fault: stall, seconds: long}", 29, "seconds is 'long'", "a number from 0"),
        ("{fault: headers, set: x}", 27, "set is not a mapping", "write 'set: {…}'"),
        ("{fault: headers, drop: x}", 28, "drop is not a list", "write 'drop: […]'"),
        ("reset", 5, "an item of faults is not a mapping", "- key: value"),
    ],
)
def test_an_error_names_file_line_and_column_and_what_to_write(
    item: str, column: int, message: str, hint: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        read_faults(f"faults:\n  - {item}\n".encode(), "faults.yaml")
    (problem,) = caught.value.problems
    assert str(problem.position) == f"faults.yaml:2:{column}"
    assert message in problem.message
    assert hint in (problem.hint or "")


@pytest.mark.parametrize("rate", ["0", "{per_second: 0}", "{burst: 3}", "fast", "{per_second: 1, brust: 2}"])
def test_an_invalid_rate_is_refused(rate: str) -> None:
    with pytest.raises(ManifestError, match=r"^faults.yaml:1:"):
        read_faults(f"rate: {rate}\n".encode(), "faults.yaml")


def test_a_missing_file_is_a_usage_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_faults(tmp_path / "none.yaml")
    assert caught.value.problems[0].position.file == str(tmp_path / "none.yaml")


def page_rows() -> dict[str, tuple[str, str]]:
    """Fault: what its row says, and its example."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| `(\{fault: .*\})` \|$", PAGE, re.MULTILINE)
    return {name: (text, example) for name, text, example in rows}


def test_the_page_describes_every_fault_and_no_other() -> None:
    assert list(page_rows()) == list(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_the_page_names_every_option_of_a_fault_and_its_example_works(name: str) -> None:
    text, example = page_rows()[name]
    (rule,) = read_faults(f"faults: [{example}]".encode(), "page").rules
    kind = FAULTS[name]
    assert type(rule.fault) is kind
    assert dataclasses.is_dataclass(kind)
    options = {field.name for field in dataclasses.fields(kind)}
    assert options <= set(re.findall(r"`(\w+)(?:: \w+)?`", text))


def test_the_page_names_every_condition() -> None:
    conditions = {field.name for field in dataclasses.fields(Rule)} - {"fault"}
    assert conditions <= set(re.findall(r"^\| `(\w+)` \| [^|]* \|$", PAGE, re.MULTILINE))


def test_the_examples_of_the_page_work() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    seed, faults = blocks
    assert len(read_seed(seed.encode(), "page").ids) == 10_005
    assert len(read_faults(faults.encode(), "page").rules) == 3


def test_the_python_of_the_page_runs() -> None:
    (python,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(python, "docs/sandbox.md", "exec"), names)
    sandbox = names["sandbox"]
    assert isinstance(sandbox, Sandbox)
    assert [entry.status for entry in sandbox.requests][:2] == [503, 200]


def test_a_mapping_is_read_like_a_file() -> None:
    assert faults_of({"faults": [{"fault": "reset", "times": 1}]}).rules == (Rule(Reset(), times=1),)
    assert isinstance(faults_of({}), Faults)
