"""Keeps the outputs of mhsync on any server that speaks SFTP: `storage: sftp://user@host/path`."""
