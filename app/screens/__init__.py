"""The managing of TVs: their list, their links and codes, and the requests by which one pairs."""
