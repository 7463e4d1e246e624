"""A server that answers every GET of a project after a fixed latency, however many requests are open.

It runs as a process of its own (`python delayed.py PORT SECONDS`) and imports nothing of the suite's, so that it
starts fast. One request costs it about 0.05 ms: it is not the limit of any row.
"""

from __future__ import annotations

import asyncio
import sys

_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: keep-alive\r\nContent-Length: "
_PREFIX = b"GET /v1/audio-projects/"


class Answers(asyncio.Protocol):
    """One connection: requests in, and each answer `latency` seconds after its request."""

    def __init__(self, latency: float, template: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._latency = latency
        self._template = template
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            if not head.startswith(_PREFIX):
                self._transport.close()
                return
            id = head[len(_PREFIX) : head.index(b" ", len(_PREFIX))].decode("ascii")
            self._loop.call_later(self._latency, self._answer, id)

    def _answer(self, id: str) -> None:
        body = self._template.replace("{id}", id)
        if not self._transport.is_closing():
            self._transport.write(f"{_HEAD}{len(body)}\r\n\r\n{body}".encode())


async def serve(port: int, latency: float, template: str) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Answers(latency, template), "127.0.0.1", port, backlog=4096
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
