"""The link to the current CI run, from the environment variables of the CI system."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

_WHOLE = ("CI_PIPELINE_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL", "TRAVIS_BUILD_WEB_URL")
"""Variables that contain the whole link: GitLab and Woodpecker, Buildkite, CircleCI, Jenkins, Travis."""


def run_link(environ: Mapping[str, str]) -> str | None:
    """The URL of the CI run; None outside of a known CI system."""
    made = (_github(environ), _azure(environ), _bitbucket(environ), *(environ.get(name) for name in _WHOLE))
    return next((link for link in made if link and _is_safe(link)), None)


def _github(environ: Mapping[str, str]) -> str | None:
    """GitHub Actions, Gitea and Forgejo. The latter two use the run number in the URL."""
    server, repository = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    is_gitea = "GITEA_ACTIONS" in environ or "FORGEJO_ACTIONS" in environ
    run = environ.get("GITHUB_RUN_NUMBER" if is_gitea else "GITHUB_RUN_ID")
    if not (server and repository and run):
        return None
    return f"{server.rstrip('/')}/{quote(repository)}/actions/runs/{quote(run, safe='')}"


def _azure(environ: Mapping[str, str]) -> str | None:
    names = ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID")
    server, project, build = (environ.get(name) for name in names)
    if not (server and project and build):
        return None
    return f"{server.rstrip('/')}/{quote(project, safe='')}/_build/results?buildId={quote(build, safe='')}"


def _bitbucket(environ: Mapping[str, str]) -> str | None:
    repository, build = environ.get("BITBUCKET_REPO_FULL_NAME"), environ.get("BITBUCKET_BUILD_NUMBER")
    if not (repository and build):
        return None
    return f"https://bitbucket.org/{quote(repository)}/pipelines/results/{quote(build, safe='')}"


def _is_safe(link: str) -> bool:
    """Whether a message may contain the link: http(s), printable, without credentials."""
    if any(ord(char) < 33 or ord(char) > 126 or char in "<>\"'`" for char in link) or len(link) > 500:
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
