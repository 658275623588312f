"""How jobs get here that nobody reports in our own words: events of others, read as reports."""
