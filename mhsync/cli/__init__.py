"""The command line: every file a command; `render/` draws. Parses and prints; `reconcile/` does it."""
