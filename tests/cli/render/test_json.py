"""JSON is printed in ASCII, so that every terminal can show it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mhsync.cli.render.json import dumped, dumped_pieces


def test_a_document_is_ascii_and_reads_back():
    document = {"name": "Café 音楽 \x1b[31m", "size": 1}
    text = dumped(document)
    assert text.isascii()
    assert text.startswith('{\n  "name": ')
    assert json.loads(text) == document


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


@given(st.dictionaries(st.text(max_size=5), VALUES | st.lists(VALUES, max_size=4), max_size=5))
def test_the_pieces_are_the_text_of_the_document(document):
    assert "".join(dumped_pieces(document)) == dumped(document)
    lazy = {key: iter(value) if isinstance(value, list) else value for key, value in document.items()}
    assert "".join(dumped_pieces(lazy)) == dumped(document)


def test_items_of_an_iterator_are_taken_one_by_one():
    taken = []

    def items():
        for number in range(3):
            taken.append(number)
            yield {"number": number}

    pieces = dumped_pieces({"items": items()})
    assert next(pieces) == '{\n  "items": '
    for number in range(3):
        assert f'"number": {number}' in next(pieces)
        assert taken[-1] == number
