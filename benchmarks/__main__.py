"""Runs the benchmarks that take seconds: growth by step. The large figure is `python -m benchmarks.large`."""

from __future__ import annotations

from benchmarks import growth

if __name__ == "__main__":
    growth.main()
