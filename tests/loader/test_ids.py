"""The id in a pasted URL is found where ids can be; words of the site are never proposed."""

from __future__ import annotations

import pytest

from mhsync.loader.ids import SITE_WORDS, doubt_of, id_in_url

ID = "clx7uu86w0a5qp55yxz315r6r"


@pytest.mark.parametrize(
    "url",
    [
        f"https://magichour.ai/my-library?videoId={ID}",
        f"https://magichour.ai/my-library?tab=audio&project_id={ID}#top",
        f"https://magichour.ai/create/ai-voice-generator?id={ID}",
        f"https://magichour.ai/audio/{ID}",
        f"https://magichour.ai/audio/{ID}/edit?tab=2",
        f"https://api.magichour.ai/v1/audio-projects/{ID}/",
        f"magichour.ai/library/{ID}",
        f"/v1/audio-projects/{ID}",
    ],
)
def test_the_id_in_a_url_is_found(url: str) -> None:
    assert id_in_url(url) == ID


@pytest.mark.parametrize(
    "url",
    [
        "https://magichour.ai/my-library",
        "https://magichour.ai/my-library?videoId=",
        "https://magichour.ai/my-library?videoId=my-library",
        "https://magichour.ai/create/ai-voice-generator",
        "https://magichour.ai/v1/audio-projects/",
        "https://[magichour.ai/clx7",
        "my-library",
        "https://magichour.ai/" + "1/" * 5000,
    ],
)
def test_no_id_is_proposed_for_a_url_without_one(url: str) -> None:
    assert id_in_url(url) is None


@pytest.mark.parametrize("word", sorted(SITE_WORDS))
def test_a_word_of_the_site_is_never_proposed_and_doubted_as_an_id(word: str) -> None:
    assert id_in_url(f"https://magichour.ai/{word}?videoId={word}") is None
    assert doubt_of(word) is not None
    assert doubt_of(word.upper()) is not None


@pytest.mark.parametrize("id_", [ID, "clx7", "sbx-complete", "p0", "one"])
def test_other_ids_are_not_doubted(id_: str) -> None:
    assert doubt_of(id_) is None
