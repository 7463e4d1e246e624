"""Parse an address to listen on: `HOST:PORT`, `PORT`, or `[IPV6]:PORT`."""

from __future__ import annotations

import re

LOOPBACK = "127.0.0.1"
_ADDRESS = re.compile(r"(?:(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):)?(?P<port>[0-9]{1,5})", re.ASCII)
_PORT_MAX = 65535


def parse_address(text: str) -> tuple[str, int]:
    """The host and the port of an address; without a host it is loopback. The port 0 means a free one.

    Raises:
        ValueError: the text is not an address.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > _PORT_MAX:
        raise ValueError(f"{text!r:.80} is not an address: write 9090, 127.0.0.1:9090 or [::1]:9090")
    return (match["host"] or LOOPBACK).strip("[]"), int(match["port"])
