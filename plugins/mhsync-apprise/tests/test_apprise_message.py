"""The message: its counts, project ids and link, its length, and no markup from other people's text."""

from __future__ import annotations

import pytest
from mhsync_apprise.message import LONGEST, Digest, Mood, Result
from mhsync_apprise.sanitize import sanitize

LINK = "https://ci.example.com/runs/7"


def digest(*results: tuple[str, str, str], unchanged: int = 0, code: int = 0) -> Digest:
    counts: dict[str, int] = {"unchanged": unchanged}
    for _, outcome, _ in results:
        counts[outcome] = counts.get(outcome, 0) + 1
    return Digest([Result(*result) for result in results], counts, code, LINK)


def test_a_message_contains_counts_failures_deletes_and_the_link() -> None:
    message = digest(
        ("clx1", "downloaded", ""),
        ("clx2", "failed", "the file host answered 500"),
        ("clx3", "deleted", ""),
        ("clx4", "archived", ""),
        ("clx5", "blocked", "the render failed"),
        unchanged=7,
        code=1,
    )
    assert message.title == "mhsync: 1 failed, 1 blocked, 1 deleted, 1 archived, 1 downloaded"
    assert message.body(LONGEST).splitlines() == [
        "Failed:",
        "- clx2: the file host answered 500",
        "",
        "Blocked:",
        "- clx5: the render failed",
        "",
        "Deleted:",
        "- clx3",
        "",
        "Archived:",
        "- clx4",
        "",
        "The whole run: 12 projects, 1 failed, 1 blocked, 1 deleted, 1 archived, 1 downloaded, 7 unchanged",
        f"See {LINK}",
    ]


def test_the_title_counts_the_selected_outcomes_and_the_last_line_counts_the_whole_run() -> None:
    message = Digest([Result("clx1", "failed", "")], {"failed": 3, "deleted": 2})
    assert message.title == "mhsync: 1 failed"
    assert message.body(LONGEST).splitlines()[-1] == "The whole run: 5 projects, 3 failed, 2 deleted"


def test_a_long_list_is_shortened() -> None:
    message = digest(*((f"clx{n}", "deleted", "") for n in range(1, 24)))
    lines = message.body(LONGEST).splitlines()
    assert lines[20:22] == ["- clx20", "- and 3 more"]
    exactly = digest(*((f"clx{n}", "deleted", "") for n in range(1, 21))).body(LONGEST)
    assert "- clx20" in exactly
    assert "more" not in exactly


@pytest.mark.parametrize("limit", [4000, 2000, 1000, 400, 200, 140, 60, 10, 1, 0])
def test_a_message_fits_into_a_low_limit(limit: int) -> None:
    outcomes = ("failed", "blocked", "not_attempted", "deleted", "archived")
    message = digest(*((f"clx{n}_{outcome}", outcome, "why " * 100) for n in range(40) for outcome in outcomes))
    body = message.body(limit)
    assert len(body) <= limit
    if limit >= 200:
        assert f"See {LINK}" in body
        assert "The whole run: 200 projects" in body


@pytest.mark.parametrize(
    ("outcomes", "code", "mood"),
    [
        (["downloaded", "deleted"], 0, Mood.GOOD),
        (["downloaded", "pending"], 0, Mood.WAITING),
        (["downloaded"], 130, Mood.WAITING),
        (["pending", "failed"], 1, Mood.BAD),
        (["blocked"], 1, Mood.BAD),
        (["not_attempted"], 130, Mood.BAD),
    ],
)
def test_the_worst_outcome_decides_the_mood(outcomes: list[str], code: int, mood: Mood) -> None:
    assert digest(*((f"clx{n}", outcome, "") for n, outcome in enumerate(outcomes)), code=code).mood is mood


def test_the_title_says_that_a_run_was_interrupted() -> None:
    assert digest(("clx1", "not_attempted", ""), code=130).title == "mhsync, interrupted: 1 not attempted"


@pytest.mark.parametrize(
    "text",
    ["@everyone", "@here", "<!channel>", "<@U12345>", "<@&99>", "@room", "a@b.example", "<b>x</b>", "<script>",
     "**bold**", "`code`", "```", "[click](http://evil.example)", "![i](http://evil.example/x.png)", "~~gone~~",
     "||spoiler||", "<http://evil.example|bank>"],
)  # fmt: skip
def test_an_error_message_contains_no_markup_and_no_mention(text: str) -> None:
    message = digest(("clx1", "failed", text)).body(LONGEST)
    assert not set("@<>*`[]~|") & set(message)


def test_an_error_message_stays_on_one_line() -> None:
    text = "a\n# Heading\r\n\u2028- item\t\x1b[31m red\u202e\x00"
    assert (
        sanitize(text, 100)
        == "a # Heading - item \N{REPLACEMENT CHARACTER}［31m red\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    )


def test_a_long_reason_is_shortened() -> None:
    message = digest(("clx1", "failed", "x" * 5000)).body(LONGEST)
    assert "x" * 199 + "…" in message
    assert "x" * 200 not in message
