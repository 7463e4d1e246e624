"""The inbox: receives the vendor's webhooks, and records which projects exist."""
