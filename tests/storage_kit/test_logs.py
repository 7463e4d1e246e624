"""Log records of libraries: suppressed for one thread, for the length of a block."""

from __future__ import annotations

import logging
import threading

import pytest

from mhsync.storage_kit import log_filter


def test_records_of_this_thread_are_suppressed_and_those_of_others_are_not(caplog: pytest.LogCaptureFixture):
    logger = logging.getLogger("library.connection")
    seen: list[str] = []
    with caplog.at_level(logging.DEBUG):
        with log_filter("library.connection", on_record=lambda record: seen.append(record.getMessage())):
            logger.warning("GET https://host/?sig=%s", "5ecre7")
            other = threading.Thread(target=logger.warning, args=("other thread",))
            other.start()
            other.join()
            logging.getLogger("library").warning("another logger")
        logger.warning("after the block")
    assert [record.getMessage() for record in caplog.records] == [
        "other thread",
        "another logger",
        "after the block",
    ]
    assert seen == ["GET https://host/?sig=5ecre7"]


def test_the_filter_is_removed_when_the_block_raises():
    logger = logging.getLogger("library.other")
    with pytest.raises(KeyError), log_filter("library.other"):
        raise KeyError
    assert logger.filters == []
