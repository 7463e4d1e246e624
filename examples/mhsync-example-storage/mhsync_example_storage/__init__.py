"""An example of a storage for mhsync: outputs and receipts in one SQLite file."""
