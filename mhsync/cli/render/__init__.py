"""What plans and reports look like: text for people, JSON for machines."""
