"""tritium serve and requests that were changed at random: it answers, it goes on, it does not grow.

TRITIUM_REQUESTS: how many (400); TRITIUM_SEED: of the changes (1; a number to try others)."""
import json
import os
import random
import re
import socket
import threading

import program
from running_server import WithServer

REQUESTS = int(os.environ.get("TRITIUM_REQUESTS", "400"))
BODIES = [
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "ping"}], "max_tokens": 2, "stream": True, "logprobs": True, "top_logprobs": 2}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "ping"}], "max_tokens": 3, "n": 2, "seed": 1,
                              "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "properties": {"a": {"enum": [1, 2]}}}}}}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}], "max_tokens": 2, "tool_choice": "required",
                              "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]}),
    ("/v1/completions", {"prompt": [1, 2, 3], "max_tokens": 2, "logit_bias": {"5": 3}, "tritium": {"grammar": "root ::= \"a\" root | \"b\"", "top_k": 3}}),
    ("/v1/responses", {"input": "a", "max_output_tokens": 2, "stream": True}),
    ("/v1/embeddings", {"input": ["a", "b"]}),
    ("/tokenize", {"messages": [{"role": "user", "content": "a"}], "pieces": True, "chat_template_kwargs": {"a": [1]}}),
    ("/detokenize", {"tokens": [1, 2, 3]}),
]
PARTS = [b"{", b"}", b"[", b"]", b"\"", b"\\u0000", b"\xff", b"1e999", b"-1", b"null", b"\r\n", b"\r\n\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 99\r\n", b"Expect: 100-continue\r\n",
         b"Range: bytes=0-,0-,0-\r\n", b"%00", b"HEAD", b"OPTIONS", b"..", b"{{", b"{% for", b"99999999999999999999", b"[" * 100, b"a" * 9000]


def request(rng):
    path, body = rng.choice(BODIES)
    text = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ".encode()
            + str(len(text)).encode() + b"\r\n\r\n" + text)


def changed(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 1:
            data[at:at] = rng.choice(PARTS)
        elif kind == 2:
            del data[at:at + rng.randrange(20)]
        else:
            end = at + rng.randrange(60)
            data[at:at] = data[at:end]
    if rng.random() < 0.7:  # a body that is as long as it says is looked into
        head, end, body = bytes(data).partition(b"\r\n\r\n")
        data = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + end + body
    return bytes(data)


class Hostile(WithServer):
    arguments = ("--quiet", "--context", 128, "--parallel", 4, "--read-timeout", 1, "--request-timeout", 20)

    def memory_mb(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))

    def ask(self, seeds, statuses):
        for seed in seeds:
            data = changed(random.Random(seed), request(random.Random(seed)))
            got = b""
            try:
                with self.server.socket() as s:
                    s.sendall(data)
                    if seed % 8 == 0:
                        s.shutdown(socket.SHUT_WR)
                    s.settimeout(5)  # a connection that is kept open for more
                    while part := s.recv(65536):
                        got += part
            except (ConnectionError, TimeoutError):
                pass
            while got.startswith(b"HTTP/1.1 100 "):  # an answer to Expect: 100-continue, before the answer (RFC 9110, 15.2)
                got = got.partition(b"\r\n\r\n")[2]
            statuses.append((seed, got[:12].decode("ascii", "replace")))

    def test_it_goes_on(self):
        seed = int(os.environ.get("TRITIUM_SEED", "1"))
        print(f"TRITIUM_SEED={seed}")
        statuses, sizes = [], []
        for part in range(4):
            seeds = range(seed + part * REQUESTS // 4, seed + (part + 1) * REQUESTS // 4)
            threads = [threading.Thread(target=self.ask, args=(seeds[i::8], statuses)) for i in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertIsNone(self.server.process.poll(), "".join(self.server.log[-20:]))
            sizes.append(self.memory_mb())
        self.assertEqual(len(statuses), 4 * (REQUESTS // 4))
        for seed, status in statuses:
            self.assertRegex(status, r"^(HTTP/1.1 [2345]\d\d|)$", f"TRITIUM_SEED={seed} TRITIUM_REQUESTS=4")
        self.assertGreaterEqual(sum(status.endswith("200") for _, status in statuses), REQUESTS // 10)
        self.assertEqual([s for s in statuses if s[1].endswith("500")], [])
        self.assertLess(sizes[-1], sizes[1] + 64)
        self.assertEqual(self.server.chat("ping")[1]["choices"][0]["message"]["content"], "pong")


if __name__ == "__main__":
    program.main()
