"""`make chaos`: every fault for real, and what everybody else has of the board meanwhile."""
