"""A local server that speaks the API, with faults: to try mhsync without a key, and to test plugins."""
