"""What the measurements stand on: a daemon of our own, a tmux server of our own, the C programs, and their end."""
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RELEASE = os.environ.get("ARROBA_BENCH_BIN", os.path.join(ROOT, ".build", "release"))
ARROBA = os.path.join(RELEASE, "arroba")
TOOLS = {}


def say(words):
    print(words, file=sys.stderr, flush=True)


def peers():
    """tmux, installed from Debian's packages where it is missing."""
    missing = [name for name in ("tmux", "gcc") if not shutil.which(name)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"scripts/bench/run needs {' and '.join(missing)}; run: sudo apt-get install {' '.join(missing)}")
    subprocess.run(["apt-get", "install", "-y", "-q", *missing], check=True, stdout=sys.stderr)


def programs(directory):
    for name in ("child", "client", "copier", "probe", "events"):
        TOOLS[name] = os.path.join(directory, name)
        subprocess.run(
            ["gcc", "-O2", "-Wall", "-o", TOOLS[name], os.path.join(HERE, f"{name}.c"), "-lutil"], check=True)


def numbers(argv, environment=None, limit=120):
    """Runs a program that prints a number a line."""
    done = subprocess.run(
        argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=limit,
        stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return [float(line) for line in done.stdout.split()]


def quantile(values, share):
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1) + 0.5)]


median = statistics.median


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Kibibytes by kind, as /proc tells them."""
    found = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name.startswith("Rss") or name == "VmRSS":
                found[name] = int(rest.split()[0])
    return found


def switches(pid):
    """How often each thread of a process was woken so far."""
    count = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as file:
            count[task] = sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt"))
    return count


class Daemon:
    """A daemon with its own places. Used by `with`; it and all that it runs end afterwards."""

    def __init__(self, state=None):
        self.directory = tempfile.mkdtemp(prefix="arroba-bench-")
        self.state = state or os.path.join(self.directory, "state")
        self.socket = os.path.join(self.directory, "daemon.sock")
        self.workspace = os.path.join(self.directory, "work")
        os.makedirs(self.workspace)
        self.environment = dict(
            os.environ, ARROBA_SOCKET=self.socket, ARROBA_STATE_DIR=self.state, TERM="xterm-256color",
            ARROBA_LOG_DIR=os.path.join(self.directory, "logs"))
        for name in ("ARROBA_SESSION", "ARROBA_AGENT", "ARROBA_HOST", "TMUX"):
            self.environment.pop(name, None)

    def start(self):
        """Returns the seconds until it serves."""
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [os.path.join(RELEASE, "arroba-daemon")], env=dict(self.environment, ARROBA_READY_FD=str(writer)),
            pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as ready:
            words = ready.readline().strip()
        took = time.perf_counter() - begun
        if words != "ready":
            raise RuntimeError(f"the daemon does not start: {words}")
        self.connection = Connection(self.socket)
        self.pid = self.connection.hello["daemon"]["pid"]
        self.supervisor = self.process.pid
        return took

    def stop(self):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ask(self, method, **params):
        return self.connection.ask(method, params)

    def new(self, *argv, **agent):
        agent = dict(agent, provider="terminal", argv=list(argv))
        return self.ask("session.create", workspace=self.workspace, agents=[agent])["id"]

    def talk(self, agents=1):
        """A session of scripted agents that are talked to: its id and theirs. It returns when all can be talked to."""
        made = self.ask(
            "session.create", workspace=self.workspace, agents=[{"provider": "scripted"}] * agents)
        wait_for(
            lambda: all(a["activity"]["state"] == "idle" for a in self.ask("session.get", session=made["id"])["agents"]),
            60, "the conversations")
        return made["id"], [agent["id"] for agent in made["agents"]]

    def events(self, session, how, **options):
        """A client that follows a session's events; it follows when this returns."""
        process = subprocess.Popen(
            [TOOLS["events"], how, self.socket, session], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            **options)
        if process.stdout.readline() != "following\n":
            raise RuntimeError("the events cannot be followed")
        return process

    def screen(self, session):
        return "\n".join(self.ask("terminal.screen", session=session)["text"])

    def delete(self, session):
        self.ask("session.delete", session=session, force=True)

    def client(self, *arguments, **options):
        return subprocess.Popen(
            [TOOLS["client"], arguments[0], self.socket, *map(str, arguments[1:])], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, **options)


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.next = 0
        self.hello = self.ask("hello", {"protocol": 1, "client": {"name": "bench", "version": "1"}})

    def send(self, method, params):
        self.next += 1
        words = {"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}
        self.socket.sendall(json.dumps(words).encode() + b"\n")

    def answer(self):
        while True:
            line = self.file.readline()
            if not line:
                raise RuntimeError("the daemon hung up")
            message = json.loads(line)
            if "id" not in message:
                continue
            if "error" in message:
                raise RuntimeError(message["error"])
            return message["result"]

    def ask(self, method, params):
        self.send(method, params)
        return self.answer()

    def close(self):
        self.socket.close()


class Tmux:
    """A tmux server with its own socket and no configuration."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="arroba-bench-tmux-")
        self.environment = dict(os.environ, TMUX_TMPDIR=self.directory, TERM="xterm-256color")
        self.environment.pop("TMUX", None)
        self.base = ["tmux", "-L", "bench", "-f", "/dev/null"]
        self.run("new-session", "-d", "-s", "keep", "-x", "80", "-y", "24", "cat")
        self.pid = int(self.run("display-message", "-p", "#{pid}"))
        return self

    def __exit__(self, *_):
        subprocess.run([*self.base, "kill-server"], env=self.environment, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.directory, ignore_errors=True)

    def argv(self, *arguments):
        return [*self.base, *arguments]

    def run(self, *arguments):
        return subprocess.run(
            self.argv(*arguments), env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def new(self, name, *argv):
        self.run("new-session", "-d", "-s", name, "-x", "80", "-y", "24", *argv)
        return name


def wait_for(condition, seconds=10, what="it"):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


class Results:
    def __init__(self):
        self.rows = []

    def add(self, name, ours, peer=None, unit="", target=None, kind="ratio", note=""):
        """`target`: the largest ratio (kind "ratio"), the smallest ("at least"), the largest figure ("most"), or the
        smallest ("least")."""
        ratio = ours / peer if peer else None
        judged = ours if kind in ("most", "least") else ratio
        passed = None
        if target is not None and judged is not None:
            passed = judged >= target if kind in ("at least", "least") else judged <= target
        row = dict(
            name=name, ours=ours, peer=peer, unit=unit, ratio=ratio, target=target, kind=kind, passed=passed, note=note)
        self.rows.append(row)
        print(self.line(row), flush=True)

    @staticmethod
    def heading():
        return "\n".join([
            "| what | ours | peer | ratio | target | | remarks |", "|---|---:|---:|---:|---:|---|---|"])

    @staticmethod
    def line(row):
        def figure(value):
            if value is None:
                return ""
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

        unit = f" {row['unit']}" if row["unit"] else ""
        target = ""
        if row["target"] is not None:
            sign = {"ratio": "≤ {} ×", "at least": "≥ {} ×", "most": "≤ {}" + unit, "least": "≥ {}" + unit}[row["kind"]]
            target = sign.format(f"{row['target']:g}")
        verdict = {True: "ok", False: "**missed**", None: ""}[row["passed"]]
        ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else ""
        peer = f"{figure(row['peer'])}{unit}" if row["peer"] is not None else ""
        return f"| {row['name']} | {figure(row['ours'])}{unit} | {peer} | {ratio} | {target} | {verdict} | {row['note']} |"
