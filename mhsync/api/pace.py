"""One pace for the whole run and each origin."""

from __future__ import annotations
