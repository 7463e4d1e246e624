"""Stores the outputs of mhsync in S3, Google Cloud Storage or Azure Blob Storage, through obstore."""
