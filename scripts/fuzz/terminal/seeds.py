"""The corpus to begin with: pieces of the recordings and of the golden streams, with a size before them."""
import json
import os
import sys


def main():
    root, out = sys.argv[1:]
    fixtures = os.path.join(root, "Tests", "Fixtures", "terminal")
    number = 0
    for name in ("xterm-golden.ndjson", "xterm-families.ndjson"):
        for line in open(os.path.join(fixtures, name)):
            row = json.loads(line)
            data = b"".join(c.encode("latin-1") for c in row["chunks"] if isinstance(c, str))
            open(os.path.join(out, f"{number}"), "wb").write(bytes([39, 11, 128]) + data[-2000:])
            number += 1
    for folder, _, files in os.walk(os.path.join(fixtures, "recordings")):
        for file in files:
            data = b""
            for line in open(os.path.join(folder, file)):
                event = json.loads(line)
                if isinstance(event, list) and event[0] == "o":
                    data += event[1].encode()
            for start in range(0, min(len(data), 60000), 2000):
                open(os.path.join(out, f"{number}"), "wb").write(bytes([59, 15, 128]) + data[start : start + 2000])
                number += 1


main()
