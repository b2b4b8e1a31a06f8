"""Know which certificates there are, when they are due, whether clients take them; issue and renew them.

All commands take --at TIME in place of the clock, and -o json.
"""
