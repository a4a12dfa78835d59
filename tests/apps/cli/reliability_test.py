"""What a run or a file keeps when something ends it: kill -9 and other signals at random moments, a limit on file sizes, two runs
in one folder, outputs that are inputs. With default options. `--times N`: so many kills and signals of each kind, and their
figures."""
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time

import program
from program import InFolder, tritium

TIMES = int(sys.argv[sys.argv.index("--times") + 1]) if "--times" in sys.argv else 15
ASKING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGXCPU]
TRANSFORMER = {"architecture": "llama", "dim": 64, "layers": 2, "heads": 2, "ffn": 64, "context": 64}


class Reliability(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        draw = random.Random(4)
        cls.text = cls.write("text.txt", " ".join(draw.choice("abcdefgh") * draw.randint(1, 5) for _ in range(2000)) + "\n")
        cls.model = cls.path("model.gguf")
        code, _, err = tritium("train", "--transformer", cls.write("model.json", json.dumps(TRANSFORMER)), "--data", cls.text,
                               "--context", 32, "--batch", 2, "--steps", 3, "-o", cls.model)
        assert code == 0, err

    def fails(self, code, part, *arguments):
        got, out, err = tritium(*arguments)
        self.assertEqual(got, code, err)
        self.assertIn(part, err)
        self.assertEqual(out, "")

    def finetune(self, *more, data=None, steps=30):
        return ["finetune", self.model, "--data", data or self.text, "--steps", str(steps), "--batch", "2", "--context", "32",
                "--threads", "1", *map(str, more)]

    def content(self, path):
        with open(path, "rb") as file:
            return file.read()

    def in_a_shell(self, script, *arguments):
        return subprocess.run(["bash", "-c", script, "bash", program.PROGRAM, *arguments], capture_output=True, timeout=120)

    def temporary_files(self, folder):
        return [name for name in os.listdir(folder) if name.endswith(".tmp")]

    def start(self, *arguments):
        process = subprocess.Popen([program.PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close(), process.stderr.close()))
        return process

    def whole(self):
        """The model of 60 undisturbed steps."""
        path = self.path("whole.gguf")
        if not os.path.exists(path):
            self.assertEqual(tritium(*self.finetune("-o", path, steps=60))[0], 0)
        return self.content(path)

    def end_by(self, process, number, moment):
        """What it said, and the seconds that it took to end; None: it was done before the moment came."""
        try:
            return *process.communicate(timeout=moment), None
        except subprocess.TimeoutExpired:
            pass
        asked = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        return out, err, time.monotonic() - asked

    def newest_step(self, folder):
        names = [name for name in os.listdir(folder) if name.startswith("step-")] if os.path.isdir(folder) else []
        return max((int(name[len("step-"):-len(".ckpt")]) for name in names), default=None)

    def forget(self, folder):
        """Of a run that was done before it could be ended often enough."""
        for name in os.listdir(folder):
            if name.endswith(".ckpt"):
                os.remove(os.path.join(folder, name))

    def expect_whole(self, folder, output):
        self.assertEqual(self.content(output), self.whole())
        self.assertEqual(self.temporary_files(folder), [])
        self.assertEqual([name for name in self.temporary_files(self.folder) if os.path.basename(output) in name], [])
        with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
            steps = [json.loads(line)["step"] for line in file]
        self.assertEqual(steps, sorted(set(steps)))

    def test_a_run_that_is_killed_goes_on_with_its_work_and_its_log(self):
        draw = random.Random(5)
        folder, output, kills, went_on = self.path("killed"), self.path("killed.gguf"), 0, 0
        arguments = self.finetune("-o", output, "--log-every", 1, "--folder", folder, "--resume", "auto", steps=60)
        while True:
            process = self.start(*arguments)
            _, err, _ = self.end_by(process, signal.SIGKILL, draw.uniform(0.02, 0.3) if kills < TIMES else 120)
            went_on += b"going on after step" in err
            if process.returncode == 0:
                if kills >= TIMES:
                    break
                self.expect_whole(folder, output)
                self.forget(folder)
            else:
                self.assertEqual(process.returncode, -signal.SIGKILL, err)
                kills += 1
        self.assertGreater(went_on, 0)
        self.expect_whole(folder, output)
        print(f"{kills} x kill -9, {went_on} times a run went on from a checkpoint; the same bytes in the end")

    def test_a_run_that_is_asked_to_end_loses_no_step(self):
        """SIGINT, SIGTERM, SIGHUP and others at random moments: it goes on where it stopped."""
        draw = random.Random(6)
        folder, output, stopped, seconds = self.path("asked"), self.path("asked.gguf"), 0, []
        arguments = self.finetune("-o", output, "--folder", folder, "--resume", "auto", steps=60)
        saved = None  # the step of the newest checkpoint
        while True:
            process = self.start(*arguments)
            number = ASKING[len(seconds) % len(ASKING)]
            out, err, took = self.end_by(process, number, draw.uniform(0.02, 0.3) if len(seconds) < TIMES else 120)
            if saved is not None and (took is None or b"stopped after step" in out):
                self.assertIn(f"going on after step {saved} ".encode(), err)
            if took is None:
                self.assertEqual(process.returncode, 0, err)
                if len(seconds) >= TIMES:
                    break
                self.forget(folder)
                saved = None
                continue
            seconds.append(took)
            self.assertLess(took, 2, err)  # 0.2 s, on a machine that others use
            # Before it began to listen, before the first step or during the export, saved, or done nevertheless.
            self.assertIn(process.returncode, (-number, 128 + number, 0), err)
            saved = self.newest_step(folder)
            if b"stopped after step" in out:
                stopped += 1
                self.assertEqual(saved, int(out.split(b"stopped after step ")[1].split(b":")[0]))
        self.assertGreater(stopped, 0)
        self.expect_whole(folder, output)
        print(f"{len(seconds)} signals: {stopped} runs saved and went on from the very step; ended after "
              f"{1000 * statistics.median(seconds):.0f} ms (median), {1000 * max(seconds):.0f} ms (longest)")

    def test_an_export_that_is_killed_leaves_the_old_file_or_the_new_one(self):
        draw = random.Random(7)
        folder = self.path("exports")
        os.makedirs(folder)
        output, old = os.path.join(folder, "out.gguf"), b"a good file"
        arguments = self.finetune("-o", output, steps=1)
        begun = time.monotonic()
        self.assertEqual(tritium(*arguments)[0], 0)
        new, long, kept, replaced = self.content(output), time.monotonic() - begun, 0, 0
        for _ in range(TIMES):
            self.write("exports/out.gguf", old)
            process = self.start(*arguments)
            self.end_by(process, signal.SIGKILL, draw.uniform(0, 1.2 * long))
            self.assertIn(self.content(output), (old, new))
            kept, replaced = kept + (self.content(output) == old), replaced + (self.content(output) == new)
        self.assertEqual(tritium(*arguments)[0], 0)
        self.assertEqual(os.listdir(folder), ["out.gguf"])
        print(f"{TIMES} exports killed: {kept} left the old file, {replaced} the new one")

    def test_a_limit_on_file_sizes_leaves_what_was_there(self):
        good = self.path("good.gguf")
        self.assertEqual(tritium(*self.finetune("-o", good))[0], 0)
        before = self.content(good)
        blocks = len(before) // 1024 + 1
        for limit in [0, 1, 2, blocks // 2, blocks - 2]:
            with self.subTest(limit):
                done = self.in_a_shell(f'ulimit -f {limit}; exec "$@"', *self.finetune("-o", good, "--seed", 3))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(b"File too large", done.stderr)
                self.assertEqual(self.content(good), before)
                self.assertEqual([name for name in self.temporary_files(self.folder) if "good" in name], [])

    def test_a_folder_that_may_not_grow_fails_at_the_end_and_names_the_checkpoint(self):
        folder = self.path("small")
        done = self.in_a_shell('ulimit -f 4; exec "$@"', *self.finetune("--folder", folder))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"step-00000030.ckpt: cannot write: File too large", done.stderr)
        self.assertEqual(self.temporary_files(folder), [])
        code, out, err = tritium(*self.finetune("--folder", folder, "--resume", "auto"))
        self.assertEqual(code, 0, err)
        self.assertIn("step-00000030.ckpt", out)

    def test_an_export_that_fails_its_check_leaves_the_good_file(self):
        good = self.path("checked.gguf")
        self.assertEqual(tritium(*self.finetune("-o", good))[0], 0)
        before = self.content(good)
        self.fails(1, "tritium: error: ", *self.finetune("-o", good, "--lr", "1e30", "--mode", "full", "--clip", 0, steps=1))
        self.assertEqual(self.content(good), before)
        self.assertEqual([name for name in self.temporary_files(self.folder) if "checked" in name], [])

    def test_what_is_read_is_not_written(self):
        text, link = self.write("mine.txt", self.content(self.text)), self.path("link.txt")
        os.symlink("mine.txt", link)
        for output in (text, link, self.path("./mine.txt")):
            self.fails(2, "which would be lost", *self.finetune("-o", output, data=text))
        self.fails(2, "which would be lost", *self.finetune("-o", self.model))
        config = self.write("my.json", "{}")
        self.fails(2, "which would be lost", *self.finetune("-o", config, "--config", config))
        twin = self.path("twin.gguf")
        os.link(self.model, twin)
        for output in (self.model, twin):
            self.fails(2, "which would be lost", "logits", self.model, "--tokens", "1 2", "-o", output)
        self.assertEqual(self.content(text), self.content(self.text))

    def test_two_runs_in_one_folder_are_one_run_and_a_refusal(self):
        folder = self.path("shared")
        first = subprocess.Popen([program.PROGRAM, *self.finetune("--folder", folder, "--log-every", 1, steps=100000)],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (first.kill(), first.wait()))
        while not os.path.exists(os.path.join(folder, "chart.svg")):
            time.sleep(0.01)
        for more in ([], ["--resume", "auto"], ["--overwrite"]):
            self.fails(1, "a run is working in this folder", *self.finetune("--folder", folder, *more))
        first.send_signal(signal.SIGINT)
        self.assertEqual(first.wait(timeout=60), 0)
        self.fails(2, "--overwrite", *self.finetune("--folder", folder))
        code, _, err = tritium(*self.finetune("--folder", folder, "--overwrite"))
        self.assertEqual(code, 0, err)

    def test_of_runs_that_begin_at_once_in_one_folder_one_works(self):
        folder = self.path("at once")
        runs = [self.start(*self.finetune("--folder", folder, "--seed", i, steps=100000)) for i in range(5)]
        deadline = time.monotonic() + 60
        while sum(run.poll() is None for run in runs) > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        working = [run for run in runs if run.poll() is None]
        self.assertEqual(len(working), 1)
        for run in runs:
            if run not in working:
                self.assertIn(run.returncode, (1, 2))
                self.assertIn(b"tritium: error: ", run.communicate()[1])
        while not os.path.exists(os.path.join(folder, "chart.svg")) and time.monotonic() < deadline:
            time.sleep(0.02)
        working[0].send_signal(signal.SIGTERM)
        out, err = working[0].communicate(timeout=60)
        self.assertEqual(working[0].returncode, 0, err)
        self.assertIn(b"stopped after step", out)

    def test_of_runs_with_one_output_both_are_done_and_the_file_is_one_of_theirs(self):
        folder = self.path("one output")
        os.makedirs(folder)
        alone = []
        for seed in (1, 2):
            self.assertEqual(tritium(*self.finetune("-o", self.path("alone.gguf"), "--seed", seed))[0], 0)
            alone.append(self.content(self.path("alone.gguf")))
        output = os.path.join(folder, "out.gguf")
        runs = [self.start(*self.finetune("-o", output, "--seed", seed)) for seed in (1, 2)]
        for run in runs:
            _, err = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 0, err)
        self.assertIn(self.content(output), alone)
        self.assertEqual(os.listdir(folder), ["out.gguf"])

    def test_a_new_run_loses_nothing_of_another(self):
        folder = self.path("used")
        self.assertEqual(tritium(*self.finetune("--folder", folder))[0], 0)
        before = {name: self.content(os.path.join(folder, name)) for name in os.listdir(folder)}
        self.fails(2, "holds the work of a run", *self.finetune("--folder", folder, "--seed", 5, steps=10))
        self.assertEqual({name: self.content(os.path.join(folder, name)) for name in os.listdir(folder)}, before)

    def test_minutes_are_minutes_of_training(self):
        long = self.write("long.txt", self.content(self.text) * 12)
        arguments = ["finetune", self.model, "--data", long, "--batch", "2", "--context", "32", "--threads", "1"]
        code, out, err = tritium(*arguments, "--minutes", "0.002", "--json")
        self.assertEqual(code, 0, err)
        report = json.loads(out)
        self.assertGreater(report["step"], 0)
        output = self.path("nothing.gguf")
        self.fails(1, "no step was taken", *arguments, "--minutes", "1e-12", "-o", output)
        self.assertFalse(os.path.exists(output))


program.main()
