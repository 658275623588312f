"""Measurements of the board, as ratios that mean the same on another machine. See README.md."""
