"""The documents are true: blocks run, links lead somewhere, nothing is left out."""
