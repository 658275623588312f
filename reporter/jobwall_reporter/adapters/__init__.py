"""Reports for libraries that run documents by themselves: a module each, which imports its library.

None of them is imported by `jobwall_reporter` itself. What an adapter does not know, such as how
many chunks were made, a function that it runs can tell: `jobwall_reporter.current().add(chunks=1)`.
"""
