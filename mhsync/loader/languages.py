"""The languages of manifests: YAML, JSON and JSON Lines. The suffix of a file's name decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mhsync.dataclass import dataclass
from mhsync.loader import yaml_scan
from mhsync.loader.problems import Problems
from mhsync.loader.scanned import ScannedProjects
from mhsync.loader.yaml_nodes import Node
from mhsync.loader.yaml_parser import Parsed, parse_text
from mhsync.settings import ManifestSettings

_JSON = ".json"
_JSON_LINES = (".jsonl", ".ndjson")
SUFFIXES = (".yaml", ".yml", _JSON, *_JSON_LINES)
"""The suffixes of manifests in a folder. A file that is named itself may have any: YAML or JSON Lines."""
_TWO_OBJECTS = re.compile(r"\s*(\{[^\r\n]*\})[ \t]*\r?\n\s*\{")


@dataclass(frozen=True, slots=True)
class Language:
    """How the text of a manifest is read."""

    parse: Callable[[str, Problems, ManifestSettings], Parsed]
    scans: tuple[Callable[[str], ScannedProjects | None], ...]
    """From the one that reads the most."""


def language_of(name: str, text: str = "") -> Language:
    """The language of a file, by the suffix of its name; without a known suffix, JSON Lines by its content.

    Args:
        text: the content of the file.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES and _begins_as_json_lines(text):
        suffix = _JSON_LINES[0]
    if suffix not in (_JSON, *_JSON_LINES):
        return Language(parse_text, (yaml_scan.scan, partial(yaml_scan.scan, resumes=False)))
    # Imported here: most manifests are YAML.
    from mhsync.loader import json_parser, json_scan

    if suffix == _JSON:
        return Language(_whole(json_parser.parse_json), (json_scan.scan,))
    return Language(_whole(json_parser.parse_json_lines), (json_scan.scan_lines,))


def _begins_as_json_lines(text: str) -> bool:
    """Whether the first line is a JSON object, and another one begins on the next line that is not empty."""
    begin = _TWO_OBJECTS.match(text)
    if begin is None:
        return False
    import json

    try:
        return isinstance(json.loads(begin[1]), dict)
    except (ValueError, RecursionError):
        return False


def _whole(
    parse: Callable[[str, Problems, ManifestSettings], Node | None],
) -> Callable[[str, Problems, ManifestSettings], Parsed]:
    def parse_lines(text: str, problems: Problems, settings: ManifestSettings) -> Parsed:
        return Parsed(parse(text.replace("\r\n", "\n").replace("\r", "\n"), problems, settings))

    return parse_lines
