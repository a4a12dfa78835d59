"""The programs of examples/ run as they are, beside a model and a text."""

import os
import subprocess
import sys
import unittest

from support import FOLDER, PACKAGE, ROOT


class Examples(unittest.TestCase):
    def run_example(self, name):
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run([sys.executable, ROOT / "examples" / name], cwd=FOLDER, env=environment, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=300)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_generate(self):
        self.assertRegex(self.run_example("generate.py"), r"\d+ tokens/s\n$")

    def test_cancel(self):
        self.assertRegex(self.run_example("cancel.py"), r"after \d+ tokens: (CANCELLED|MAX_TOKENS|CONTEXT_FULL)\n$")

    def test_adapter(self):
        (FOLDER / "book.txt").write_text("the quick brown fox jumps over the lazy dog. " * 100, encoding="utf-8")
        self.assertRegex(self.run_example("adapter.py"), r"held-out loss \d+\.\d+ -> \d+\.\d+\n.")

    def test_chat(self):
        self.assertGreater(len(self.run_example("chat.py")), 2)

    def test_finetune(self):
        (FOLDER / "book.txt").write_text("the quick brown fox jumps over the lazy dog. " * 100, encoding="utf-8")
        self.assertRegex(self.run_example("finetune.py"), r"step 4 of 4[\s\S]*held-out loss \d+\.\d+ -> \d+\.\d+")
        self.assertTrue((FOLDER / "tuned.gguf").exists())


if __name__ == "__main__":
    unittest.main()
