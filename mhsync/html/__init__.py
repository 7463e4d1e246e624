"""The inventory as one HTML page that needs no network."""
