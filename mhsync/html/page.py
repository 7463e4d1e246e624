"""page: make the HTML page of a status. One file without network access, frameworks or other files."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template

from mhsync.core.status import StatusReport

OutputKey = tuple[str, str]
"""The id of a project and the path of one of its outputs."""

_ESCAPES = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""Characters that could end the element that holds the JSON, or a line of a script."""


def page_of(report: StatusReport, urls: Mapping[OutputKey, str], peaks: Mapping[OutputKey, str]) -> str:
    """The page, as the text of one HTML file.

    Its policy (CSP) allows only its own script and style, by their hashes, and media from files.

    Args:
        report: the inventory.
        urls: where a browser finds an output; others have no player.
        peaks: the waveform of an output, a character from `0` to `z` for each part of it.
    """
    source = files("mhsync.html")
    style = source.joinpath("page.css").read_text(encoding="utf-8")
    script = source.joinpath("page.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    data = report.to_json()
    for project in data["projects"]:
        for output in project["outputs"]:
            key = project["id"], output["path"]
            output["url"], output["peaks"] = urls.get(key), peaks.get(key)
    template = Template(source.joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(csp=policy, css=style, script=script, data=_embedded(data))


def is_page(start: bytes) -> bool:
    """Whether a file that begins with these bytes is a page that `page_of` made."""
    return start.startswith(b"<!doctype html>") and b'<meta name="generator" content="mhsync">' in start


def _embedded(data: object) -> str:
    """JSON that stays text inside of an HTML element."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    return "".join(_ESCAPES.get(char, char) for char in text)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
