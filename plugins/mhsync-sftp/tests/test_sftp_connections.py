"""Many threads, few connections, and lost connections."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mhsync import StorageError, StorageUnavailable
from mhsync.testing.content import content, get, paths, put


def many_at_once(storage, count: int) -> None:
    """Each thread has a reader and a writer open at once."""
    put(storage, "source.wav", content(100_000))
    all_open = threading.Barrier(count)

    def work(number: int) -> None:
        with storage.open("source.wav") as reader, storage.write(f"{number}.wav") as writer:
            all_open.wait(60)
            assert storage.stat("source.wav") is not None
            writer.write(reader.read())

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))
    assert all(get(storage, f"{number}.wav") == content(100_000) for number in range(count))


@pytest.mark.parametrize("connections", [1, 3])
def test_there_are_never_more_connections_than_allowed(place, connections: int) -> None:
    place.options["connections"] = connections
    storage = place.opener.open()
    many_at_once(storage, 16)
    storage.close()
    assert len(place.server.transports) == connections


def test_fewer_connections_are_used_if_the_server_allows_fewer(new_place) -> None:
    place = new_place(connections=2)
    storage = place.opener.open()
    many_at_once(storage, 8)
    storage.close()


def test_threads_wait_for_a_session_if_the_server_allows_few(new_place) -> None:
    place = new_place(sessions=3)
    place.options["connections"] = 2
    storage = place.opener.open()
    started = threading.Barrier(12)

    def work(number: int) -> None:
        started.wait(60)
        put(storage, f"{number}.wav", content(50_000))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert len(paths(storage)) == 12
    storage.close()


def test_a_thread_that_needs_several_sessions_can_use_one_for_all(new_place) -> None:
    place = new_place(sessions=1)
    place.options["connections"] = 1
    storage = place.opener.open()
    put(storage, "a.wav", content(300_000))
    started = threading.Barrier(4)

    def work(number: int) -> None:
        started.wait(60)
        with storage.open("a.wav") as reader, storage.write(f"{number}.wav") as writer:
            while data := reader.read(70_000):
                writer.write(data)
                assert storage.stat("a.wav").size == 300_000

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert all(get(storage, f"{number}.wav") == content(300_000) for number in range(4))
    storage.close()


def test_the_wait_for_a_session_has_a_timeout(new_place) -> None:
    place = new_place(sessions=1)
    place.options["connections"] = 1
    storage = place.opener.open()
    storage._pool._wait_timeout = 0.2
    with ThreadPoolExecutor(1) as pool, storage.write("a.wav") as writer:
        writer.write(b"x")
        other = pool.submit(storage.stat, "a.wav")
        with pytest.raises(StorageError, match=r"\[127.0.0.1\]:\d+ allows no more SFTP sessions") as caught:
            other.result(60)
    assert "connections" in caught.value.hint
    assert get(storage, "a.wav") == b"x"
    storage.close()


def test_a_server_that_refuses_all_sessions_is_an_error(new_place) -> None:
    storage = new_place(sessions=0).opener.open()
    with pytest.raises(StorageUnavailable, match="refuses SFTP sessions"):
        storage.stat("a.wav")
    storage.close()


def test_an_idle_connection_that_was_lost_is_replaced(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", b"before")
    place.server.hang_up()
    assert get(storage, "a.wav") == b"before"
    place.server.hang_up()
    put(storage, "b.wav", b"after")
    place.server.hang_up()
    assert paths(storage) == ["a.wav", "b.wav"]
    storage.close()


@pytest.mark.parametrize("extensions", [("posix-rename@openssh.com",), ()], ids=["replace", "no replace"])
@pytest.mark.parametrize("operation", ["replace", "rename", "mkdir", "list", "lstat", "remove", "rmdir"])
def test_an_operation_whose_response_was_lost_takes_effect_once(new_place, operation, extensions) -> None:
    place = new_place(extensions=extensions)
    storage = place.opener.open()
    put(storage, "x/keep.wav", b"kept")
    put(storage, "x/old.wav", b"moved")
    steps = (
        lambda: put(storage, "y/new.wav", b"new"),
        lambda: put(storage, "x/keep.wav", b"replaced"),
        lambda: storage.copy("x/old.wav", "z/copied.wav"),
        lambda: storage.remove("x/old.wav"),
        lambda: storage.remove("y/new.wav"),
    )
    for step in steps:
        place.behaviour.break_on = operation
        step()
        assert set(paths(storage)) <= {"x/keep.wav", "x/old.wav", "y/new.wav", "z/copied.wav"}
    assert paths(storage) == ["x/keep.wav", "z/copied.wav"]
    assert get(storage, "x/keep.wav") == b"replaced"
    assert get(storage, "z/copied.wav") == b"moved"
    storage.close()


@pytest.mark.parametrize("at", [0, 1, 20], ids=["first", "early", "late"])
def test_a_connection_that_is_lost_during_a_write_keeps_the_old_file(place, at: int) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", b"before")
    lost = pytest.raises(StorageError, match=r"cannot write sftp://.*/audio/a\.wav: the connection was lost")
    with lost, storage.write("a.wav") as writer:
        for step in range(40):
            if step == at:
                place.behaviour.break_on = "write"
            writer.write(content(100_000))
    assert get(storage, "a.wav") == b"before"
    assert paths(storage) == ["a.wav"]
    assert list((place.folder / ".mhsync/tmp").iterdir()) == []
    put(storage, "a.wav", b"after")
    storage.close()


def test_a_connection_that_is_lost_during_a_read_is_an_error_and_never_a_short_file(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(5_000_000))
    with storage.open("a.wav") as reader:
        assert reader.read(10) == content(5_000_000)[:10]
        place.server.hang_up()
        with pytest.raises(StorageError, match=r"cannot read sftp://.*a\.wav: the connection was lost"):
            while reader.read(100_000):
                pass
    assert get(storage, "a.wav") == content(5_000_000)
    storage.close()


def test_an_unreachable_server_is_tried_again_only_after_a_pause(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", b"x")
    place.server.close()
    begun = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        outcomes = [pool.submit(storage.stat, "a.wav") for _ in range(200)]
        errors = [outcome.exception() for outcome in outcomes]
    assert time.monotonic() - begun < 10
    assert all(isinstance(error, StorageUnavailable) for error in errors)
    storage.close()


def test_a_server_that_stops_responding_is_an_error(new_place) -> None:
    place = new_place()
    place.options["timeout"] = 1
    storage = place.opener.open()
    put(storage, "a.wav", b"x")
    place.server.behaviour.hang_on = "lstat"
    begun = time.monotonic()
    with pytest.raises(StorageError, match="did not respond in time"):
        storage.stat("a.wav")
    assert time.monotonic() - begun < 15
    place.server.behaviour.hang_on = None
    assert storage.stat("a.wav") is not None
    storage.close()


def test_close_closes_all_connections(place) -> None:
    storage = place.opener.open()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: put(storage, f"{number}.wav", b"x"), range(20)))
    assert place.server.alive
    storage.close()
    deadline = time.monotonic() + 20
    while place.server.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert place.server.alive == []
    with pytest.raises(StorageError, match="closed"):
        storage.stat("a.wav")
