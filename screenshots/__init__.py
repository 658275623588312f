"""`make screenshots`: the pages of a board full of telling jobs, as pictures in `docs/`."""
