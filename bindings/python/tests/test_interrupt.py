"""Calls end when they are told to: by a CancelToken from another thread, and by Ctrl-C."""

import signal
import threading
import time
import unittest

from support import FOLDER, MODEL, load, python

import tritium

LONG = [3 + i % 256 for i in range(500)]  # the reference takes a second
SOON = 0.5  # a tenth of a second is promised; what a busy machine adds is not this library's


class Cancelling(unittest.TestCase):
    def setUp(self):
        self.session = load("reference").create_session()
        self.cancel = tritium.CancelToken()

    def set_soon(self):
        self.set_at = None

        def set_it():
            self.set_at = time.monotonic()
            self.cancel.set()

        timer = threading.Timer(0.05, set_it)
        timer.start()
        self.addCleanup(timer.join)

    def test_a_prompt_ends_and_nothing_is_changed(self):
        self.set_soon()
        with self.assertRaises(tritium.Cancelled):
            self.session.feed(LONG, cancel=self.cancel)
        self.assertLess(time.monotonic() - self.set_at, SOON)
        self.assertEqual(self.session.position, 0)
        self.assertTrue(self.cancel.is_set())
        self.cancel.clear()
        self.session.feed([1], cancel=self.cancel)

    def test_a_generation_ends_with_what_it_has(self):
        self.set_soon()
        generation = self.session.generate([1, 70], max_tokens=500, ignore_end=True, cancel=self.cancel)
        tokens = list(generation)
        self.assertLess(time.monotonic() - self.set_at, SOON)
        self.assertEqual(generation.result.stop, tritium.Stop.CANCELLED)
        self.assertEqual(generation.result.tokens, len(tokens))
        self.assertTrue(0 < len(tokens) < 500)

    def test_a_load_and_an_embedding_end(self):
        self.cancel.set()
        with self.assertRaises(tritium.Cancelled):
            load(cancel=self.cancel)
        with self.assertRaises(tritium.Cancelled):
            load().embed("red", cancel=self.cancel)

    def test_python_goes_on_during_a_call(self):
        thread = threading.Thread(target=self.session.feed, args=(LONG,))
        thread.start()
        steps = 0
        while thread.is_alive():
            steps += 1
            time.sleep(0.001)
        self.assertGreater(steps, 10)


PROGRAM = """
import os, signal, time, tritium
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
session = tritium.Runtime("reference").load(os.environ["MODEL"]).create_session()
long = [3 + i % 256 for i in range(500)]
cancel = tritium.CancelToken()
print("go", flush=True)
try:
    {call}
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
assert not cancel.is_set()
session.rewind()
session.feed([1, 70], cancel=cancel)
print(len(list(session.generate([80], max_tokens=3, ignore_end=True, cancel=cancel))))
"""


class CtrlC(unittest.TestCase):
    def interrupted(self, call):
        with python(PROGRAM.format(call=call)) as process:
            self.assertEqual(process.stdout.readline(), "go\n")
            time.sleep(0.1)
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=60)
        self.assertEqual((process.returncode, error), (0, ""))
        ended, tokens = out.splitlines()
        self.assertLess(float(ended) - sent, SOON)
        self.assertEqual(tokens, "3")  # the session and the token are as good as before

    def test_a_prompt_ends(self):
        self.interrupted("session.feed(long, cancel=cancel)")

    def test_a_generation_ends_in_its_prompt(self):
        self.interrupted("list(session.generate(long))")

    def test_a_generation_ends_between_tokens(self):
        self.interrupted("list(session.generate([1], max_tokens=500, ignore_end=True, cancel=cancel))")

    def test_sessions_together_end(self):
        self.interrupted("list(tritium.together([s.generate(long) for s in session.model.create_sessions(2)]))")

    def test_a_training_ends(self):
        config = {"model": str(MODEL), "text": "the quick brown fox " * 75, "steps": 100000, "context": 16, "batch": 2,
                  "output": str(FOLDER / "interrupted.gguf")}
        self.interrupted(f"tritium.train({config!r})")

    def test_the_callers_handler_decides(self):
        program = PROGRAM.format(call="signal.signal(signal.SIGINT, lambda *_: cancel.set()); "
                                      "list(session.generate([1], max_tokens=500, ignore_end=True, cancel=cancel)); "
                                      "print(time.monotonic()); cancel.clear()")
        with python(program) as process:
            self.assertEqual(process.stdout.readline(), "go\n")
            time.sleep(0.1)
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=60)
        self.assertEqual((process.returncode, error), (0, ""))
        self.assertLess(float(out.splitlines()[0]) - sent, SOON)


if __name__ == "__main__":
    unittest.main()
