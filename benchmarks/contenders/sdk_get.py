"""The vendor's SDK: GET every project, one after another (it has no call for many). `sdk_get.py URL IDS`."""

from __future__ import annotations

import sys
from pathlib import Path

from magic_hour import Client

client = Client(token="benchmark-key", base_url=sys.argv[1])
for id in Path(sys.argv[2]).read_text().split():
    if client.v1.audio_projects.get(id=id).status != "complete":
        sys.exit(f"{id} is not complete")
