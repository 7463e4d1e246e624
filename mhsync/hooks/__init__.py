"""Plugins: the typed hook specifications, the manager that loads them, and our own built-ins."""
