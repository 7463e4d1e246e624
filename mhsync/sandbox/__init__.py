"""A local server of the API that can inject faults: for trials without a key, and for tests of plugins."""
