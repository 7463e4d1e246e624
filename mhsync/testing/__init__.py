"""For authors of plugins: the storage conformance suite and pytest fixtures."""
