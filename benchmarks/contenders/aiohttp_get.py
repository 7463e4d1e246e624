"""aiohttp: GET and parse every project with N connections. `aiohttp_get.py URL IDS N`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp

HEADERS = {"Authorization": "Bearer benchmark-key", "Accept": "application/json"}


async def main(url: str, ids: list[str], connections: int) -> None:
    left = iter(ids)

    async def get_all(session: aiohttp.ClientSession, left: Iterator[str]) -> int:
        complete = 0
        for id in left:
            async with session.get(f"{url}/v1/audio-projects/{id}") as response:
                complete += (await response.json())["status"] == "complete"
        return complete

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
        counts = await asyncio.gather(*(get_all(session, left) for _ in range(connections)))
    if sum(counts) != len(ids):
        sys.exit(f"{len(ids) - sum(counts)} are not complete")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_text().split(), int(sys.argv[3])))
