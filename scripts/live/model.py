#!/usr/bin/env python3
"""Scripted OpenAI-compatible chat model for the live tests (stdlib only); scripts/live/run starts it.

  python3 model.py --port 0 --log model.ndjson

Routes: GET /v1/models, POST /v1/chat/completions (stream and non-stream), GET /_stats
The prompt text carries a marker:  [[fake:NAME]]  or  [[fake:NAME|ARG]]
The LAST user message that has a marker decides. The number of tool results after that
message decides the step (0 = first model call of the turn, 1 = after the tools ran, ...).
A request without tools is a helper request (title, summary, compaction).

NAME        behaviour
plain       short text in 6 chunks                      reasoning   reasoning_content, then text
slow        one chunk every 0.3 s for ARG s (60)        hang        role chunk, then silence for ARG s (120)
bash        shell tool call, command = ARG              bash2       two shell calls in one step
loop        same shell call for ARG steps (4; doom_loop) write      write tool, ARG = path
edit        edit tool, ARG = path (old->new)            read        read tool, ARG = path
task        subagent call, ARG = marker for the child   question    question tool, two options
todo        todowrite (V1 only)                         badtool     a tool name that does not exist
badjson     tool arguments that are not JSON            big         ARG text chunks of 200 bytes (2000)
err500 err429 err401 err403 err400   always that status        flaky500 flaky429   twice that status, then plain
ctx         400 context_length_exceeded                 cut         3 chunks, then TCP close
sseerr      3 chunks, then an error object in the SSE   length      finish_reason length
filter      finish_reason content_filter                empty       finish stop without any text
cut0        TCP close before any header                   same        ARG (4) identical shell calls in one step
mcp         tool rec_echo of mcp_server.py, ARG = text
"""
import argparse, json, re, threading, time, socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MARK = re.compile(r"\[\[fake:([a-z0-9_]+)(?:\|(.*?))?\]\]", re.S)
lock = threading.Lock()
counters = {}
stats = {"requests": 0, "open": 0, "client_closed": 0}
T0 = time.time()


def text_of(content):
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(p.get("text", "") for p in content if isinstance(p, dict))
    return ""


def decide(body):
    msgs = body.get("messages") or []
    tools = body.get("tools") or []
    found, index = None, -1
    for i, m in enumerate(msgs):
        if m.get("role") == "user":
            hits = MARK.findall(text_of(m.get("content")))
            if hits:
                found, index = hits[-1], i
    after = sum(1 for m in msgs[index + 1:] if m.get("role") == "tool") if index >= 0 else 0
    if not tools:
        system = " ".join(text_of(m.get("content")) for m in msgs if m.get("role") == "system").lower()
        if found and found[0] in ("slowhelper",):
            return found[0], found[1], after, tools
        return ("title" if "title" in system else "summary"), "", after, tools
    if not found:
        return "plain", "", after, tools
    return found[0], found[1], after, tools


def pick(tools, *names):
    have = {t.get("function", {}).get("name"): t["function"] for t in tools if t.get("type") == "function"}
    for n in names:
        if n in have:
            return n, have[n].get("parameters", {}).get("properties", {})
    return names[0], {}


def key(props, *names):
    for n in names:
        if n in props:
            return n
    return names[0]


