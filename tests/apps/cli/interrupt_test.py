"""Ctrl-C ends the program within a token with what it has; a reader that goes away ends it quietly."""
import json
import signal
import subprocess
import time

import program
from program import WithModel, tritium


class Interruptions(WithModel):
    def start(self, *arguments):
        process = subprocess.Popen([program.PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   bufsize=0)  # what was not read yet stays in the pipe
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close(), process.stderr.close()))
        return process

    def interrupt(self, process):
        """Exit code, stdout, stderr of a process that is asked to end."""
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - asked, 2)
        return process.returncode, out, err

    def test_ctrl_c_ends_a_generation_with_its_text(self):
        process = self.start("run", self.model, "-p", "", "-n", "500", "--temp", "0", "--backend", "reference")
        first = process.stdout.read(1)  # it has begun to write
        code, rest, err = self.interrupt(process)
        self.assertEqual(code, 0, err)
        self.assertIn(b"(cancelled)", err)
        whole = tritium("run", self.model, "-p", "", "-n", 500, "--temp", 0, "--backend", "reference")[1]
        text = (first + rest).decode("utf-8")
        self.assertTrue(text.endswith("\n"))
        self.assertTrue(whole.startswith(text[:-1]))
        self.assertLess(len(text), len(whole))

    def test_ctrl_c_leaves_whole_json(self):
        process = self.start("run", self.model, "-p", "", "-n", "500", "--temp", "0", "--backend", "reference", "--json", "-v")
        process.stderr.readline()  # the first note: it has taken over Ctrl-C
        code, out, err = self.interrupt(process)
        if code == 1:  # it was still loading
            self.assertEqual((out, b"cancelled" in err or b"interrupted" in err), (b"", True))
            return
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["stop"], "cancelled")

    def test_ctrl_c_ends_an_evaluation(self):
        text = self.write("long.txt", b"It was the best of times, it was the worst of times. " * 400)
        process = self.start("eval", self.model, "--text", text, "--backend", "reference", "--window", "64", "-v")
        process.stderr.readline()
        code, out, err = self.interrupt(process)
        self.assertEqual((code, out), (1, b""), err)
        self.assertIn(b"tritium: error: ", err)

    def test_a_reader_that_goes_away_ends_a_generation_quietly(self):
        process = self.start("run", self.model, "-p", "", "-n", "500", "--temp", "0")
        process.stdout.read(1)
        process.stdout.close()
        err = process.stderr.read()
        self.assertEqual(process.wait(timeout=30), 0, err)
        self.assertNotIn(b"error", err)

    def test_a_reader_that_takes_nothing_is_no_error(self):
        for arguments in (["info", self.model, "--json"], ["info", self.model, "--tensors"], ["devices"], ["--help"],
                          ["selftest", "--backend", "cpu"], ["run", self.model, "-p", "", "-n", "20", "--json"]):
            with self.subTest(" ".join(arguments[:1])):
                process = self.start(*arguments)
                process.stdout.close()
                err = process.stderr.read()
                self.assertEqual(process.wait(timeout=60), 0, err)
                self.assertNotIn(b"error", err)


program.main()
