#!/usr/bin/env python3
"""Write a Markdown file as the comment of a pull request (GitHub) or a merge request (GitLab).

One comment is updated in place: a hidden marker with the key identifies it. Outside of a pull request nothing is
written. Needs only the standard library.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT = 30.0
"""Seconds for one request."""
PAGE = 100
PAGES = 50
"""Pages of comments that are searched."""


class CommentError(Exception):
    """The comment could not be written. The message is one line."""


@dataclass(frozen=True)
class Thread:
    """The comments of one pull request or merge request."""

    url: str
    """Lists comments, and creates one."""
    headers: Mapping[str, str]
    update_url: str
    """Updates one comment; `{id}` is its id."""
    update_method: str

    def comments(self) -> Iterator[Mapping[str, Any]]:
        for page in range(1, PAGES + 1):
            found = self.request("GET", f"{self.url}?per_page={PAGE}&page={page}")
            yield from found
            if len(found) < PAGE:
                return

    def put(self, body: str, marker: str) -> str:
        """Update the comment with the marker, or create it; what was done."""
        text = f"{marker}\n{body}"
        for comment in self.comments():
            # Only a comment that begins with the marker: another one may quote it.
            if str(comment.get("body", "")).startswith(marker):
                if comment["body"] == text:
                    return "unchanged"
                self.request(self.update_method, self.update_url.format(id=comment["id"]), {"body": text})
                return "updated"
        self.request("POST", self.url, {"body": text})
        return "created"

    def request(self, method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "mhsync", **self.headers}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise CommentError(
                f"{method} {urllib.parse.urlsplit(url).path}: the server returned {error.code}"
            ) from None
        except (OSError, ValueError) as error:
            raise CommentError(f"{method} {urllib.parse.urlsplit(url).path}: {error}") from None


def github(environ: Mapping[str, str]) -> Thread | None:
    """The pull request of this GitHub Actions run; None where it is not of one."""
    if not environ.get("GITHUB_EVENT_PATH"):
        return None
    event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        return None
    base = f"{environ.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{environ['GITHUB_REPOSITORY']}/issues"
    headers = {"Authorization": f"Bearer {environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    return Thread(f"{base}/{int(number)}/comments", headers, f"{base}/comments/{{id}}", "PATCH")


def gitlab(environ: Mapping[str, str]) -> Thread | None:
    """The merge request of this GitLab pipeline; None where it is not of one."""
    number = environ.get("CI_MERGE_REQUEST_IID")
    if not number:
        return None
    project = f"{environ['CI_API_V4_URL']}/projects/{environ['CI_PROJECT_ID']}"
    url = f"{project}/merge_requests/{int(number)}/notes"
    return Thread(url, {"PRIVATE-TOKEN": environ["GITLAB_TOKEN"]}, f"{url}/{{id}}", "PUT")


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host", choices=["github", "gitlab"])
    parser.add_argument("--key", default="mhsync", help="distinguishes several comments")
    parser.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    if not re.fullmatch(r"[\w. /-]{1,100}", options.key):
        parser.error("--key may hold letters, digits, spaces and . _ / -")
    try:
        thread = {"github": github, "gitlab": gitlab}[options.host](environ)
        if thread is None:
            print("not a pull request: no comment is written")
            return 0
        done = thread.put(options.file.read_text(encoding="utf-8"), f"<!-- mhsync:{options.key} -->")
    except KeyError as error:
        print(f"error: {error.args[0]} is not set", file=sys.stderr)
        return 1
    except (OSError, ValueError, CommentError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"comment {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
