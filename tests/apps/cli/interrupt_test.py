"""Ctrl-C and the other signals end the program at once and well, whatever it does; a reader that goes away ends it quietly."""
import base64
import json
import os
import random
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
        self.assertEqual(code, 130, err)
        self.assertIn(b"(cancelled)", err)
        whole = tritium("run", self.model, "-p", "", "-n", 500, "--temp", 0, "--backend", "reference")[1]
        text = (first + rest).decode("utf-8")
        self.assertTrue(text.endswith("\n"))
        self.assertTrue(whole.startswith(text[:-1]))
        self.assertLess(len(text), len(whole))

    def test_ctrl_c_ends_the_wait_for_input_in_the_background_of_a_script(self):
        for arguments in (["run", self.model, "-p", "-"], ["eval", self.model, "--text", "-"]):
            background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", program.PROGRAM, *arguments]
            with subprocess.Popen(background, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                deadline = time.monotonic() + 30
                while process.poll() is None and time.monotonic() < deadline:
                    process.send_signal(signal.SIGINT)  # the first ones may come before the program has begun
                    time.sleep(0.05)
                process.kill()
                self.assertEqual(process.wait(), -signal.SIGINT)

    def test_ctrl_c_leaves_whole_json(self):
        process = self.start("run", self.model, "-p", "", "-n", "500", "--temp", "0", "--backend", "reference", "--json", "-v")
        process.stderr.readline()  # the first note: it has taken over Ctrl-C
        code, out, err = self.interrupt(process)
        self.assertEqual(code, 130, err)
        if b"ended by" in err:  # it was still loading
            self.assertEqual(out, b"")
            return
        self.assertEqual(json.loads(out)["stop"], "cancelled")

    def test_ctrl_c_ends_an_evaluation(self):
        text = self.write("long.txt", b"It was the best of times, it was the worst of times. " * 400)
        process = self.start("eval", self.model, "--text", text, "--backend", "reference", "--window", "64", "-v")
        process.stderr.readline()
        code, out, err = self.interrupt(process)
        self.assertEqual((code, out), (130, b""), err)
        self.assertIn(b"tritium: ended by Interrupt: ", err)

    def long_actions(self):
        """Commands that would take minutes, by name: on every backend, in every phase."""
        prompt = " ".join(str(5 + i % 250) for i in range(500))
        text = self.write("text.txt", b"It was the best of times, it was the worst of times. " * 4000)
        train = ["train", "--transformer", self.write("t.json", json.dumps(
            {"architecture": "bitnet", "dim": 256, "layers": 4, "heads": 4, "ffn": 1024, "context": 256})),
            "--data", text, "--context", "256", "--batch", "16", "--steps", "100000", "--threads", "1"]
        backends = ["reference", "cpu"] + (["vulkan"] if program.has_vulkan() else [])
        for backend in backends:
            on = ["--backend", backend]
            yield "run " + backend, ["run", self.model, "--tokens", prompt, "-n", "10000", "--seed", "0", "--context", "512", *on]
            yield "eval " + backend, ["eval", self.model, "--text", text, *on]
            yield "bench " + backend, ["bench", self.model, "--repeats", "1000", "--json", *on]
            if backend != "vulkan":
                yield "train " + backend, [*train, *on]
        words = self.write("words.txt", base64.encodebytes(random.randbytes(20_000_000)))
        yield "tokenizer", ["tokenizer", "train", words, "--vocab", "60000", "-o", self.path("words.gguf")]
        yield "selftest", ["selftest", "--backend", "cpu"]
        yield "golf", ["experiment", "golf", "--preset", "int4-mlp-11l", "--data", text, "--vocab", "280", "--minutes", "5"]
        yield "study", ["experiment", "study", "ste-training", "--data", text, "-o", self.path("study"), "--resume"]
        yield "experiment", ["experiment", "quant-compare", "--seeds", "50", "--threads", "1"]

    def test_every_signal_ends_every_action_soon_and_well(self):
        signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT, signal.SIGXCPU]
        rng = random.Random(os.urandom(4))
        for i, (name, arguments) in enumerate(self.long_actions()):
            number = signals[i % len(signals)]
            moment = 0.3 + 2 * rng.random() ** 2
            with self.subTest(f"{name}, {number.name} after {moment:.3f} s"):
                process = self.start(*arguments)
                time.sleep(moment)
                if process.poll() == 0:
                    continue  # a fast machine was done
                asked = time.monotonic()
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
                took = time.monotonic() - asked
                self.assertLess(took, 1, err)  # 0.2 s, on a machine that others use
                if process.returncode == -number and not out + err:
                    continue  # a busy machine had not begun to run it
                # A run that took steps has been saved where there is a folder: that is how it is meant to end.
                self.assertIn(process.returncode, (128 + number, 0) if name.startswith("train") else (128 + number,), err)
                if name.startswith("bench"):
                    self.assertIsInstance(json.loads(out or b"[]"), list)

    def test_every_signal_saves_a_run(self):
        text = self.write("run.txt", b"a mill stood by the river, " * 400)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2):
            folder = self.path(number.name)
            process = self.start("train", "--transformer", self.write("small.json", json.dumps(
                {"architecture": "bitnet", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 16})), "--data", text,
                "--context", "16", "--batch", "2", "--steps", "1000000", "--threads", "1", "--backend", "cpu", "--folder", folder)
            for _ in range(200):
                time.sleep(0.05)
                if os.path.exists(os.path.join(folder, "log.jsonl")) and os.path.getsize(os.path.join(folder, "log.jsonl")) > 0:
                    break
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 0, err)
            self.assertTrue([name for name in os.listdir(folder) if name.startswith("step-") and name.endswith(".ckpt")], err)
            self.assertIn(b"stopped after step", out)

    def test_a_signal_sent_twice_at_once_is_one(self):
        process = self.start("run", self.model, "-p", "", "-n", "500", "--temp", "0", "--backend", "reference")
        process.stdout.read(1)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)

    def test_a_second_signal_ends_at_once(self):
        """Also a program that waits for a reader who does not read."""
        reads, writes = os.pipe()
        self.addCleanup(os.close, reads)
        os.set_blocking(writes, False)
        try:
            while os.write(writes, b"x" * 4096):
                pass
        except BlockingIOError:  # the pipe is full
            os.set_blocking(writes, True)
        process = subprocess.Popen([program.PROGRAM, "run", self.model, "-p", "", "-n", "100", "--seed", "0", "--backend", "cpu"], stdout=writes,
                                   stderr=subprocess.PIPE)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stderr.close()))
        os.close(writes)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=10), -signal.SIGTERM)

    def test_who_was_told_to_ignore_a_hangup_does(self):
        process = subprocess.Popen(["nohup", program.PROGRAM, "run", self.model, "-p", "", "-n", "200", "--temp", "0", "--backend",
                                    "reference"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        process.stdout.read(1)
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)

    def test_a_limit_on_the_size_of_files_is_an_error_with_a_message(self):
        done = subprocess.run(["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", program.PROGRAM, "logits", self.model, "--tokens",
                               " ".join(["7"] * 50), "-o", self.path("large.npy")], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"large.npy", done.stderr)
        self.assertFalse(os.path.exists(self.path("large.npy")))

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
