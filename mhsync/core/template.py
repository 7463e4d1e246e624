"""The path template of a manifest, such as `{id}/{filename}`: its rules, and how it is filled.

A template consists of literal text and fields. The rules keep every output inside the storage, outside of mhsync's
own folder, and under a name that all file systems and object stores accept. `check_text` applies the rules to a
path whose fields were filled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from mhsync.core.layout import PRIVATE_FOLDER
from mhsync.core.suggest import suggest
from mhsync.errors import Problem

FIELDS = ("id", "name", "type", "index", "filename", "stem", "ext", "date")
SEGMENT_MAX = 255
"""Bytes of one segment (the part between two `/`) in UTF-8: the limit of common file systems."""
TEXT_MAX = 1024
"""Bytes of a whole path in UTF-8: the limit of object stores for a key."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_PLAIN_SEGMENT = (
    # No device of Windows; `au{` may become `aux`.
    r"(?!(?i:con|prn|aux|nul|clock|conin|conout|com[0-9]|lpt[0-9])(?:[.{/]|\Z)|(?i:au)\{)"
    r"(?:[A-Za-z0-9_-]|\{(?:id|name|type|index|filename|stem|date)\})"
    r"(?:[A-Za-z0-9_-]|\{(?:id|name|type|index|filename|stem|date)\}|\.(?=[A-Za-z0-9_-]))*+(?:\{ext\})?"
)
_PLAIN = re.compile(rf"{_PLAIN_SEGMENT}(?:/{_PLAIN_SEGMENT})*")
"""Templates in which nothing is wrong. Most are of this form, and this check takes a twentieth of the time."""
DEVICE = re.compile(r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9_. -]{0,100}[A-Za-z0-9_-])?")
SLASH_LOOK_ALIKES = frozenset("\u2044\u2215\u2216\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c")
"""Characters that look like `/` or a backslash and are neither."""
_INVISIBLE = frozenset(("Cc", "Cs", "Zl", "Zp"))
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LOOKS_LIKE = str.maketrans("\u04bb\u0455\u0443\u0441\u0578\u043c", "hsycnm")
"""Cyrillic and Armenian letters that a reader takes for those of `.mhsync`."""
_MAY_BE_LEFT = frozenset(("path_private", "path_climbs", "path_device"))
"""What counts also where `{ext}` is empty."""
_OTHER_WORDS = {
    "extension": "ext",
    "suffix": "ext",
    "title": "name",
    "number": "index",
    "n": "index",
    "i": "index",
    "file": "filename",
    "basename": "filename",
    "created_at": "date",
    "day": "date",
    "project": "id",
    "project_id": "id",
}


def fields_of(template: str) -> frozenset[str]:
    """The known fields in the template."""
    return frozenset(name for name in _FIELD.findall(template) if name in FIELDS)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The path of one output from a checked template; each of `values` is safe as one segment.

    Raises:
        KeyError: a field of the template is not in `values`.
    """
    return _FIELD.sub(lambda match: values[match[1]], template)


def path_key(path: str) -> str:
    """A key that is equal for two paths that some file systems treat as one, by case or the form of accents."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def check_template(template: str) -> tuple[Problem, ...]:
    """All problems of a template; empty if it can be used."""
    if len(template) <= SEGMENT_MAX and _PLAIN.fullmatch(template):
        return ()
    if len(template) > TEXT_MAX:
        return check_text(template)
    # A field becomes at least one valid character; `ext` becomes nothing, or a dot and characters.
    short = [found for found in check_text(_sample(template, ext="")) if found.code in _MAY_BE_LEFT]
    return tuple(dict.fromkeys((*_field_problems(template), *check_text(_sample(template, ext=".x")), *short)))


def check_text(path: str) -> tuple[Problem, ...]:
    """All problems of a path without fields; empty if a storage can use it."""
    if len(path) <= TEXT_MAX and all(map(is_plain_name, path.split("/"))):
        return ()
    if len(path.encode(errors="surrogatepass")) > TEXT_MAX:
        return (Problem("path_long", f"the path is longer than {TEXT_MAX} bytes", "shorten it"),)
    return tuple(dict.fromkeys((*_whole_problems(path), *_segments_problems(path))))


def _sample(template: str, ext: str) -> str:
    filled = _FIELD.sub(lambda match: ext if match[1] == "ext" else "x", template)
    return filled.replace("{", "x").replace("}", "x")


