"""JSON is printed in ASCII, so that every terminal can show it."""

from __future__ import annotations

import json

from mhsync.cli.render.json import dumped


def test_a_document_is_ascii_and_reads_back():
    document = {"name": "Café 音楽 \x1b[31m", "size": 1}
    text = dumped(document)
    assert text.isascii()
    assert text.startswith('{\n  "name": ')
    assert json.loads(text) == document
