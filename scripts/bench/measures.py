"""The measurements. Each takes turns between ours and the peer within a round; medians over the rounds are told."""
import json
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import stage
from stage import ARROBA, TOOLS, Connection, Daemon, Tmux, cpu_seconds, median, memory, numbers, quantile, wait_for

MB = 1_000_000


def turns(round_number, *sides):
    """Who goes first changes from round to round."""
    return sides if round_number % 2 == 0 else tuple(reversed(sides))


def attach_argv(session):
    return [ARROBA, "attach", session]


def held(argv, environment):
    """A client on a terminal that is drained and thrown away, until its stdin is closed."""
    return subprocess.Popen(
        [TOOLS["probe"], "hold", "--", *argv], env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def let_go(process):
    process.stdin.close()
    process.wait()


def echo_of(argv, environment, count=400, gap_us=5000):
    return numbers([TOOLS["probe"], "echo", str(count), str(gap_us), "--", *argv], environment)


# Keystrokes.


class Copier:
    """The C program that only copies, with a program on its terminal."""

    def __init__(self, *argv):
        self.directory = tempfile.mkdtemp(prefix="arroba-bench-copier-")
        self.socket = os.path.join(self.directory, "socket")
        self.process = subprocess.Popen(
            [TOOLS["copier"], self.socket, *argv], stdin=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(self.socket), what="the copier")

    def __enter__(self):
        return self

    def end(self):
        """Waits for its end; returns the CPU seconds that it took."""
        used = os.wait4(self.process.pid, 0)[2]
        self.process.returncode = 0
        return used.ru_utime + used.ru_stime

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def echo(results, rounds):
    samples = {"ours": [], "tmux": [], "plain client": [], "copier": []}
    with Daemon() as daemon, Tmux() as tmux:
        session = daemon.new(TOOLS["child"], "echo")
        tmux.new("echo", TOOLS["child"], "echo")

        def measure(side):
            if side == "ours":
                return echo_of(attach_argv(session), daemon.environment)
            if side == "tmux":
                return echo_of(tmux.argv("attach", "-t", "echo"), tmux.environment)
            if side == "plain client":
                return echo_of([TOOLS["client"], "attach", daemon.socket, session], daemon.environment)
            with Copier(TOOLS["child"], "echo") as copier:
                return echo_of([TOOLS["client"], "attach", copier.socket, "-"], daemon.environment)

        for number in range(rounds):
            for side in turns(number, *samples):
                samples[side].append(measure(side))
    p50 = {side: median(quantile(s, 0.5) for s in found) for side, found in samples.items()}
    p99 = {side: median(quantile(s, 0.99) for s in found) for side, found in samples.items()}
    results.add(
        "echo, a key every 5 ms, p50", p50["ours"], p50["tmux"], "µs", 1.2,
        note=f"a plain C client {p50['plain client']:.0f} µs; C client and C copier {p50['copier']:.0f} µs")
    results.add(
        "the same, p99", p99["ours"], p99["tmux"], "µs",
        note=f"a plain C client {p99['plain client']:.0f} µs; C client and C copier {p99['copier']:.0f} µs")


def flood(results, rounds):
    for words, watched in (("a flood beside it that nobody sees", False), ("a flood beside it that a client takes", True)):
        samples = {"ours": [], "tmux": []}
        for number in range(rounds):
            for side in turns(number, *samples):
                if side == "ours":
                    with Daemon() as daemon:
                        session = daemon.new(TOOLS["child"], "echo")
                        yes = daemon.new(TOOLS["child"], "forever")
                        holder = held(attach_argv(yes), daemon.environment) if watched else None
                        samples[side].append(echo_of(attach_argv(session), daemon.environment))
                else:
                    with Tmux() as tmux:
                        tmux.new("echo", TOOLS["child"], "echo")
                        tmux.new("yes", TOOLS["child"], "forever")
                        holder = held(tmux.argv("attach", "-t", "yes"), tmux.environment) if watched else None
                        samples[side].append(echo_of(tmux.argv("attach", "-t", "echo"), tmux.environment))
                if holder:
                    let_go(holder)
        for name, share, target in (("p50", 0.5, None), ("p99", 0.99, 1.0)):
            ours, peer = (median(quantile(s, share) for s in samples[side]) for side in ("ours", "tmux"))
            results.add(f"echo, {words}, {name}", ours, peer, "µs", target)


# Output.


def drain_ours(total, color, stalled=False):
    """MB/s to a client that takes all, and what else was seen."""
    with Daemon() as daemon:
        session = daemon.new(TOOLS["child"], "lines", str(total), *(["color"] if color else []))
        staller = daemon.client("stall", session) if stalled else None
        if staller:
            staller.stdout.readline()
        before, cpu = memory(daemon.pid), cpu_seconds(daemon.pid)
        done = daemon.client("drain", session, drained(total, color))
        figures = json.loads(done.stdout.read())
        done.wait()
        after = memory(daemon.pid)
        figures["cpu"] = cpu_seconds(daemon.pid) - cpu
        own = [m["RssAnon"] + m["RssFile"] for m in (before, after)]
        figures["growth"], figures["ring growth"] = own[1] - own[0], after["RssShmem"] - before["RssShmem"]
        if staller:
            let_go(staller)
        figures["rate"] = figures["bytes"] / figures["seconds"] / MB
        return figures


def drain_copier(total, color):
    with Copier(TOOLS["child"], "lines", str(total), *(["color"] if color else [])) as copier:
        done = subprocess.run(
            [TOOLS["client"], "drain", copier.socket, "-", str(drained(total, color))], stdout=subprocess.PIPE, check=True)
        figures = json.loads(done.stdout)
        return figures["bytes"] / figures["seconds"] / MB, copier.end()


def drained(total, color):
    """Bytes that surely come, one for each written and some more for the line ends."""
    return total


def bulk(results, rounds):
    total = 200 * MB
    for words, color in (("plain lines", False), ("coloured lines", True)):
        ours, peers = [], []
        for number in range(rounds):
            for side in turns(number, "ours", "copier"):
                if side == "ours":
                    ours.append(drain_ours(total, color))
                else:
                    peers.append(drain_copier(total, color))
        jumps = median(f["skipped"] for f in ours) / total
        rates = [f["rate"] / rate for f, (rate, _) in zip(ours, peers)]
        share = 100 * MB / total
        results.add(
            f"output to one client, {words}", median(f["rate"] for f in ours), median(rate for rate, _ in peers), "MB/s",
            0.85, "at least",
            note=f"ratios of the rounds {min(rates):.2f} to {max(rates):.2f}; CPU per 100 MB: daemon "
            f"{median(f['cpu'] for f in ours) * share:.2f} s, copier {median(cpu for _, cpu in peers) * share:.2f} s; "
            f"{jumps:.0%} skipped by repaints")


def stalled(results, rounds):
    total = 200 * MB
    alone, beside = [], []
    for number in range(rounds):
        for side in turns(number, "alone", "beside"):
            (alone if side == "alone" else beside).append(drain_ours(total, False, stalled=side == "beside"))
    results.add(
        "output beside a client that never reads", median(f["rate"] for f in beside), median(f["rate"] for f in alone),
        "MB/s", 0.95, "at least", note="peer: the same without that client")
    results.add(
        "growth of the daemon by 200 MB beside it", median(f["growth"] for f in beside) / 1024, None, "MB", 2, "most",
        note=f"without it {median(f['growth'] for f in alone) / 1024:.2g} MB (scrollback of 10,000 lines is in both); "
        f"the ring, once, {median(f['ring growth'] for f in beside) / 1024:.2g} MB")


def nobody(results, rounds):
    total = 100 * MB
    for words, color in (("plain", []), ("coloured", ["color"])):
        ours, theirs = [], []
        for number in range(rounds):
            for side in turns(number, "ours", "tmux"):
                if side == "ours":
                    with Daemon() as daemon:
                        session = daemon.new(TOOLS["child"], "lines", str(total), *color)
                        time.sleep(0.2)
                        before = cpu_seconds(daemon.pid)
                        daemon.ask("terminal.input", session=session, text="g")
                        wait_for(
                            lambda: daemon.ask("session.get", session=session)["agents"][0]["activity"]["state"] == "stopped",
                            60, "the end of the output")
                        ours.append(cpu_seconds(daemon.pid) - before)
                else:
                    with Tmux() as tmux:
                        tmux.new("lines", TOOLS["child"], "lines", str(total), *color)
                        time.sleep(0.2)
                        before = cpu_seconds(tmux.pid)
                        tmux.run("send-keys", "-t", "lines", "g")
                        wait_for(lambda: "lines" not in tmux.run("list-sessions"), 60, "the end of the output")
                        theirs.append(cpu_seconds(tmux.pid) - before)
        results.add(f"output that nobody sees, CPU per 100 MB, {words}", median(ours), median(theirs), "s", 0.5)


def fan(results, rounds):
    """Until the last of 16 clients has shown the last line, and the program's end."""
    total, clients = 20 * MB, 16
    for words, color in (("plain lines", []), ("coloured lines", ["color"])):
        rates = {"ours": [], "tmux": []}
        for number in range(rounds):
            for side in turns(number, *rates):
                if side == "ours":
                    with Daemon() as daemon:
                        session = daemon.new(TOOLS["child"], "lines", str(total), *color)
                        holders = [held(attach_argv(session), daemon.environment) for _ in range(clients)]
                        wait_for(lambda: daemon.ask("session.get", session=session)["attached"] == clients, 20, "all clients")
                        time.sleep(0.5)
                        begun = time.perf_counter()
                        daemon.ask("terminal.input", session=session, text="g")
                        for holder in holders:
                            holder.wait()
                        rates[side].append(total / (time.perf_counter() - begun) / MB)
                else:
                    with Tmux() as tmux:
                        tmux.new("lines", TOOLS["child"], "lines", str(total), *color)
                        holders = [held(tmux.argv("attach", "-t", "lines"), tmux.environment) for _ in range(clients)]
                        wait_for(
                            lambda: tmux.run("list-clients", "-t", "lines").count("lines") >= clients, 20, "all clients")
                        time.sleep(0.5)
                        begun = time.perf_counter()
                        tmux.run("send-keys", "-t", "lines", "g")
                        for holder in holders:
                            holder.wait()
                        rates[side].append(total / (time.perf_counter() - begun) / MB)
        ours, theirs = median(rates["ours"]), median(rates["tmux"])
        results.add(f"output to {clients} clients, {words}", ours, theirs, "MB/s", 2.5, "at least")


# Input.


def paste(results, rounds):
    size = 1 << 20
    for words, sleep in (("a program that reads", []), ("a program that sleeps 300 ms first", ["300"])):
        ours, peers, whole = [], [], True
        for number in range(max(rounds, 5)):
            for side in turns(number, "ours", "copier"):
                if side == "ours":
                    with Daemon() as daemon:
                        session = daemon.new(TOOLS["child"], "sink", str(size), *sleep)
                        done = daemon.client("paste", session, size)
                        figures = json.loads(done.communicate(timeout=60)[0])
                        ours.append(figures["seconds"])
                        whole = whole and figures["whole"]
                else:
                    with Copier(TOOLS["child"], "sink", str(size), *sleep) as copier:
                        done = subprocess.run(
                            [TOOLS["client"], "paste", copier.socket, "-", str(size)], stdout=subprocess.PIPE, check=True,
                            timeout=60)
                        peers.append(json.loads(done.stdout)["seconds"])
        results.add(
            f"paste of 1 MiB into {words}", median(ours) * 1e3, median(peers) * 1e3, "ms", 2,
            note="nothing lost" if whole else "**bytes were lost**")


# Processes.


def timed(argv, environment, times):
    return numbers([TOOLS["probe"], "time", str(times), "--", *argv], environment)


def start(results, rounds):
    with Daemon() as daemon, Tmux() as tmux:
        for count in (1, 50):
            while len(daemon.ask("session.list")["sessions"]) < count:
                daemon.new("sleep", "100000")
            while tmux.run("list-sessions").count("\n") < count:
                tmux.run("new-session", "-d", "sleep 100000")
            ours, theirs = [], []
            for number in range(rounds):
                for side in turns(number, "ours", "tmux"):
                    if side == "ours":
                        ours += timed([ARROBA, "ls"], daemon.environment, 20)
                    else:
                        theirs += timed(tmux.argv("ls"), tmux.environment, 20)
            results.add(f"`ls`, {count} session{'s' * (count > 1)}", median(ours) / 1e3, median(theirs) / 1e3, "ms", 1.5)
        ours, theirs = [], []
        for number in range(rounds):
            for side in turns(number, "ours", "tmux"):
                if side == "ours":
                    ours += timed([ARROBA, "new", "-d", "--", "sleep", "100000"], daemon.environment, 10)
                else:
                    theirs += timed(tmux.argv("new", "-d", "sleep 100000"), tmux.environment, 10)
        bare = numbers([TOOLS["client"], "create", daemon.socket, "50", daemon.workspace])
        results.add(
            "a new detached session", median(ours) / 1e3, median(theirs) / 1e3, "ms", 1.5,
            note=f"session.create on an open connection: p50 {quantile(bare, .5) / 1e3:.2f} ms, "
            f"p95 {quantile(bare, .95) / 1e3:.2f} ms")


def first(results, rounds):
    mark = "LAST-WORDS"
    paint = (
        "i=1; while [ $i -lt 24 ]; do printf '\\033[3%dmline %d of a screen\\033[0m %s\\n' $((i%8)) $i "
        "'abcdefghijklmnopqrstuvwxyz 0123456789 ABCDEFGHIJ'; i=$((i+1)); done; ")
    for words, before in (("", ""), (", 10,000 lines of scrollback", "seq 1 10000; ")):
        script = before + paint + f"printf {mark}; exec cat"
        samples = {"ours": [], "tmux": [], "plain client": []}
        with Daemon() as daemon, Tmux() as tmux:
            session = daemon.new("sh", "-c", script)
            tmux.new("screen", "sh", "-c", script)
            wait_for(lambda: mark in daemon.screen(session), what="the screen")
            wait_for(lambda: mark in tmux.run("capture-pane", "-p", "-t", "screen"), what="tmux's screen")
            for number in range(rounds * 6):
                for side in turns(number, *samples):
                    argv, environment = {
                        "ours": (attach_argv(session), daemon.environment),
                        "tmux": (tmux.argv("attach", "-t", "screen"), tmux.environment),
                        "plain client": ([TOOLS["client"], "attach", daemon.socket, session], daemon.environment),
                    }[side]
                    samples[side] += numbers([TOOLS["probe"], "first", mark, "--", *argv], environment)
        ours, theirs, plain = (median(samples[side]) / 1e3 for side in ("ours", "tmux", "plain client"))
        results.add(f"attach to first full screen{words}", ours, theirs, "ms", 1.0, note=f"a plain C client {plain:.2f} ms")


# Standing costs.


PROMPT = "printf '\\033[01;32muser@host\\033[00m:\\033[01;34m~/project\\033[00m$ '; exec cat"


def own_memory(pid):
    kinds = memory(pid)
    return kinds["RssAnon"] + kinds["RssShmem"]


def memory_use(results, rounds):
    count = 200
    with Daemon() as daemon:
        time.sleep(0.5)
        results.add("supervisor, resident", memory(daemon.supervisor)["VmRSS"] / 1024, None, "MB", 6, "most")
        results.add("daemon, idle, resident", memory(daemon.pid)["VmRSS"] / 1024, None, "MB", 35, "most")
        for _ in range(5):
            daemon.new("sh", "-c", PROMPT)
        time.sleep(0.5)
        before = memory(daemon.pid), memory(daemon.supervisor)
        for _ in range(count):
            session = daemon.new("sh", "-c", PROMPT)
        wait_for(lambda: "user@host" in daemon.screen(session), what="the prompt")
        time.sleep(1)
        after = memory(daemon.pid), memory(daemon.supervisor)

        def each(which, kind):
            return (after[which][kind] - before[which][kind]) / count

        own = each(0, "RssAnon") + each(0, "RssShmem")
        results.add(
            "each idle 80×24 terminal, in the daemon", own, None, "KB", 30, "most",
            note=f"{each(0, 'RssAnon'):.1f} KB its own, {each(0, 'RssShmem'):.1f} KB of the shared ring; "
            f"in the supervisor {each(1, 'RssAnon'):.1f} + {each(1, 'RssShmem'):.1f} KB (the same ring pages)")
    with Daemon() as daemon:
        session = daemon.new("sh", "-c", "stty -echo; read go; seq -f 'line %06g of typical scrollback, about sixty columns wide' 1 10100; exec cat")
        time.sleep(0.5)
        before = memory(daemon.pid)
        daemon.ask("terminal.input", session=session, text="g\n")
        wait_for(lambda: "010100" in daemon.screen(session), what="the scrollback")
        after = memory(daemon.pid)
        results.add(
            "10,000 lines of scrollback", (after["RssAnon"] - before["RssAnon"]) / 1024, None, "MB", 3, "most",
            note=f"beside {(after['RssShmem'] - before['RssShmem']) / 1024:.2g} MB of ring")


def idle(results, rounds):
    seconds = 10
    with Daemon() as daemon:
        sessions = [daemon.new("sh", "-c", PROMPT) for _ in range(50)]
        holders = [held(attach_argv(session), daemon.environment) for session in sessions[:5]]
        # Until it is known of each that it is idle; nothing is looked at after that.
        time.sleep(8)
        pids = daemon.pid, daemon.supervisor
        before = [(cpu_seconds(pid), stage.switches(pid)) for pid in pids]
        time.sleep(seconds)
        after = [(cpu_seconds(pid), stage.switches(pid)) for pid in pids]
        cpu = sum(a[0] - b[0] for a, b in zip(after, before))
        woken = sum(n - b[1].get(task, 0) for a, b in zip(after, before) for task, n in a[1].items())
        results.add(
            "idle: 50 terminals, 5 clients, CPU", cpu / seconds * 100, None, "% of a core", 0.1, "most",
            note=f"{woken / seconds:.1f} wake-ups a second, daemon and supervisor together")
        for holder in holders:
            let_go(holder)


def many(results, rounds):
    count = 500
    with Daemon() as daemon:
        took = numbers([TOOLS["client"], "create", daemon.socket, str(count), daemon.workspace])
        last = took[-100:]
        results.add(
            "session.create, the last 100 of 500, p50", quantile(last, 0.5) / 1e3, quantile(took[:100], 0.5) / 1e3, "ms",
            note=f"peer: the first 100; p95 {quantile(last, .95) / 1e3:.2f} and {quantile(took[:100], .95) / 1e3:.2f} ms")
        lists = []
        for _ in range(30):
            begun = time.perf_counter()
            daemon.ask("session.list")
            lists.append((time.perf_counter() - begun) * 1e3)
        ls = timed([ARROBA, "ls"], daemon.environment, 10)
        results.add(
            "session.list of 500 (reading the JSON in Python included)", median(lists), None, "ms",
            note=f"`arroba ls` as a process {median(ls) / 1e3:.1f} ms")
    state = tempfile.mkdtemp(prefix="arroba-bench-state-")
    try:
        with Daemon(state) as daemon:
            fill_log(daemon, 100_000)
        took = []
        for _ in range(max(3, rounds)):
            daemon = Daemon(state)
            took.append(daemon.start())
            head, resident = daemon.connection.hello["log"]["head"], memory(daemon.pid)["VmRSS"]
            daemon.stop()
            shutil.rmtree(daemon.directory, ignore_errors=True)
        results.add(
            "start with a log of 100,000 events", median(took), None, "s", note=f"{head:,} events, then {resident / 1024:.0f} MB resident")
    finally:
        shutil.rmtree(state, ignore_errors=True)


def fill_log(daemon, events):
    """Renames sessions, on several connections at once, until the log has that many events."""
    def rename(number):
        connection = Connection(daemon.socket)
        session = connection.ask("session.create", {"workspace": daemon.workspace})["id"]
        sent = answered = 0
        while answered < events // 32:
            if sent - answered < 32 and sent < events // 32:
                connection.send("session.rename", {"session": session, "alias": f"n{number}-{sent % 2}"})
                sent += 1
            else:
                connection.answer()
                answered += 1
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        # The catalogue's lane takes 128 commands at a time.
        list(pool.map(rename, range(32)))


ALL = {
    "echo": echo, "flood": flood, "bulk": bulk, "fan": fan, "stalled": stalled, "paste": paste, "start": start, "first": first,
    "memory": memory_use, "idle": idle, "many": many, "nobody": nobody,
}
