"""Many clients that come and go: soak.py MODEL.gguf [--clients 64] [--seconds 120] [--seed N].

Each client asks again and again, streamed or not, at temperature 0 with a prompt of its own, and leaves at random before the end.
Shown at the end, and 1 is returned where one does not hold: no error but the leaving, every whole answer that of a single run, no
growth of the server's memory in the second half, nothing active or queued when all have left."""
import argparse
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../apps/cli"))
os.environ.setdefault("TRITIUM_PROGRAM", "build/tritium")
os.environ.setdefault("TRITIUM_MAKE_MODEL", "build/tests/tools/make_model")
from running_server import Server  # noqa: E402

PROMPTS = [f"{i}. The miller knew the sound " * (1 + i % 4) for i in range(24)]


def memory_mb(process):
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


class Soak:
    def __init__(self, options):
        self.options = options
        self.server = Server(options.model, "--quiet", "--parallel", options.parallel, "--context", 256, "--queue", 4 * options.clients, "--prompt-cache", 32)
        self.problems, self.whole, self.left, self.tokens, self.lock = [], 0, 0, 0, threading.Lock()
        self.until = time.monotonic() + options.seconds
        self.expected = {prompt: self.ask(prompt, False, None) for prompt in PROMPTS}

    def ask(self, prompt, stream, leave_after):
        """The text, or none where it left."""
        connection = self.server.connect()
        body = {"prompt": prompt, "temperature": 0, "max_tokens": 24, "stream": stream}
        try:
            connection.request("POST", "/v1/completions", json.dumps(body))
            if leave_after is not None and not stream:
                time.sleep(leave_after / 50)
                return None
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {answer.read()[:200]}")
            if not stream:
                return json.loads(answer.read())["choices"][0]["text"]
            text, n = "", 0
            for line in answer:
                if not line.startswith(b"data: {"):
                    continue
                event = json.loads(line[6:])
                if "error" in event:
                    raise RuntimeError(str(event))
                text += event["choices"][0]["text"]
                n += 1
                if leave_after is not None and n > leave_after:
                    return None
            return text
        finally:
            connection.close()

    def client(self, number):
        rng = random.Random(self.options.seed * 1000 + number)
        while time.monotonic() < self.until:
            prompt, stream = rng.choice(PROMPTS), rng.random() < 0.8
            leave_after = rng.randrange(20) if rng.random() < 0.4 else None
            try:
                text = self.ask(prompt, stream, leave_after)
                with self.lock:
                    self.whole += text is not None
                    self.left += text is None
                    if text is not None and text != self.expected[prompt]:
                        self.problems.append(f"another text than alone: {text!r}, {self.expected[prompt]!r}")
            except Exception as problem:  # whatever it is, it is what is looked for
                with self.lock:
                    self.problems.append(repr(problem))

    def run(self):
        threads = [threading.Thread(target=self.client, args=(i,)) for i in range(self.options.clients)]
        for thread in threads:
            thread.start()
        sizes = []
        while any(thread.is_alive() for thread in threads):
            sizes.append(memory_mb(self.server.process.pid))
            time.sleep(1)
        for thread in threads:
            thread.join()
        for _ in range(100):
            requests = self.server.ask("GET", "/health")[1]["requests"]
            if requests == {"active": 0, "queued": 0}:
                break
            time.sleep(0.1)
        else:
            self.problems.append(f"still busy: {requests}")
        half, end = sizes[len(sizes) // 2], sizes[-1]
        if end > half * 1.05 + 8:
            self.problems.append(f"it grew from {half:.0f} to {end:.0f} MB")
        code = self.server.stop()
        if code != 0:
            self.problems.append(f"it ended with {code}")
        print(json.dumps({"clients": self.options.clients, "seconds": self.options.seconds, "whole": self.whole, "left": self.left, "mb_half": round(half), "mb_end": round(end),
                          "problems": len(self.problems), "first": self.problems[:3], "seed": self.options.seed}))
        return 1 if self.problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--parallel", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    sys.exit(Soak(parser.parse_args()).run())


if __name__ == "__main__":
    main()
