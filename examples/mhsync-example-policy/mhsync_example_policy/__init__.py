"""An example of a policy for mhsync: deletes at certain hours only, and metrics of each run."""
