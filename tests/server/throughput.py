"""How many tokens/s many clients get together, against one: throughput.py MODEL.gguf [--clients 16] [--threads N] [--rounds 5]
[--tokens 128].

In each round one client asks alone, then all at once, for so many tokens after a prompt of 32, by token ids. Medians of the rounds; what
else the machine does meets both."""
import argparse
import json
import os
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../apps/cli"))
os.environ.setdefault("TRITIUM_PROGRAM", "build/tritium")
os.environ.setdefault("TRITIUM_MAKE_MODEL", "build/tests/tools/make_model")
from running_server import Server  # noqa: E402


def ask(server, number, answers):
    prompt = [(7 * i + 131 * number) % 900 + 3 for i in range(32)]
    status, answer = server.post("/v1/completions", prompt=prompt, max_tokens=server.tokens, temperature=0, tritium={"cache_prompt": False})
    assert status == 200, answer
    answers.append(answer["usage"]["completion_tokens"])

def tokens_per_second(server, clients):
    answers = []
    threads = [threading.Thread(target=ask, args=(server, i, answers)) for i in range(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answers) / (time.monotonic() - start)

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=128)
    options = parser.parse_args()
    server = Server(options.model, "--quiet", "--parallel", options.clients, "--context", options.tokens + 64, "--threads", options.threads)
    server.tokens = options.tokens
    tokens_per_second(server, 1)
    rounds = [(tokens_per_second(server, 1), tokens_per_second(server, options.clients)) for _ in range(options.rounds)]
    decoding = server.ask("GET", "/health")[1]["models"][0]["tokens_per_second"]
    server.stop()
    print(json.dumps({"alone": round(statistics.median(a for a, _ in rounds), 1), "together": round(statistics.median(b for _, b in rounds), 1),
                      "ratio": round(statistics.median(b / a for a, b in rounds), 2), "passes_tokens_per_second": round(decoding, 1), "clients": options.clients}))

if __name__ == "__main__":
    main()
