"""Ringfence proves who can reach whom, shows why, and keeps it that way.

Exit codes: 0 proved, clean or answered; 1 an intent fails or a finding is at or above the threshold; 2 the usage or
the input is at fault, or Ringfence itself.
"""
