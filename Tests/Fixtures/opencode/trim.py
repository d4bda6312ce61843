#!/usr/bin/env python3
"""Makes the fixtures beside this file from recordings of a real OpenCode server.

usage: trim.py RECORDINGS

RECORDINGS has a folder for each scenario, with the event stream (sse.ndjson) and our calls (http.ndjson). What is left of
them is what a translator needs, in the order of time: events without the "sync" copies and without the families that
nobody reads, and the calls that mean something. Long texts are cut. One line each:

  {"base": ms}                          milliseconds since 1970 at t = 0
  {"t": ms, "event": {...}}             as it came on /global/event
  {"t": ms, "end": "..."}               the stream ended
  {"t": ms, "done": ms, "call": "POST /path", "body": ..., "status": n, "answer": ...}
"""
import json
import os
import re
import sys

LONGEST = 6000
LEFT_OUT = ("sync", "plugin.added", "catalog.updated", "integration.updated", "reference.updated", "session.diff",
            "project.updated", "file.edited", "file.watcher.updated", "server.heartbeat")
CALLS = re.compile(
    r"^(POST /session|POST /session/[^/]+/(prompt_async|abort|message|shell|command|summarize)"
    r"|POST /permission/[^/]+/reply|POST /question/[^/]+/(reply|reject)|POST /session/[^/]+/permissions/[^/]+"
    r"|GET /session/[^/]+/message|GET /session/status|GET /permission|GET /question|GET /session/[^/]+/children)$")


def cut(value):
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "<cut>"
    if isinstance(value, list):
        return [cut(v) for v in value]
    if isinstance(value, dict):
        return {k: cut(v) for k, v in value.items() if k not in ("responseHeaders", "project", "slug", "projectID")}
    return value


def lines(path):
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                yield json.loads(line)


def trim(folder):
    rows = []
    base = None
    for row in lines(folder + "/sse.ndjson"):
        if "event" in row:
            payload = row["event"].get("payload", row["event"])
            if payload["type"] in LEFT_OUT:
                continue
            times = ((payload.get("properties") or {}).get("info") or {}).get("time") or {}
            if base is None and times.get("updated", times.get("created")):
                base = times.get("updated", times.get("created")) - row["t"]
            rows.append((row["t"], 1, {"t": row["t"], "event": cut(row["event"])}))
        elif "end" in row:
            rows.append((row["t"], 1, {"t": row["t"], "end": row["end"]}))
    for row in lines(folder + "/http.ndjson"):
        call = f'{row["method"]} {row["path"].split("?")[0]}'
        if CALLS.match(call):
            done = row["t"] + row["dt"]
            # What was asked for is known at its beginning, what it answered at its end.
            rows.append((row["t"], 0, {"t": row["t"], "done": done, "call": call, "body": cut(row.get("req_body")),
                                       "status": row["status"], "answer": cut(row.get("body"))}))
    if not any("event" in row[2] for row in rows):
        return None
    rows.sort(key=lambda row: (row[0], row[1]))
    return [{"base": base or 0}] + [row[2] for row in rows]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(sys.argv[1])):
        rows = trim(f"{sys.argv[1]}/{name}")
        if rows:
            with open(f"{here}/{name}.ndjson", "w") as file:
                for row in rows:
                    file.write(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n")


main()
