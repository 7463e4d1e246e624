"""The link to the CI run."""

from __future__ import annotations

import pytest
from mhsync_apprise.link import run_link

GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "me/audio", "GITHUB_RUN_ID": "123", "GITHUB_RUN_NUMBER": "4"}  # fmt: skip
AZURE = {"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/me/", "SYSTEM_TEAMPROJECT": "My audio", "BUILD_BUILDID": "9"}  # fmt: skip
BITBUCKET = {"BITBUCKET_REPO_FULL_NAME": "me/audio", "BITBUCKET_BUILD_NUMBER": "12"}


@pytest.mark.parametrize(
    ("environ", "link"),
    [
        (GITHUB, "https://github.com/me/audio/actions/runs/123"),
        (GITHUB | {"GITEA_ACTIONS": "true"}, "https://github.com/me/audio/actions/runs/4"),
        ({"CI_PIPELINE_URL": "https://gitlab.example.com/me/audio/-/pipelines/1"},) * 2,
        ({"BUILDKITE_BUILD_URL": "https://buildkite.com/me/audio/builds/1"},) * 2,
        ({"CIRCLE_BUILD_URL": "https://circleci.com/gh/me/audio/1"},) * 2,
        ({"BUILD_URL": "http://jenkins.example.com:8080/job/audio/1/"},) * 2,
        (AZURE, "https://dev.azure.com/me/My%20audio/_build/results?buildId=9"),
        (BITBUCKET, "https://bitbucket.org/me/audio/pipelines/results/12"),
    ],
    ids=["github", "gitea", "gitlab", "buildkite", "circleci", "jenkins", "azure", "bitbucket"],
)
def test_each_ci_system_is_known(environ: dict[str, str], link: dict[str, str] | str) -> None:
    expected = link if isinstance(link, str) else next(iter(link.values()))
    assert run_link(environ) == expected


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "https://token@gitlab.example.com/x", "https://example.com/<b>", "https://example.com/a b",
     "https://example.com/\n@everyone", "https://", "https://[", "ftp://example.com/x", "https://e.example/" + "x" * 600],
)  # fmt: skip
def test_an_unsafe_link_is_omitted(link: str) -> None:
    assert run_link({"CI_PIPELINE_URL": link}) is None


@pytest.mark.parametrize("missing", [*GITHUB][:3])
def test_there_is_no_link_if_a_variable_is_missing(missing: str) -> None:
    assert run_link({name: value for name, value in GITHUB.items() if name != missing}) is None
    assert run_link({}) is None
