"""Manifests: the values that are read, and every refused value with its position and a hint."""

from __future__ import annotations

import hashlib

import pytest

from mhsync.core.manifest import NO_LABELS, Deletes, Entry, Labels, Limit, NotifyTarget, Policy, State
from mhsync.core.retention import parse_retention
from mhsync.errors import Position

HEAD = "version: 1\nprojects: []\n"


def test_every_key_is_read(loaded, tmp_path) -> None:
    text = """\
version: 1
storage: s3://bucket/audio
storage_options: {region: eu-1, part_size: 8, verify: true}
path: "{date}/{id}{ext}"
state: archived
policy:
  deletes: allow
  max_deletes: 20
  durable_storage: true
notify:
  - {url: "${SLACK_URL}", on: [failed, deleted, failed], options: {colour: red, nested: {a: [1]}}}
  - url: https://hooks.example/abc
projects:
  - id: clx7uu86w0a5qp55yxz315r6r
  - {id: "012345", state: deleted}
  - {id: clx9, state: downloaded, path: "intro/{name}{ext}"}
  - {id: clxa, name: "A: \\u202e", note: no, tags: [podcast, a b]}
"""
    file = loaded(text)
    name = str(tmp_path / "manifest.yaml")
    assert (file.file, file.folder) == (name, str(tmp_path))
    assert file.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (file.storage, file.storage_position.line, file.storage_position.column) == ("s3://bucket/audio", 2, 10)
    assert file.storage_options == {"region": "eu-1", "part_size": 8, "verify": True}
    assert file.policy == Policy(Deletes.ALLOW, Limit(20), durable_storage=True)
    options = {"colour": "red", "nested": {"a": [1]}}
    assert file.notify == (
        NotifyTarget("${SLACK_URL}", ("failed", "deleted"), options, position=Position(name, 11, 5)),
        NotifyTarget("https://hooks.example/abc", (), {}, position=Position(name, 12, 5)),
    )
    assert file.entries == (
        Entry("clx7uu86w0a5qp55yxz315r6r", State.ARCHIVED, "{date}/{id}{ext}", Position(name, 14, 9)),
        Entry("012345", State.DELETED, "{date}/{id}{ext}", Position(name, 15, 10)),
        Entry("clx9", State.DOWNLOADED, "intro/{name}{ext}", Position(name, 16, 10)),
        Entry(
            "clxa",
            State.ARCHIVED,
            "{date}/{id}{ext}",
            Position(name, 17, 10),
            Labels("A: \u202e", "no", ("podcast", "a b")),
        ),
    )
    assert all(entry.labels is NO_LABELS for entry in file.entries[:-1])


@pytest.mark.parametrize(("written", "is_audio_only"), [("false", False), ("true", True), ("False", False)])
def test_audio_only_is_read(loaded, written, is_audio_only) -> None:
    assert loaded(f"{HEAD}policy: {{audio_only: {written}}}\n").policy.audio_only is is_audio_only


def test_omitted_keys_have_the_documented_defaults(loaded) -> None:
    file = loaded("version: 1\nprojects: [{id: clx7}]\n")
    assert (file.storage, file.storage_position.line, dict(file.storage_options)) == ("./outputs", None, {})
    assert file.policy == Policy(Deletes.CONFIRM, None, durable_storage=False, audio_only=True)
    assert file.notify == ()
    (entry,) = file.entries
    assert (entry.state, entry.path) == (State.DOWNLOADED, "{id}/{filename}")


def test_an_empty_list_of_projects_is_valid(loaded) -> None:
    assert loaded(HEAD).entries == ()


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("0", Limit(0)),
        ("20", Limit(20)),
        ('"30%"', Limit(30, is_percent=True)),
        ("100%", Limit(100, is_percent=True)),
    ],
)
def test_a_limit_is_a_count_or_a_percentage(loaded, written: str, limit: Limit) -> None:
    assert loaded(f"{HEAD}policy: {{max_deletes: {written}}}\n").policy.max_deletes == limit


