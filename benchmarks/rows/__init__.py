"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.row import Row
from benchmarks.rows import loading, requests, s3, settled, sftp, start, transfers, verify

ROWS: tuple[Row, ...] = (
    *requests.ROWS,
    *transfers.ROWS,
    *settled.ROWS,
    *loading.ROWS,
    *start.ROWS,
    *verify.ROWS,
    *s3.ROWS,
    *sftp.ROWS,
)
