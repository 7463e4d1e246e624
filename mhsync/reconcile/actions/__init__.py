"""The three actions of a run: download, move and delete. `apply.py` calls them; nothing else changes anything."""
