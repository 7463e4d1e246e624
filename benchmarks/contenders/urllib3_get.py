"""urllib3 with threads and without anything around it: GET and parse every project. `urllib3_get.py URL IDS N`."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import urllib3

HEADERS = {"Authorization": "Bearer benchmark-key", "Accept": "application/json"}


def main(url: str, ids: list[str], threads: int) -> None:
    pool = urllib3.PoolManager(maxsize=threads, block=True, headers=HEADERS)

    def get_all(part: list[str]) -> int:
        complete = 0
        for id in part:
            response = pool.request("GET", f"{url}/v1/audio-projects/{id}", retries=False)
            complete += response.status == 200 and json.loads(response.data)["status"] == "complete"
        return complete

    parts = [list(islice(ids, start, None, threads)) for start in range(threads)]
    with ThreadPoolExecutor(threads) as executor:
        complete = sum(executor.map(get_all, parts))
    if complete != len(ids):
        sys.exit(f"{len(ids) - complete} are not complete")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).read_text().split(), int(sys.argv[3]))
