"""The command line: one module per command under `commands`, what they share beside it.

Only this room prints, reads the clock or ends the process.
"""
