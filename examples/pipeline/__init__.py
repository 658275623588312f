"""A small document-ingestion pipeline that reports its jobs to a board.

To learn how jobs are reported, read `jobs` (what a report says), `board` (how it is sent) and
`reports` (when). The rest is the work that there is to report:

options      arguments and environment    graph    nodes, edges and jobs in a SQLite file
documents    which files to read          ingest   the workers
texts        their text, or why not       check    whether board and graph agree at the end
phrases      chunks, phrases and links    stop     how all of it comes to a halt
"""
