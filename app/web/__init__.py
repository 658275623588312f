"""What every page needs and no job: assets, caches, the live part, errors, headers, formatters."""
