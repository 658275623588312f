"""How gunicorn's workers speak with clients: one loop reads and writes for all, threads answer."""
