"""An example policy for mhsync: deletes only at certain hours, and metrics of each run."""
