"""What a run or a file keeps when something ends it: kill -9 at random moments, a limit on file sizes, a full disk, two runs
in one folder, outputs that are inputs. With default options: checkpoints by the clock."""
import json
import os
import random
import signal
import subprocess
import time

import program
from program import InFolder, tritium

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

    def test_a_run_that_is_killed_goes_on_with_its_work_and_its_log(self):
        draw = random.Random(5)
        whole = self.path("whole.gguf")
        self.assertEqual(tritium(*self.finetune("-o", whole, "--eval-every", 4, steps=60))[0], 0)
        folder, output, kills, went_on = self.path("killed"), self.path("killed.gguf"), 0, 0
        for _ in range(100):
            arguments = self.finetune("-o", output, "--eval-every", 4, "--log-every", 1, "--folder", folder, "--resume", "auto", steps=60)
            process = subprocess.Popen([program.PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                _, err = process.communicate(timeout=draw.uniform(0.02, 0.3) if kills < 15 else 120)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                _, err = process.communicate()
                kills += 1
            went_on += b"going on after step" in err
            if process.returncode == 0:
                if kills >= 15:
                    break
                # It was done before it could be killed often enough.
                for name in os.listdir(folder):
                    if name.endswith(".ckpt"):
                        os.remove(os.path.join(folder, name))
            else:
                self.assertEqual(process.returncode, -signal.SIGKILL, err)
        self.assertGreaterEqual(kills, 15)
        self.assertGreater(went_on, 0)
        self.assertEqual(self.content(output), self.content(whole))
        self.assertEqual(self.temporary_files(folder), [])
        self.assertEqual([name for name in self.temporary_files(self.folder) if "killed.gguf" in name], [])
        with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
            steps = [json.loads(line)["step"] for line in file]
        self.assertEqual(steps, sorted(set(steps)))

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
