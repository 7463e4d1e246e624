"""Keeps the outputs of mhsync wherever fsspec can write: `storage: fsspec+SCHEME://…`."""
