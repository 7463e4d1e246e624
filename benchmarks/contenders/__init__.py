"""Other programs for the same work, each run as a process of its own. None of them imports mhsync."""
