"""PyYAML's C loader, with the garbage collector off: read a manifest and check nothing. `yaml_load.py FILE`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import yaml

gc.disable()
with Path(sys.argv[1]).open("rb") as file:
    manifest = yaml.load(file, Loader=yaml.CSafeLoader)
print(len(manifest["projects"]))
