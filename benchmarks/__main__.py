"""Runs the benchmarks that take seconds: growth by step, and where all workloads differ.

The large figure is `python -m benchmarks.large`.
"""

from __future__ import annotations

from benchmarks import distinct, growth

if __name__ == "__main__":
    growth.main()
    distinct.main()
