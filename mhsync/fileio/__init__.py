"""Local files that remain after their process ended: found, kept for a later run, or cleared."""
