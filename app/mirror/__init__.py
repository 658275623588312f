"""The mirror: follows upstreams that list jobs as we do, so that their jobs appear here."""
