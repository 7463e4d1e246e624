"""The Magic Hour API: HTTP transport, retries, rate limiting, client, downloads. Only this folder uses urllib3."""
