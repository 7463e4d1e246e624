"""A plugin of mhsync: stores outputs wherever fsspec can write, with `storage: fsspec+SCHEME://…`."""
