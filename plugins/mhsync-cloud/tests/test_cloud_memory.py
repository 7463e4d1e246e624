"""The memory for a file does not depend on its size. `test_cloud_ceph` tests it with 2 GiB."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloud_memory import BOUND, MIB, stream
from cloud_servers import Cloud


@pytest.mark.parametrize("size", [200 * MIB])
def test_the_memory_for_a_file_of_many_parts_is_bounded(size: int, s3: Cloud, prefix: str, tmp_path: Path) -> None:
    ran = stream(s3.opener(prefix), size, tmp_path, 300)
    assert ran.status == 0, ran.err
    assert 10 * MIB < ran.peak < BOUND
