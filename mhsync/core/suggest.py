"""Suggestions for misspelt names in messages and hints."""

from __future__ import annotations

from collections.abc import Iterable

LENGTH = 60
"""Characters of the misspelt name that are compared: the comparison takes quadratic time."""
CUTOFF = 0.6


def suggest(name: object, known: Iterable[str], cutoff: float = CUTOFF) -> str | None:
    """The known name that a misspelt one probably means; None where no known name is similar.

    Args:
        name: as the user wrote it. Its case is ignored.
        known: the names that are possible. Of two that are equally similar, the first in the order of letters is
            returned.
        cutoff: the least similarity, from 0 to 1.
    """
    # Imported here: a valid input needs no suggestion.
    from difflib import get_close_matches

    words = {word.lower(): word for word in sorted(known, reverse=True)}
    near = get_close_matches(str(name)[:LENGTH].lower(), sorted(words), n=1, cutoff=cutoff)
    return words[near[0]] if near else None
