"""The page of `tritium serve` in headless Chromium, with a small mixture of experts: page_test.mjs against the program itself.

Exit code 77: there is no Chromium, Node.js 20 or puppeteer-core (./dev page fetches it)."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import program
from running_server import CHAT_TEMPLATE, Server

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page_test.mjs")
PAIRS = {"Hello": "ab" * 60, "What is a router?": "cd" * 60}
# As good as random after one step: it goes on for seconds, and there is something to stop.
SHAPE = {"architecture": "qwen3moe", "dim": 256, "layers": 8, "heads": 4, "kv_heads": 4, "head_dim": 64, "ffn": 128, "experts": 8, "top_k": 2, "context": 4096}


def train(folder):
    messages = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a in PAIRS.items()]
    paths = {name: os.path.join(folder, name) for name in ("shape.json", "texts/chat.jsonl", "chat.jinja", "small.gguf")}
    os.makedirs(os.path.join(folder, "texts"))
    for name, text in (("shape.json", json.dumps(SHAPE)), ("chat.jinja", CHAT_TEMPLATE),
                       ("texts/chat.jsonl", "\n".join(json.dumps({"messages": m}) for m in messages * 20))):
        with open(paths[name], "w", encoding="utf-8") as file:
            file.write(text)
    data = paths["texts/chat.jsonl"]
    code, _, error = program.tritium("train", "--transformer", paths["shape.json"], "--data", data, "--valid-data", data, "--chat-template", paths["chat.jinja"],
                                     "--steps", 1, "--batch", 4, "--context", 64, "--threads", 1,
                                     "--backend", "cpu", "-o", paths["small.gguf"])
    assert code == 0, error
    return paths["small.gguf"]


def main():
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        print("skipped: Node.js is not there")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        server = Server(f"small={train(folder)}", "--files", os.path.join(folder, "texts"), "--jobs", os.path.join(folder, "jobs"))
        try:
            return subprocess.run([node, SCRIPT, "--base", f"http://127.0.0.1:{server.port}/", *sys.argv[1:]], check=False).returncode
        finally:
            server.close()


if __name__ == "__main__":
    sys.exit(main())
