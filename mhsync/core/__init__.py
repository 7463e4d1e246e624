"""What should be: values and decisions, from the standard library alone. No I/O, no clock, no logging."""
