"""`make screenshots`: pages of a board full of telling jobs, pictured into `build/screenshots/`."""
