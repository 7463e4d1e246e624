"""A plugin of mhsync: events as signed CloudEvents, posted to a webhook."""
