"""Plays streams to a real xterm and keeps what it showed: one JSON line each.

    golden.py ORACLE OUT [COUNT [FIRST [STEP]]]

ORACLE is the directory with oracle.py (see docs/TESTING.md), COUNT how many streams of each family there are; with
FIRST and STEP several of these share the work.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import streams  # noqa: E402


def main():
    sys.path.insert(0, sys.argv[1])
    from oracle import Xterm

    out, count = sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 64
    first, step = (int(sys.argv[4]) if len(sys.argv) > 4 else 0), (int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    done = set()
    if os.path.exists(out):
        done = {tuple(json.loads(line)["id"]) for line in open(out)}
    x = Xterm(40, 12)
    with open(out, "a") as file:
        for number in range(first, count, step):
            for family in streams.FAMILIES:
                if (family, number) in done:
                    continue
                data = streams.stream(family, number)
                try:
                    s = x.run(data, 40, 12)
                except Exception as error:  # an xterm that lost itself is started anew
                    print(family, number, error, file=sys.stderr)
                    try:
                        x.close()
                    except Exception:
                        pass
                    x = Xterm(40, 12)
                    continue
                cells = [[[c[0], c[1][0], c[1][1], sorted(c[1][2])] for c in row] for row in s.cells]
                row = {"id": [family, number], "bytes": data.hex(), "cells": cells, "cursor": s.cursor, "modes": {str(k): v for k, v in s.modes.items()}, "title": s.title}
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
                file.flush()
    x.close()


main()
