"""The file of a run: one SQLite database, append-only, a thing to send to a colleague.

Three tables, and nothing in them is ever changed: `document` (what is said once: the run, its header), `frames` (the
bytes as they travelled) and `journal` (what happened: state changes, events). One writer, any number of readers, in any
process. A commit survives a kill -9 of the process; only a crash of the operating system may cost the last moments.
"""
