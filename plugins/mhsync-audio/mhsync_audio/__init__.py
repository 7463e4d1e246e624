"""A plugin of mhsync. A downloaded file that does not decode as audio never becomes visible."""
