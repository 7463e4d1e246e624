"""Stores the outputs of mhsync on an SFTP server: `storage: sftp://user@host/path`."""
