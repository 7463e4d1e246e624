"""The Magic Hour API: transport, pace, client, downloads. The only room that knows urllib3."""
