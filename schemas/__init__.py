"""The JSON Schemas that ship with mhsync; `mhsync schema NAME` prints one."""
