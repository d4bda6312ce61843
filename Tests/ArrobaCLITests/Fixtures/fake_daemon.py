"""A daemon that speaks the protocol and has no sessions of its own: tests say what it answers."""
import json, os, socket, struct, threading

SESSION = {"id": "s_abcdefghij", "alias": "build", "workspace": "/w", "state": "open",
           "createdAt": "2026-07-30T04:31:52.123Z", "focused": "a_klmnopqrst", "attached": 0}
AGENT = {"id": "a_klmnopqrst", "session": "s_abcdefghij", "alias": None, "provider": "terminal", "model": None,
         "directory": "/w", "argv": ["bash"], "envNames": [], "cols": 80, "rows": 24,
         "createdAt": "2026-07-30T04:31:52.123Z", "focused": True, "attached": 0,
         "activity": {"state": "idle", "since": "2026-07-30T04:31:52.123Z", "reason": "", "source": "process"},
         "run": {"id": "r_1", "state": "running", "pid": 4, "startedAt": "2026-07-30T04:31:52.123Z"}}
SESSION["agents"] = [AGENT]


class Refusal(Exception):
    def __init__(self, kind, message, hint=None, **data):
        super().__init__(message)
        self.error = {"code": -32000, "message": message,
                      "data": {"kind": kind, "retryable": False, **({"hint": hint} if hint else {}), **data}}


def frame(kind, payload=b""):
    return kind.encode() + struct.pack(">I", len(payload)) + payload


class Lane:
    """The daemon's side of an attached terminal."""

    def __init__(self, connection, rest, params):
        self.connection, self.buffer, self.params = connection, rest, params
        self.input = b""
        self.sizes = []

    def send(self, kind, payload=b""):
        self.connection.sendall(frame(kind, payload))

    def output(self, data): self.send("O", data)
    def screen(self, offset, data): self.send("S", struct.pack(">Q", offset) + data)
    def exit(self, status): self.send("X", struct.pack(">i", status))

    def receive(self):
        """The next frame, or None at the end."""
        while len(self.buffer) < 5 or len(self.buffer) < 5 + struct.unpack(">I", self.buffer[1:5])[0]:
            try:
                more = self.connection.recv(65536)
            except ConnectionError:
                return None
            if not more:
                return None
            self.buffer += more
        length = struct.unpack(">I", self.buffer[1:5])[0]
        kind, payload = chr(self.buffer[0]), self.buffer[5:5 + length]
        self.buffer = self.buffer[5 + length:]
        if kind == "I": self.input += payload
        if kind == "R": self.sizes.append(struct.unpack(">HH", payload))
        return kind, payload

    def read_input(self, count):
        while len(self.input) < count:
            if self.receive() is None: raise AssertionError(f"the lane ended after {self.input!r}")
        return self.input

    def wait_for(self, kind):
        while True:
            got = self.receive()
            if got is None: raise AssertionError(f"the lane ended before {kind}")
            if got[0] == kind: return got[1]

    def wait_for_end(self):
        seen = ""
        while (got := self.receive()) is not None: seen += got[0]
        return seen

    def close(self):
        try: self.connection.shutdown(socket.SHUT_RDWR)
        except OSError: pass
        self.connection.close()


class FakeDaemon:
    """`handlers`: method -> result or function(params, daemon) -> result; `lane`: function(Lane, answer number)."""

    def __init__(self, path, handlers=None, lane=None, attach=None):
        self.path, self.handlers, self.lane, self.attach_answer = path, handlers or {}, lane, attach
        self.requests, self.failures, self.attachments = [], [], 0
        self.threads, self.connections = [], []
        self.listen()

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(self.path): os.unlink(self.path)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.spawn(self.accept)

    def spawn(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        listener = self.listener
        while True:
            try: connection, _ = listener.accept()
            except OSError: return
            self.connections.append(connection)
            self.spawn(self.guarded, connection)

    def stop_listening(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)

    def guarded(self, connection):
        try: self.serve(connection)
        except (ConnectionError, OSError): pass
        except BaseException as error: self.failures.append(repr(error))

    def serve(self, connection):
        buffer = b""
        while True:
            while b"\n" not in buffer:
                more = connection.recv(65536)
                if not more: return
                buffer += more
            line, buffer = buffer.split(b"\n", 1)
            request = json.loads(line)
            method, params = request["method"], request.get("params", {})
            self.requests.append((method, params))
            answer = {"jsonrpc": "2.0", "id": request["id"]}
            try:
                answer["result"] = self.answer(method, params, connection)
            except Refusal as refusal:
                answer["error"] = refusal.error
            connection.sendall(json.dumps(answer).encode() + b"\n")
            if method == "terminal.attach" and "result" in answer:
                self.attachments += 1
                self.lane(Lane(connection, buffer, params), self.attachments)
                return
            if method == "events.subscribe":
                for event in self.handlers.get("events", []):
                    connection.sendall(json.dumps(event).encode() + b"\n")
            if method == "daemon.shutdown":
                connection.close()
                return

    def answer(self, method, params, connection):
        if method in self.handlers:
            handler = self.handlers[method]
            return handler(params, self) if callable(handler) else handler
        if method == "hello":
            return {"protocol": 1, "daemon": {"version": "0.1.0", "pid": os.getpid(), "startedAt": "x"},
                    "log": {"id": "l_1", "head": 7}, "heartbeatMs": 5000}
        if method in ("agent.get", "agent.focus", "agent.cycle", "agent.rename", "agent.restart", "terminal.resize"):
            return AGENT
        if method in ("session.create", "session.get", "session.rename"): return SESSION
        if method == "session.list": return {"sessions": [SESSION], "asOf": 7}
        if method == "daemon.ping": return {}
        if method == "terminal.attach":
            if self.attach_answer: return self.attach_answer(params, self)
            return {"attachment": "t_1", "offset": 0, "inputOffset": 0, "cols": 80, "rows": 24}
        raise Refusal("not_supported", f"the fake daemon does not know {method}")

    def close(self):
        try: self.stop_listening()
        except OSError: pass
        for connection in self.connections:
            try: connection.shutdown(socket.SHUT_RDWR)
            except OSError: pass
            connection.close()
        for thread in self.threads: thread.join(5)
