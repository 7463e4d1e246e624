"""Find an id in a pasted URL, and recognise words of the site that are not ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from mhsync.core.project import is_valid_id
from mhsync.errors import Problem

SITE_WORDS = frozenset(
    (
        "account", "ai", "api", "app", "audio", "audio-project", "audio-projects", "audios", "billing",
        "blog", "create", "dashboard", "delete", "developer", "developers", "docs", "download", "downloads",
        "edit", "en", "explore", "history", "home", "id", "index", "library", "login", "magic-hour",
        "magichour", "me", "my-library", "new", "output", "pricing", "products", "profile", "project",
        "projects", "search", "settings", "share", "sign-in", "sign-up", "signup", "studio", "tools",
        "user", "users", "video", "videos", "view", "voice", "webhooks", "www",
    )
)  # fmt: skip
"""Words in addresses of the site. No project has one as its id."""
_TOOLS = re.compile(r"(ai-)?[a-z]+(-[a-z]+)*-(generator|changer|cloner|editor|maker|audio|voice|music)")
_MAY_BE_A_WORD = re.compile(r"[A-Za-z_-]+|[vV][0-9]{1,3}")
"""What a word of the site consists of. Ids of the API have digits, so that most are no word at the first look."""
_VERSION = re.compile(r"v[0-9]{1,3}")
_PARAMETERS = ("id", "projectid", "project", "audioid", "videoid", "audioprojectid", "imageid")
_URL_MAX = 4096


def is_site_word(text: str) -> bool:
    """Whether it is a word that the site uses in its own addresses, such as `my-library` or `voice-generator`."""
    if _MAY_BE_A_WORD.fullmatch(text) is None:
        return False
    word = text.lower().replace("_", "-")
    return word in SITE_WORDS or _VERSION.fullmatch(word) is not None or _TOOLS.fullmatch(word) is not None


def id_in_url(text: str) -> str | None:
    """The id in a pasted URL: of a parameter that names one, else the last part of its path that can be one."""
    if len(text) > _URL_MAX or not ("/" in text or "?" in text):
        return None
    return next(_candidates(text.strip()), None)


def _candidates(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        parameters = parse_qsl(parts.query)
    except ValueError:
        return
    named = {name.lower().replace("_", "").replace("-", ""): value for name, value in reversed(parameters)}
    yield from (named[name] for name in _PARAMETERS if name in named and _may_be_an_id(named[name]))
    yield from (part for part in reversed(parts.path.split("/")) if _may_be_an_id(part))


def _may_be_an_id(text: str) -> bool:
    """Ids of the API have digits; a word without any is more likely a word."""
    return is_valid_id(text) and not is_site_word(text) and any(char.isdigit() for char in text)


def doubt_of(id: str) -> Problem | None:
    """Why a valid id may not be what was meant; a warning, since only the API knows its ids."""
    if not is_site_word(id):
        return None
    return Problem(
        "id_doubtful",
        f"the id {id} is a word that Magic Hour uses in its addresses, not the id of a project",
        "copy the id from the project's address, such as the value of videoId=",
        id=id,
    )
