"""The benchmark suite: mhsync and other programs do the same work in turn, against servers on loopback.

`make bench` runs all rows, `make bench-check` a smaller scale of them and fails where a bound is missed.
`docs/performance.md` explains the rows and prints the last table.

A row (`row.py`) lists contenders, which are whole processes. `measure.py` runs them in turn and takes medians;
`bounds.py` lists what must be reached; `report.py` writes JSON and Markdown.
"""