@pytest.mark.parametrize(("written", "is_durable"), [("true", True), ("false", False)])
def test_storage_is_durable_where_the_manifest_says_so(loaded, written: str, is_durable: bool) -> None:
    assert loaded(f"{HEAD}policy: {{durable_storage: {written}}}\n").policy.durable_storage is is_durable


@pytest.mark.parametrize(
    "text", ["\ufeffversion: 1\nprojects: []\n", "version: 1\r\nprojects: []\r\n", "---\n" + HEAD]
)
def test_marks_and_line_ends_of_other_systems_are_read(loaded, text: str) -> None:
    assert loaded(text).entries == ()


@pytest.mark.parametrize(
    "storage",
    [
        "./outputs",
        "/srv/audio",
        "../audio",
        "a b/é",
        "sftp://me@host/x",
        "s3://b/p?region=eu-1",
        "C-drive",
        "{id}",
    ],
)
def test_a_storage_is_any_path_or_url_without_secrets(loaded, storage: str) -> None:
    assert loaded(f"{HEAD}storage: '{storage}'\n").storage == storage


@pytest.mark.parametrize(
    "option",
    ["region", "endpoint", "prefix", "key_file", "private_key_path", "known_hosts", "keyboard", "tokenize",
     "kms_key_id", "passive", "password_file", "token_env"],
)  # fmt: skip
def test_options_that_are_not_secrets_are_read(loaded, option: str) -> None:
    assert loaded(f"{HEAD}storage_options: {{{option}: x}}\n").storage_options == {option: "x"}


