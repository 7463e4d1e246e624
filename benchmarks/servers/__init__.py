"""Servers that the suite starts on loopback, each as a process of its own, and ends."""
