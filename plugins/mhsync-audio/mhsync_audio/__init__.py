"""A plugin of mhsync: a downloaded file that does not decode as audio never becomes visible."""