PLACED = [
    # version and the file as a whole
    ("projects: []", 1, 1, "missing_key", "add 'version: 1'"),
    ("version: 1", 1, 1, "missing_key", "add 'projects: []'"),
    ("version: 2\nprojects: []", 1, 10, "version", "write 'version: 1'"),
    ("version: '1'\nprojects: []", 1, 10, "version", "write 'version: 1'"),
    ("version: true\nprojects: []", 1, 10, "version", "write 'version: 1'"),
    ("- id: clx7", 1, 1, "type", "begin it with 'version: 1' and 'projects: []'"),
    ("clx7", 1, 1, "type", "begin it with 'version: 1' and 'projects: []'"),
    ("", 1, 1, "empty", "begin it with 'version: 1' and 'projects: []'"),
    ("# nothing\n", 1, 1, "empty", "begin it with 'version: 1' and 'projects: []'"),
    # unknown keys
    (f"{HEAD}storge: x", 3, 1, "unknown_key", "did you mean storage?"),
    (f"{HEAD}Policy: {{}}", 3, 1, "unknown_key", "did you mean policy?"),
    (f"{HEAD}max_deletes: 3", 3, 1, "unknown_key", "max_deletes belongs under policy"),
    (f"{HEAD}policy: {{delete: allow}}", 3, 10, "unknown_key", "did you mean deletes?"),
    (f"{HEAD}notify: [{{url: '${{A}}', only: []}}]", 3, 24, "unknown_key", "did you mean on?"),
    ("version: 1\nproject: []", 2, 1, "unknown_key", "did you mean projects?"),
    ("version: 1\nprojects: [{ID: clx7}]", 2, 13, "unknown_key", "did you mean id?"),
    ("version: 1\nprojects: [{id: a, storage: x}]", 2, 20, "unknown_key", "storage belongs to the file, not here"),
    ("version: 1\nprojects: [{id: a, xyzzy: x}]", 2, 20, "unknown_key", "known here: id, state, path"),
    # paths
    (f"{HEAD}path: '{{filname}}'", 3, 7, "path_field", "did you mean {filename}?"),
    (f"{HEAD}path: '{{id:>9}}'", 3, 7, "path_format", "write {id}"),
    (f"{HEAD}path: '/x/{{id}}'", 3, 7, "path_absolute", "remove the first '/'"),
    (f"{HEAD}path: '../{{id}}'", 3, 7, "path_climbs", "remove it"),
    (f"{HEAD}path: ''", 3, 7, "no_value", "write for example"),
    ("version: 1\nprojects: [{id: a, path: .MHSYNC/x}]", 2, 26, "path_private", "choose another name"),
    ("version: 1\nprojects: [{id: a, path: nul.wav}]", 2, 26, "path_device", "choose another name"),
    ('version: 1\nprojects: [{id: a, path: "a\\0b"}]', 2, 26, "path_control", "remove it"),
    # storage
    (f"{HEAD}storage: ''", 3, 10, "no_value", "write for example 'storage: ./outputs'"),
    (f"{HEAD}storage: '  '", 3, 10, "no_value", "write for example 'storage: ./outputs'"),
    (f"{HEAD}storage: 7", 3, 10, "unquoted", 'quote it: storage: "7"'),
    (f'{HEAD}storage: "a\\0b"', 3, 10, "storage", "remove it"),
    (f"{HEAD}storage: 'x/${{HOME}}'", 3, 10, "variable", "${NAME} is allowed only as a notify url"),
    (f"{HEAD}storage: ~/audio", 3, 10, "storage", "write the full path"),
    (f"{HEAD}storage: my_store://x", 3, 10, "storage", "write SCHEME://"),
    (f"{HEAD}storage: 's3://[x'", 3, 10, "storage", "write SCHEME://HOST/PATH"),
    (f"{HEAD}storage: sftp://me:hunter2@host/x", 3, 10, "storage_secret", "the backend's own environment"),
    (f"{HEAD}storage: 's3://b?secret_access_key=hunter2'", 3, 10, "storage_secret", "the backend's own environment"),
    (f"{HEAD}storage_options: {{endpoint: 'http://me:hunter2@host'}}", 3, 19, "storage_secret", "own environment"),
    (f"{HEAD}storage_options: {{region: }}", 3, 19, "no_value", "write for example 'region: eu-1'"),
    (f"{HEAD}storage_options: {{region: [eu-1]}}", 3, 27, "type", "write for example 'region: eu-1'"),
    (f'{HEAD}storage_options: {{"a\\u202eb": }}', 3, 19, "no_value", 'write for example \'"a\\u202eb": eu-1\''),
    (f"{HEAD}storage_options: eu-1", 3, 18, "type", "write for example 'storage_options: {\"region\": \"eu-1\"}'"),
    # notify
    (f"{HEAD}notify: [{{on: [failed]}}]", 3, 10, "missing_key", "add 'url: \"${SLACK_URL}\"'"),
    (f"{HEAD}notify: [hunter2]", 3, 10, "type", 'write for example \'- {"url": "${SLACK_URL}"'),
    (f"{HEAD}notify: [{{url: }}]", 3, 11, "no_value", "write for example 'url: \"${SLACK_URL}\"'"),
    (f"{HEAD}notify: [{{url: 5}}]", 3, 16, "type", "write for example 'url: \"${SLACK_URL}\"'"),
    (f"{HEAD}notify: [{{url: hunter2}}]", 3, 16, "notify_url", 'write SCHEME://… or "${NAME}"'),
    (f"{HEAD}notify: [{{url: 'https://x/hunter2 y'}}]", 3, 16, "notify_url", "encode it"),
    (f"{HEAD}notify: [{{url: 'https://x/${{hunter2}}'}}]", 3, 16, "variable", 'write url: "${NAME}"'),
    (f"{HEAD}notify: [{{url: '${{A}}${{hunter2}}'}}]", 3, 16, "variable", 'write url: "${NAME}"'),
    (f"{HEAD}notify: [{{url: ' ${{A}}'}}]", 3, 16, "variable", 'write url: "${NAME}"'),
    (f"{HEAD}notify: [{{url: '$hunter2'}}]", 3, 16, "variable", 'write url: "${NAME}"'),
    (f"{HEAD}notify: [{{https://hunter2: x, url: '${{A}}'}}]", 3, 11, "unknown_key", "known here: url, on, options"),
    (f"{HEAD}notify: [{{url: '${{A}}', on: failed}}]", 3, 28, "type", "write for example 'on: [\"failed\", \"deleted\"]'"),
    (f"{HEAD}notify: [{{url: '${{A}}', on: [fail]}}]", 3, 29, "unknown_value", "did you mean failed?"),
    (f"{HEAD}notify: [{{url: '${{A}}', on: [true]}}]", 3, 29, "unknown_value", "write one of downloaded, moved"),
    (f"{HEAD}notify: [{{url: '${{A}}', options: x}}]", 3, 33, "type", "write for example 'options: {}'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "code", "hint"), PLACED)
def test_each_problem_has_its_position_once_and_a_hint(
    problems_of, text: str, line: int, column: int, code: str, hint: str
) -> None:
    problems = problems_of(text)
    assert [(found.position.line, found.position.column, found.code) for found in problems] == [
        (line, column, code)
    ]
    assert hint in problems[0].hint
    assert "hunter2" not in f"{problems[0]} {problems[0].hint}"


@pytest.mark.parametrize(
    "key",
    ["secret", "token", "password", "access_key", "key", "api-key", "apiKey", "accessKeyId", "aws_secret_access_key",
     "access_key_id", "AccountKey", "SAS_TOKEN", "client.secret", "passphrase", "APIKEY"],
)  # fmt: skip
def test_a_secret_in_the_options_is_refused_and_not_shown(problems_of, key: str) -> None:
    (problem,) = problems_of(f"{HEAD}storage_options: {{{key}: hunter2}}\n")
    assert (problem.position.line, problem.position.column, problem.code) == (3, 19, "storage_secret")
    assert problem.hint == "remove it: secrets come from the backend's own environment"
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("key", ["secret", "token", "apiKey"])
def test_a_secret_in_the_options_of_a_notify_target_is_refused_and_not_shown(problems_of, key: str) -> None:
    (problem,) = problems_of(f'{HEAD}notify: [{{url: "${{X}}", options: {{{key}: hunter2}}}}]\n')
    assert (problem.position.line, problem.code) == (3, "notify_secret")
    assert problem.hint == "name a variable instead, such as secret_env: NAME"
    assert "hunter2" not in str(problem)


def test_a_notify_option_that_names_a_variable_is_not_a_secret(loaded) -> None:
    (target,) = loaded(f'{HEAD}notify: [{{url: "${{X}}", options: {{secret_env: HOOK}}}}]\n').notify
    assert target.options == {"secret_env": "HOOK"}


UNSAFE = ["1e5", "012345", "no", "NO", "y", "on", "true", "null", "123", "0x1F", "0o17", "0b101", "1_000", "-5",
          "2024-01-01", "123e4567", "1e-5", "00", "9" * 30, "089"]  # fmt: skip


@pytest.mark.parametrize("id", UNSAFE)
def test_an_unquoted_id_that_any_yaml_reads_as_something_else_needs_quotes(problems_of, loaded, id: str) -> None:
    (problem,) = problems_of(f"version: 1\nprojects:\n  - id: {id}\n")
    assert (problem.position.line, problem.position.column, problem.code, problem.id) == (3, 9, "unquoted", id)
    assert problem.hint == f'quote it: id: "{id}"'
    assert loaded(f'version: 1\nprojects:\n  - id: "{id}"\n').entries[0].id == id


@pytest.mark.parametrize(
    "id", ["clx7", "e5", "1e5x", "--", "_", "nope", "x0", "12-34", "2024-1-1", "1e", "0x", "Inf"]
)
def test_an_id_that_every_yaml_reads_as_text_needs_no_quotes(loaded, id: str) -> None:
    assert loaded(f"version: 1\nprojects:\n  - id: {id}\n").entries[0].id == id


def test_all_problems_are_reported_at_once_in_the_order_of_the_lines(problems_of) -> None:
    problems = problems_of("""\
version: 1
storge: x
state: archive
policy: {deletes: maybe, max_deletes: lots}
notify: [{on: [x]}]
projects:
  - {id: clx1, path: "../{nam}"}
  - {id: 1e5, state: gone}
  - {id: clx1}
  - *x
  - {id: clx2, state: deleted, state: deleted}
""")
    assert [(p.position.line, p.code) for p in problems] == [
        (2, "unknown_key"),
        (3, "unknown_value"),
        (4, "unknown_value"),
        (4, "type"),
        (5, "missing_key"),
        (5, "unknown_value"),
        (7, "path_field"),
        (7, "path_climbs"),
        (8, "unquoted"),
        (8, "unknown_value"),
        (9, "duplicate_id"),
        (10, "alias"),
        (11, "duplicate_key"),
    ]


def test_after_thousands_of_problems_the_rest_is_not_examined(problems_of) -> None:
    problems = problems_of("version: 1\nprojects:\n" + "- clx7\n" * 5000)
    assert [problem.position.line for problem in problems] == [*range(3, 53), None]
    assert problems[-1].message == "and at least 951 more problems"


def test_problems_of_a_project_carry_its_id(problems_of) -> None:
    problems = problems_of("version: 1\nprojects: [{id: clx1, state: x, path: /a, foo: 1}]\n")
    assert {problem.id for problem in problems} == {"clx1"}
    assert len(problems) == 3


def test_a_list_of_outcomes_may_be_empty_or_all(loaded) -> None:
    outcomes = "downloaded, moved, deleted, archived, unchanged, pending, blocked, failed, not_attempted"
    file = loaded(f"{HEAD}notify: [{{url: a://b, on: []}}, {{url: a://b, on: [{outcomes}]}}]\n")
    assert [target.on for target in file.notify] == [(), tuple(outcomes.split(", "))]


def test_a_notify_url_is_not_in_what_python_prints_of_a_manifest(loaded) -> None:
    assert "hunter2" not in repr(loaded(f"{HEAD}notify: [{{url: 'a://hunter2', options: {{k: hunter2}}}}]\n"))


@pytest.mark.parametrize("padding", [0, 40])
def test_retain_of_the_file_applies_to_downloaded_entries_without_their_own(loaded, padding) -> None:
    """The common forms of entries are read without the parser."""
    more = "".join(f"  - id: more{number}\n" for number in range(padding))
    file = loaded(
        f"""\
version: 1
retain: {{downloaded: 30d, then: archived}}
projects:
  - id: plain1
  - {{id: gone11, state: deleted}}
  - {{id: kept11, state: archived}}
  - {{id: state1, state: downloaded}}
  - {{id: own111, retain: {{downloaded: 2w, then: archived}}}}
{more}"""
    )
    month = parse_retention("30d")
    assert file.retain == month
    found = {entry.id: entry.retain for entry in file.entries}
    assert [found[id_] for id_ in ("plain1", "gone11", "kept11", "state1", "own111")] == [
        month,
        None,
        None,
        month,
        parse_retention("2w"),
    ]
    assert all(found[f"more{number}"] == month for number in range(padding))


@pytest.mark.parametrize(
    ("written", "code", "message", "line"),
    [
        ("retain: {downloaded: 30d, then: deleted}", "unknown_value", "unknown then: 'deleted'", 3),
        ("retain: {downloaded: 30d}", "missing_key", "retain has no then", 3),
        ("retain: {archived: 30d, then: archived}", "unknown_key", "unknown key 'archived'", 3),
        ("retain: {downloaded: 30, then: archived}", "retain", "retain has an invalid time: '30'", 3),
        ("retain: {downloaded: 1y, then: archived}", "retain", "retain has an invalid time: '1y'", 3),
        ("retain: {downloaded: , then: archived}", "retain", "retain has an invalid time: ''", 3),
        ("retain: 30d", "type", "retain must be a mapping, not a text", 3),
        ("state: deleted\nretain: {downloaded: 30d, then: archived}", "retain_state", "not to 'deleted'", 4),
        ("state: archived\nretain: {downloaded: 30d, then: archived}", "retain_state", "not to 'archived'", 4),
    ],
)
def test_no_other_retain_is_valid(problems_of, written, code, message, line) -> None:
    problems = problems_of(f"{HEAD}{written}\n")
    assert (code, line) in [(problem.code, problem.position.line) for problem in problems]
    assert any(message in problem.message for problem in problems)
    assert all(problem.hint for problem in problems)


def test_an_entry_of_another_state_has_no_retain(problems_of) -> None:
    (problem,) = problems_of(
        "version: 1\nstate: archived\nprojects: [{id: a, retain: {downloaded: 1d, then: archived}}]\n"
    )
    assert (problem.code, problem.id, problem.position.column) == ("retain_state", "a", 20)
