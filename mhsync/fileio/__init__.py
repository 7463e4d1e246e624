"""Files of this machine that outlive their process: told from live ones, kept for a later run, or cleared."""