def _field_problems(template: str) -> Iterator[Problem]:
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    for name in dict.fromkeys(_FIELD.findall(template)):
        if name not in FIELDS:
            yield _unknown_field(name, known)
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        brace = "{" if "{" in rest else "}"
        yield Problem(
            "path_brace", f"the path has a stray '{brace}'", f"braces are allowed around a field only: {known}"
        )
    if ".{ext}" in template:
        yield Problem("path_ext", "the path has a dot before {ext}", "{ext} includes its own dot: remove this one")
    elif "{ext}" in template.split("/"):
        yield Problem(
            "path_ext", "the path has only {ext} as a name", "write a name before it, such as {stem}{ext}"
        )


def _unknown_field(name: str, known: str) -> Problem:
    shown = _show("{" + name + "}")
    plain = re.split(r"[:!.\[]", name, maxsplit=1)[0].strip()
    if plain != name and plain in FIELDS:
        return Problem(
            "path_format",
            f"the path has a field with a format: {shown}",
            f"write {{{plain}}}: fields take no format",
        )
    lower = plain.lower()
    near = _OTHER_WORDS.get(lower) or suggest(lower, FIELDS)
    hint = f"did you mean {{{near}}}? The fields are {known}" if near else f"the fields are {known}"
    return Problem("path_field", f"the path has an unknown field: {shown}", hint)


def _whole_problems(path: str) -> Iterator[Problem]:
    if not path:
        yield Problem("path_empty", "the path is empty", "write one such as '{id}/{filename}'")
        return
    if path.startswith("/"):
        yield Problem(
            "path_absolute", "the path is absolute", "paths are relative to the storage: remove the first '/'"
        )
    if "\\" in path:
        yield Problem("path_backslash", "the path has a backslash", "write '/' between folders")
    for char in dict.fromkeys(path):
        if unicodedata.category(char) in _INVISIBLE or char in _BIDI:
            yield Problem("path_control", f"the path has a control character, U+{ord(char):04X}", "remove it")
        elif char in SLASH_LOOK_ALIKES:
            yield Problem(
                "path_slash",
                f"the path has U+{ord(char):04X}, which only looks like a slash",
                "write '/' between folders, or another character",
            )


def _segments_problems(path: str) -> Iterator[Problem]:
    segments = path.removeprefix("/").split("/") if path else []
    for segment in dict.fromkeys(segments[:-1]):
        yield from _segment_problems(segment, is_last=False)
    for segment in segments[-1:]:
        yield from _segment_problems(segment, is_last=True)


def _segment_problems(segment: str, *, is_last: bool) -> Iterator[Problem]:
    shown = _show(segment)
    plain = unicodedata.normalize("NFKC", segment)
    if not segment:
        yield (
            Problem("path_folder", "the path ends with '/'", "add the file's name, such as {filename}")
            if is_last
            else Problem("path_empty_segment", "the path has '//'", "write one '/'")
        )
    elif plain.strip(" ") in (".", ".."):
        yield Problem(
            "path_climbs", f"the path has the segment {shown}", "paths must stay inside the storage: remove it"
        )
    elif is_private(segment):
        yield Problem(
            "path_private",
            f"the path enters mhsync's own folder: {shown}",
            f"{PRIVATE_FOLDER}/ is reserved for receipts: choose another name",
        )
    elif segment[-1] in ". ":
        what = "a dot" if segment[-1] == "." else "a space"
        yield Problem(
            "path_trailing", f"the segment {shown} ends with {what}", f"some storages drop it: remove {what}"
        )
    elif DEVICE.fullmatch(plain) or _DRIVE.match(plain):
        kind = "a Windows device" if DEVICE.fullmatch(plain) else "a drive letter"
        yield Problem("path_device", f"the segment {shown} names {kind}", "choose another name")
    if len(segment.encode(errors="surrogatepass")) > SEGMENT_MAX:
        yield Problem(
            "path_long_segment",
            f"a segment of the path is longer than {SEGMENT_MAX} bytes: {shown}",
            "shorten it: file systems accept no more",
        )


def is_plain_name(segment: str) -> bool:
    """Whether a name is at most 102 letters, digits, `_`, `-`, inner dots and spaces, and no device.

    Most names are. All rules of paths hold for such a name, so that the slower checks can be left out.
    """
    return _PLAIN_NAME.fullmatch(segment) is not None and DEVICE.fullmatch(segment) is None


def is_private(segment: str) -> bool:
    """Whether a segment is the name of mhsync's folder on any file system, or looks like it."""
    plain = unicodedata.normalize("NFKC", segment)
    seen = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    return seen.casefold().translate(_LOOKS_LIKE).rstrip(". ") == PRIVATE_FOLDER


def _show(text: str) -> str:
    """A text for a message: short, with invisible characters escaped."""
    return repr(text if len(text) <= 60 else text[:59] + "…")
