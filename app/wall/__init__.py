"""The TV face: every project on one screen that nobody touches."""
