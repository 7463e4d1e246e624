"""Where outputs and receipts are kept: the contract, a folder, its lock, and receipts in any storage."""
