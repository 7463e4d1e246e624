"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.row import Row
from benchmarks.rows import requests, transfers

ROWS: tuple[Row, ...] = (*requests.ROWS, *transfers.ROWS)
