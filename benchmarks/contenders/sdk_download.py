"""The vendor's SDK: download every project's outputs with `check_result`. `sdk_download.py URL IDS FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from magic_hour import Client

client = Client(token="benchmark-key", base_url=sys.argv[1])
for id in Path(sys.argv[2]).read_text().split():
    result = client.v1.audio_projects.check_result(
        id=id, wait_for_completion=True, download_outputs=True, download_directory=sys.argv[3]
    )
    if not result.downloaded_paths:
        sys.exit(f"{id} was not downloaded")
