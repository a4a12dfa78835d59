"""The window on a display of its own (xvfb, Mesa's software OpenGL), driven by its --script. TRITIUM_KEEP=FOLDER keeps its pictures.

Exit code 77: there is no xvfb-run."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import program
from running_server import CHAT_TEMPLATE

DESKTOP = os.environ["TRITIUM_DESKTOP"]
# As good as random after one step: it goes on for a while, and there is something to stop.
SHAPE = {"architecture": "qwen3moe", "dim": 256, "layers": 8, "heads": 4, "kv_heads": 4, "head_dim": 64, "ffn": 128, "experts": 8, "top_k": 2, "context": 4096}


def drive(folder, *lines):
    """What the window reported after these commands."""
    paths = {name: os.path.join(folder, name) for name in ("script.txt", "report.json")}
    with open(paths["script.txt"], "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    done = subprocess.run(["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", DESKTOP, "--script", paths["script.txt"],
                           "--frames-report", paths["report.json"]], capture_output=True, timeout=120, check=False,
                          env=dict(os.environ, LIBGL_ALWAYS_SOFTWARE="1"))
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    with open(paths["report.json"], encoding="utf-8") as file:
        return json.load(file)


def picture(path):
    """Width, height and the number of colours of a PPM file."""
    with open(path, "rb") as file:
        assert file.readline() == b"P6\n"
        width, height = map(int, file.readline().split())
        file.readline()
        pixels = file.read()
    assert len(pixels) == 3 * width * height
    return width, height, len({pixels[i:i + 3] for i in range(0, len(pixels), 3)})


class Window(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = os.environ.get("TRITIUM_KEEP", cls.temporary.name)
        path = lambda name: os.path.join(cls.folder, name)
        messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "ab" * 60}]
        for name, text in (("shape.json", json.dumps(SHAPE)), ("chat.jinja", CHAT_TEMPLATE), ("text.txt", "The cat sat on the mat. " * 400),
                           ("chat.jsonl", "\n".join([json.dumps({"messages": messages})] * 40))):
            with open(path(name), "w", encoding="utf-8") as file:
                file.write(text)
        cls.model = path("small.gguf")
        code, _, error = program.tritium("train", "--transformer", path("shape.json"), "--data", path("chat.jsonl"), "--valid-data", path("chat.jsonl"),
                                         "--chat-template", path("chat.jinja"), "--steps", 1, "--batch", 4, "--context", 64,
                                         "--threads", 1, "--backend", "cpu", "-o", cls.model)
        assert code == 0, error

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_a_message_is_answered(self):
        report = drive(self.folder, f"open {self.model}", "idle", "send Hello", "idle")
        self.assertEqual(report["chat"][0], "Hello")
        self.assertGreater(len(report["chat"][1]), 0)

    def test_another_device_answers(self):
        report = drive(self.folder, f"open {self.model}", "idle", "device reference", "idle", "send Hello", "tokens 2", "stop", "idle")
        self.assertEqual(report["backend"], "reference")
        self.assertEqual(len(report["chat"]), 2)

    def test_a_file_that_is_not_there_is_said(self):
        report = drive(self.folder, "open absent.gguf", "idle")
        self.assertIn("absent.gguf", report["error"])

    def test_fine_tuning_lowers_the_loss_and_writes_the_model(self):
        output = os.path.join(self.folder, "tuned.gguf")
        report = drive(self.folder, f"open {self.model}", "idle", f"plan {os.path.join(self.folder, 'text.txt')} {output} 20", "idle", "train", "idle")
        self.assertEqual(report["error"], "")
        self.assertLess(report["losses"][-1], report["losses"][0])
        self.assertEqual(drive(self.folder, f"open {output}", "idle")["error"], "")

    def test_fine_tuning_is_stopped_and_saved(self):
        output = os.path.join(self.folder, "stopped.gguf")
        report = drive(self.folder, f"open {self.model}", "idle", f"plan {os.path.join(self.folder, 'text.txt')} {output} 100000", "idle", "train",
                       "reports 3", "stop", "idle")
        self.assertEqual(report["error"], "")
        self.assertTrue(os.path.exists(output))

    def test_every_view_is_drawn_at_every_size(self):
        lines = [f"open {self.model}", "idle", "send Hello", "tokens 30", "stop", "idle",
                 f"plan {os.path.join(self.folder, 'text.txt')} {os.path.join(self.folder, 'seen.gguf')} 10", "idle", "train", "idle"]
        shots = []
        for width, height in ((480, 360), (960, 640), (1400, 900)):
            for theme in ("dark", "light"):
                for tab in range(3):
                    shots.append((os.path.join(self.folder, f"{width}-{theme}-{tab}.ppm"), width, height))
                    lines += [f"size {width} {height}", f"theme {theme}", f"tab {tab}", "frames 6", f"shot {shots[-1][0]}"]
        drive(self.folder, *lines)
        for path, width, height in shots:
            with self.subTest(path=path):
                seen_width, seen_height, colours = picture(path)
                self.assertEqual((seen_width, seen_height), (width, height))
                self.assertGreater(colours, 20)


if __name__ == "__main__":
    if not shutil.which("xvfb-run"):
        print("skipped: xvfb-run is not there")
        sys.exit(77)
    unittest.main()
