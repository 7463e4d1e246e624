"""Plugins: hook specifications, discovery, registration, and the calls of each hook."""
