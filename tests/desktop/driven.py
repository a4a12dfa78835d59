"""What the tests of the window share: it runs on a display of its own (xvfb, Mesa's software OpenGL), driven by its --script. TRITIUM_KEEP=FOLDER keeps the pictures."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import program
from running_server import CHAT_TEMPLATE

DESKTOP = os.environ["TRITIUM_DESKTOP"]
DISPLAY = ["xvfb-run", "-a", "-s", "-screen 0 2000x1400x24 -dpi 96"]
# As good as random after one step: it goes on for a while, and there is something to stop.
SHAPE = {"architecture": "qwen3moe", "dim": 256, "layers": 8, "heads": 4, "kv_heads": 4, "head_dim": 64, "ffn": 128, "experts": 8, "top_k": 2, "context": 4096}


def drive(folder, *lines, acts=(), arguments=(), display=()):
    """What the window reported after these commands. acts: what is done from outside at each `meet` (MEET)."""
    paths = {name: os.path.join(folder, name) for name in ("script.txt", "report.json", "meet")}
    with open(paths["script.txt"], "w", encoding="utf-8") as file:
        file.write("\n".join(lines).replace(MEET, "meet " + paths["meet"]) + "\n")
    command = [*display, DESKTOP, "--script", paths["script.txt"], "--frames-report", paths["report.json"], *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ, LIBGL_ALWAYS_SOFTWARE="1"))
    try:
        for act in acts:
            while not os.path.exists(paths["meet"]):
                assert process.poll() is None, process.stderr.read().decode("utf-8", "replace")
                time.sleep(0.01)
            act()
            os.remove(paths["meet"])
            time.sleep(0.1)  # the window sees that it is gone before it comes to the next one
        _, error = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 0, error.decode("utf-8", "replace")
    with open(paths["report.json"], encoding="utf-8") as file:
        return json.load(file)


MEET = "<meet>"


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def train_model(folder, name, shape, template, messages, *options):
    """A model that learned these messages."""
    path = lambda file: os.path.join(folder, name + file)
    write(path(".json"), json.dumps(shape))
    write(path(".jinja"), template)
    write(path(".jsonl"), "\n".join([json.dumps({"messages": messages})] * 40))
    code, _, error = program.tritium("train", "--transformer", path(".json"), "--data", path(".jsonl"), "--valid-data", path(".jsonl"),
                                     "--chat-template", path(".jinja"), "--batch", 4, "--context", 64, "--threads", 1, "--backend", "cpu",
                                     "-o", path(".gguf"), *options)
    assert code == 0, error
    return path(".gguf")


class DrivenTest(unittest.TestCase):
    """A folder, whose name has a blank, with a small model and a text."""
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="a window ")
        cls.folder = os.environ.get("TRITIUM_KEEP", cls.temporary.name)
        messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "ab" * 60}]
        cls.model = train_model(cls.folder, "small", SHAPE, CHAT_TEMPLATE, messages, "--steps", 1)
        cls.text = write(cls.path("text.txt"), "The cat sat on the mat. " * 400)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def drive(self, *lines, **options):
        return drive(self.folder, f"open {self.model}", "idle", *lines, **options)


def main():
    if not shutil.which("xvfb-run"):
        print("skipped: xvfb-run is not there")
        sys.exit(77)
    if "TRITIUM_ON_A_DISPLAY" not in os.environ:
        os.environ["TRITIUM_ON_A_DISPLAY"] = "1"
        os.execvp(DISPLAY[0], [*DISPLAY, sys.executable, "-B", *sys.argv])
    unittest.main()
