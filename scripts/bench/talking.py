"""The measurements of agents that are talked to, all of them the scripted one: what Arroba adds, and what it costs."""
import json
import time

import stage
from stage import Connection, Daemon, cpu_seconds, memory, quantile, wait_for
from concurrent.futures import ThreadPoolExecutor

OTHERS = 10


def let_go(process):
    process.stdin.close()
    process.wait()


def submit(daemon, session, agent, text):
    return daemon.ask("prompt.submit", session=session, agent=agent, text=text)["id"]


def stream(results, rounds):
    """An event on the provider's stream to the client's socket. The stamp is taken by the scripted server before it writes
    the event, so that its own journal and socket are in the figure too."""
    for words, others in (("alone", 0), (f"beside {OTHERS} others that stream", OTHERS)):
        found = {"start": [], "delta": []}
        with Daemon() as daemon:
            session, agents = daemon.talk()
            takers, beside = [], None
            if others:
                beside, workers = daemon.talk(others)
                takers.append(daemon.events(beside, "take"))
                for worker in workers:
                    submit(daemon, beside, worker, f"[[slow {100_000} 20]]")
            for _ in range(rounds):
                client = daemon.events(session, "stamps")
                submit(daemon, session, agents[0], "[[stamps 200 5]]")
                for line in client.communicate(timeout=120)[0].splitlines():
                    kind, latency = line.split()
                    found[kind].append(float(latency) / 1e3)
            for taker in takers:
                let_go(taker)
        starts, deltas = found["start"], found["delta"]
        if len(starts) != 200 * rounds or len(deltas) != 200 * rounds:
            raise RuntimeError(f"{len(starts)} starts and {len(deltas)} additions of {200 * rounds} came")
        note = f"{len(starts)} starts of items; at most {max(starts):.2f} ms"
        results.add(f"event to client, {words}, p50", quantile(starts, 0.5), None, "ms", 1, "most", note=note)
        results.add(f"event to client, {words}, p99", quantile(starts, 0.99), None, "ms", 5, "most")
        results.add(
            f"addition to client, {words}, p50", quantile(deltas, 0.5), None, "ms",
            note=f"joined over 30 ms at most, as the protocol has it; p99 {quantile(deltas, 0.99):.2f} ms")


def agents(results, rounds):
    """500 agents, each at work on a prompt and with another one behind it."""
    count, each = 500, 50
    with Daemon() as daemon:
        idle = memory(daemon.pid)["VmRSS"]
        # What it is asked to remember is made, and one after another; how fast is not looked at.
        everybody = [(session, agent) for _ in range(count // each) for session, found in [daemon.talk(each)] for agent in found]
        connection = Connection(daemon.socket)
        took = {"first": [], "queued": []}
        for which, text in (("first", "[[hold]]"), ("queued", "wait your turn")):
            for session, agent in everybody:
                begun = time.perf_counter()
                answer = connection.ask("prompt.submit", {"session": session, "agent": agent, "text": text})
                took[which].append((time.perf_counter() - begun) * 1e3)
                if which == "queued" and answer["position"] != 1:
                    raise RuntimeError(f"not queued: {answer}")
        for which, words in (("first", "sent at once"), ("queued", "queued")):
            results.add(
                f"prompt.submit to each of {count} agents, {words}, p95", quantile(took[which], 0.95), None, "ms", 5, "most",
                note=f"p50 {quantile(took[which], 0.5):.2f} ms, at most {max(took[which]):.1f} ms; one after another, in Python")
        time.sleep(2)
        resident = memory(daemon.pid)["VmRSS"]
        results.add(
            f"daemon with {count} agents and 2 prompts each, resident", resident / 1024, None, "MB", 120, "most",
            note=f"{idle / 1024:.0f} MB before, {(resident - idle) / count:.0f} KB each")
        before = cpu_seconds(daemon.pid)
        time.sleep(10)
        results.add(
            f"daemon with {count} agents that hold, CPU", (cpu_seconds(daemon.pid) - before) * 10, None, "% of a core")
        connection.close()


def burst(results, rounds):
    """Additions of one agent: so many a second for five seconds, then as many as it gets out."""
    count = 100_000
    for words, rate in (("20,000 a second", 20_000), ("as fast as it writes", 0)):
        rates, growth, events = [], [], []
        for _ in range(rounds):
            with Daemon() as daemon:
                session, found = daemon.talk()
                client = daemon.events(session, "text")
                before = peak = memory(daemon.pid)["VmRSS"]
                submit(daemon, session, found[0], f"[[storm {count} {rate}]]")
                while client.poll() is None:
                    peak = max(peak, memory(daemon.pid)["VmRSS"])
                    time.sleep(0.01)
                figures = json.loads(client.stdout.read())
                items = daemon.ask("session.history", session=session, limit=1)["items"]
            wanted = "".join(f"{n} " for n in range(count))
            if figures["numbers"] != count or figures["wrong"] > 0 or items[-1]["text"] != wanted:
                raise RuntimeError(f"what came was not what was written: {figures}")
            rates.append(count / figures["seconds"])
            events.append(figures["events"])
            growth.append((peak - before) / 1024)
        least = rate * 0.98 if rate else None
        results.add(
            f"{count:,} additions of one agent, {words}", stage.median(rates), None, "a second", least, "least",
            note=f"complete and in order, joined into {stage.median(events):.0f} events")
        results.add(
            f"growth of the daemon by {words}", max(growth), None, "MB", 16 if rate else None, "most",
            note="the most of all rounds; the text itself is 0.6 MB")


def idle(results, rounds):
    """Streams that nothing comes on but a heartbeat each ten seconds; one server has one for all its agents."""
    seconds = 20
    daemons = [Daemon() for _ in range(OTHERS)]
    try:
        for daemon in daemons:
            daemon.start()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda daemon: daemon.talk(1), daemons))
        time.sleep(3)
        before = [cpu_seconds(daemon.pid) for daemon in daemons]
        time.sleep(seconds)
        used = sum(cpu_seconds(daemon.pid) - b for daemon, b in zip(daemons, before))
        results.add(
            f"{OTHERS} idle streams, CPU", used / seconds * 100, None, "% of a core", 1, "most",
            note=f"{OTHERS} daemons, all that they do included")
    finally:
        for daemon in daemons:
            daemon.__exit__()


ALL = {"stream": stream, "agents": agents, "burst": burst, "streams": idle}