class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def record(self, **kw):
        kw["t"] = round((time.time() - T0) * 1000)
        with lock:
            with open(ARGS.log, "a") as f:
                f.write(json.dumps(kw, ensure_ascii=False) + "\n")

    def send_json(self, status, obj, headers=()):
        data = json.dumps(obj).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path.startswith("/_stats"):
            return self.send_json(200, stats)
        if self.path.rstrip("/").endswith("/models"):
            return self.send_json(200, {"object": "list", "data": [
                {"id": m, "object": "model", "owned_by": "fake"} for m in ("fake-model", "fake-small")]})
        self.send_json(404, {"error": {"message": "no route"}})

    def do_POST(self):
        n = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(n)
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            return self.send_json(400, {"error": {"message": "bad json"}})
        name, arg, step, tools = decide(body)
        with lock:
            stats["requests"] += 1
            stats["open"] += 1
            seq = stats["requests"]
        hdr = {k.lower(): v for k, v in self.headers.items()}
        if "authorization" in hdr:
            hdr["authorization"] = "REDACTED"
        self.record(ev="request", epoch_ms=round(time.time() * 1000), seq=seq, path=self.path, scenario=name, arg=arg, step=step, headers=hdr, body=body)
        result = "ok"
        try:
            self.serve(seq, body, name, arg, step, tools)
        except (BrokenPipeError, ConnectionResetError, socket.timeout):
            result = "client_closed"
            self.close_connection = True
            with lock:
                stats["client_closed"] += 1
        finally:
            with lock:
                stats["open"] -= 1
            self.record(ev="done", epoch_ms=round(time.time() * 1000), seq=seq, scenario=name, step=step, result=result)

    # ---- failures -------------------------------------------------------
    def serve(self, seq, body, name, arg, step, tools):
        err = lambda msg, typ, code: {"error": {"message": msg, "type": typ, "code": code}}
        if name in ("flaky500", "flaky429"):
            with lock:
                counters[name + (arg or "")] = counters.get(name + (arg or ""), 0) + 1
                tries = counters[name + (arg or "")]
            name = ("err500" if name == "flaky500" else "err429") if tries <= 2 else "plain"
        if name == "err500":
            return self.send_json(500, err("scripted server failure", "server_error", "internal"))
        if name == "err429":
            return self.send_json(429, err("scripted throttling", "rate_limit_error", "rate_limited"),
                                  [("retry-after", arg if (arg or "").isdigit() else "2")])
        if name == "err401":
            return self.send_json(401, err("Incorrect API key provided", "invalid_request_error", "invalid_api_key"))
        if name == "err403":
            return self.send_json(403, err("scripted refusal", "permission_error", "forbidden"))
        if name == "cut0":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if name == "err400":
            return self.send_json(400, err("scripted bad argument", "invalid_request_error", "bad_argument"))
        if name == "ctx" and step == 0:
            with lock:
                counters["ctx"] = counters.get("ctx", 0) + 1
            if counters["ctx"] == 1:
                return self.send_json(400, err("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
                                               "invalid_request_error", "context_length_exceeded"))
        if not body.get("stream"):
            text = "Recorded title" if name == "title" else "Recorded helper text."
            return self.send_json(200, {"id": f"cmpl-{seq}", "object": "chat.completion", "created": int(time.time()),
                "model": body.get("model"), "choices": [{"index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text}}], "usage": self.usage(text)})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-cache")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.stream(seq, body, name, arg, step, tools)

    @staticmethod
    def usage(text):
        out = max(1, len(text) // 4)
        return {"prompt_tokens": 100, "completion_tokens": out, "total_tokens": 100 + out,
                "prompt_tokens_details": {"cached_tokens": 0}}

    # ---- streaming ------------------------------------------------------
    def raw(self, data):
        self.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")
        self.wfile.flush()

    def chunk(self, seq, body, delta=None, finish=None, **extra):
        obj = {"id": f"cmpl-{seq}", "object": "chat.completion.chunk", "created": int(time.time()), "model": body.get("model"),
               "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}]}
        obj.update(extra)
        self.raw(b"data: " + json.dumps(obj, ensure_ascii=False).encode() + b"\n\n")

    def fin(self, seq, body, reason, text=""):
        self.chunk(seq, body, {}, reason)
        self.chunk(seq, body, usage=self.usage(text), choices=[])
        self.raw(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def say(self, seq, body, text, parts=6, delay=0.05):
        size = max(1, len(text) // parts + 1)
        for i in range(0, len(text), size):
            self.chunk(seq, body, {"content": text[i:i + size]})
            time.sleep(delay)

    def call(self, seq, body, index, name, args, ident=None, delay=0.03):
        payload = args if isinstance(args, str) else json.dumps(args)
        self.chunk(seq, body, {"tool_calls": [{"index": index, "id": ident or f"call_{seq}_{index}", "type": "function",
                                               "function": {"name": name, "arguments": ""}}]})
        for i in range(0, len(payload), 16):
            self.chunk(seq, body, {"tool_calls": [{"index": index, "function": {"arguments": payload[i:i + 16]}}]})
            time.sleep(delay)

    def stream(self, seq, body, name, arg, step, tools):
        self.chunk(seq, body, {"role": "assistant", "content": ""})
        if name == "title":
            self.say(seq, body, "Recorded title", 2, 0)
            return self.fin(seq, body, "stop", "Recorded title")
        if name == "summary":
            self.say(seq, body, "## Summary\nRecorded compaction summary.", 3, 0)
            return self.fin(seq, body, "stop", "summary")
        if name in ("slow", "slowhelper"):
            until = time.time() + float(arg or 60)
            i = 0
            while time.time() < until:
                i += 1
                self.chunk(seq, body, {"content": f"tick {i} "})
                time.sleep(0.3)
            return self.fin(seq, body, "stop", "tick")
        if name == "hang":
            until = time.time() + float(arg or 120)
            self.connection.settimeout(1)
            while time.time() < until:
                try:
                    if self.connection.recv(1) == b"":
                        raise BrokenPipeError
                except (socket.timeout, TimeoutError):
                    continue
            return self.fin(seq, body, "stop", "")
        if name == "cut":
            self.say(seq, body, "this answer is cut off in the middle", 3)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if name == "sseerr":
            self.say(seq, body, "this answer ends with an error object", 3)
            self.raw(b'data: {"error":{"message":"scripted stream failure","type":"server_error","code":"internal"}}\n\n')
            self.wfile.write(b"0\r\n\r\n")
            return
        if name == "length":
            self.say(seq, body, "this answer hits the output limit", 3)
            return self.fin(seq, body, "length", "x")
        if name == "filter":
            self.say(seq, body, "this answer is filtered", 2)
            return self.fin(seq, body, "content_filter", "x")
        if name == "empty":
            return self.fin(seq, body, "stop", "")
        if name == "big":
            for i in range(int(arg or 2000)):
                self.chunk(seq, body, {"content": f"{i:06d} " + "x" * 192 + "\n"})
            return self.fin(seq, body, "stop", "x" * 1000)
        if name == "reasoning":
            for w in ("Let me ", "think ", "about it."):
                self.chunk(seq, body, {"reasoning_content": w})
                time.sleep(0.05)
            self.say(seq, body, "Reasoned answer.", 3)
            return self.fin(seq, body, "stop", "Reasoned answer.")

        shell, sprops = pick(tools, "bash", "shell")
        def shell_args(cmd):
            a = {"command": cmd}
            if "description" in sprops:
                a["description"] = "Recorded command"
            return a
        todo = None
        if name == "bash" and step == 0:
            todo = [(shell, shell_args(arg or "echo recorded"))]
        elif name == "bash2" and step == 0:
            todo = [(shell, shell_args((arg or "echo one") + " #1")), (shell, shell_args((arg or "echo two") + " #2"))]
        elif name == "same" and step == 0:
            todo = [(shell, shell_args("echo same"))] * int(arg or 4)
        elif name == "loop" and step < int(arg or 4):
            todo = [(shell, shell_args("echo same"))]
        elif name == "write" and step == 0:
            n, p = pick(tools, "write")
            todo = [(n, {key(p, "filePath", "path"): arg or "recorded.txt", "content": "recorded\nfile\n"})]
        elif name == "edit" and step == 0:
            n, p = pick(tools, "edit")
            todo = [(n, {key(p, "filePath", "path"): arg or "recorded.txt", "oldString": "recorded", "newString": "changed"})]
        elif name == "read" and step == 0:
            n, p = pick(tools, "read")
            todo = [(n, {key(p, "filePath", "path"): arg or "recorded.txt"})]
        elif name == "task" and step == 0:
            n, p = pick(tools, "task", "subagent")
            a = {"description": "Recorded child", "prompt": "[[fake:%s]]" % (arg or "plain").replace("~", "|")}
            a[key(p, "subagent_type", "agent", "agentID", "id")] = "general"
            todo = [(n, a)]
        elif name == "question" and step == 0:
            n, p = pick(tools, "question")
            todo = [(n, {"questions": [{"question": "Which color?", "header": "Color",
                     "options": [{"label": "Red", "description": "a red one"}, {"label": "Blue", "description": "a blue one"}]}]})]
        elif name == "todo" and step == 0:
            n, p = pick(tools, "todowrite")
            todo = [(n, {"todos": [{"content": "first", "status": "in_progress", "priority": "high", "id": "1"},
                                   {"content": "second", "status": "pending", "priority": "low", "id": "2"}]})]
        elif name == "mcp" and step == 0:
            n, p = pick(tools, "rec_echo", "rec-echo", "mcp__rec__echo")
            todo = [(n, {"text": arg or "hi"})]
        elif name == "badtool" and step == 0:
            todo = [("no_such_tool", {"a": 1})]
        elif name == "badjson" and step == 0:
            todo = [(shell, '{"command": "echo broken')]
        if todo:
            self.say(seq, body, "I will use a tool.", 2)
            for i, (n, a) in enumerate(todo):
                self.call(seq, body, i, n, a)
            return self.fin(seq, body, "tool_calls", "tool")
        text = "Done after %d tool result(s)." % step if step else "Hello from the scripted model. This is plain text."
        self.say(seq, body, text)
        self.fin(seq, body, "stop", text)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, default=9999)
    ap.add_argument("--log", default="model.jsonl")
    ARGS = ap.parse_args()
    srv = ThreadingHTTPServer(("127.0.0.1", ARGS.port), H)
    srv.daemon_threads = True
    print(f"fake model on http://127.0.0.1:{srv.server_port}/v1", flush=True)
    srv.serve_forever()
