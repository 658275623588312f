"""Pure rules: no database, no clock, no Flask. What holds when, and what a text means."""
