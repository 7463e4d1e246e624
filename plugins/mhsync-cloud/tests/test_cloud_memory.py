"""A file takes no more memory than a part of it, whatever its length. `test_cloud_ceph` tries it with 2 GiB."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloud_memory import BOUND, MIB, stream
from cloud_servers import Cloud


@pytest.mark.parametrize("size", [200 * MIB])
def test_a_file_of_many_parts_takes_no_more_memory_than_a_few(
    size: int, s3: Cloud, prefix: str, tmp_path: Path
) -> None:
    ran = stream(s3.opener(prefix), size, tmp_path, 300)
    assert ran.status == 0, ran.err
    assert 10 * MIB < ran.peak < BOUND
