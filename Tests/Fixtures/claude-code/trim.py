#!/usr/bin/env python3
"""trim.py RECORDED OUT: one file a scenario out of what was recorded of the real Claude Code.

A line is {"t": ms, "in"|"out"|"err": what was said}. What is long and says nothing here (the lists of tools, commands and
models) is cut to its first two members; nothing else is changed.
"""
import json
import pathlib
import sys

LONG = {"tools", "slash_commands", "commands", "agents", "models", "skills", "plugins", "capabilities",
        "available_output_styles", "categories", "memory_paths", "modelUsage", "subagent_stats"}


def trim(value):
    if isinstance(value, list):
        return [trim(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: (one[:2] if key in LONG and isinstance(one, list) else {} if key in LONG and isinstance(one, dict)
                  else trim(one)) for key, one in value.items()}


def main():
    source, out = map(pathlib.Path, sys.argv[1:])
    for place in sorted(source.iterdir()):
        # Two modes that are not talked to in lines.
        if place.name in ("text-mode", "json-mode") or not (place / "in.ndjson").exists():
            continue
        rows = []
        for name in ("in", "out", "err"):
            file = place / f"{name}.ndjson"
            for text in filter(None, file.read_text().split("\n")) if file.exists() else []:
                row = json.loads(text)
                rows.append((row["n"], {"t": round(row["t"] * 1000), name: trim(row.get("msg", row.get("raw")))}))
        if not any("out" in row for _, row in rows):
            continue
        rows.sort(key=lambda pair: pair[0])
        lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for _, row in rows]
        (out / f"{place.name}.ndjson").write_text("\n".join(lines) + "\n")


main()
