"""Servers to be measured: `python -m tests.bench.subjects.NAME '{options}'`, until standard input ends."""
