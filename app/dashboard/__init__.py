"""The HTML face: the overview, the pages of projects and jobs."""
