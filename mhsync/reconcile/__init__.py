"""Observe, apply, verify, notify: the rooms' parts put to work. In a sync only `apply` changes anything."""
