"""Values and decisions, with the standard library only. No I/O, no clock, no logging."""
