"""A plugin of mhsync: one message a run, to any service that Apprise knows."""
