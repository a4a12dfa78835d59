"""Training from outside: a text becomes a model that runs; runs stop, are killed and go on as if nothing had happened."""
import json
import os
import random
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

import program
from program import tritium

WORDS = "the quick brown fox jumps over a lazy dog while seven wizards mix quartz and jade by night".split()
TRANSFORMER = {"architecture": "qwen3moe", "dim": 64, "layers": 2, "heads": 2, "kv_heads": 1, "head_dim": 32, "ffn": 64,
               "experts": 4, "top_k": 2, "context": 64}


class Training(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        draw = random.Random(1)
        self.text = self.write("text.txt", " ".join(draw.choice(WORDS) for _ in range(6000)) + "\n")
        self.transformer = self.write("transformer.json", json.dumps(TRANSFORMER))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def arguments(self, folder, output, *more, steps=40):
        return ["train", "--transformer", self.transformer, "--data", self.text, "--context", "32", "--batch", "4", "--steps",
                str(steps), "--lr", "3e-3", "--folder", self.path(folder), "-o", self.path(output), *more]

    def rows(self, folder):
        with open(self.path(folder, "log.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def bytes_of(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def test_a_run_that_does_not_fit_is_told_what_would_and_fit_takes_it(self):
        """Where ulimit leaves too little: what is named, given by hand or taken by --fit, trains within the limit."""
        limit = 160 << 20
        larger = self.write("larger.json", json.dumps(dict(TRANSFORMER, dim=128, layers=4, ffn=256)))
        def limited(name, *more):
            return tritium("train", "--transformer", larger, "--data", self.text, "--context", 64, "--batch", 128, "--steps", 2,
                           "--threads", 1, "--folder", self.path(name), "-o", self.path(name + ".gguf"), *more,
                           limits={resource.RLIMIT_DATA: limit})
        code, _, err = limited("run")
        self.assertEqual(code, 1, err)
        self.assertFalse(os.path.exists(self.path("run")), "a run that did not begin leaves no folder")
        would = re.search(r"would fit with (--[-a-z0-9 ]+): .* \(--fit takes these\)", err)
        self.assertTrue(would, err)
        self.assertRegex(err, r"training needs about \d+ MiB \(.*\), \d+ MiB are free; with .* it needs \d+ MiB")
        code, out, err = limited("by_hand", *would[1].split())
        self.assertEqual(code, 0, err)
        code, out, err = limited("run", "--fit")
        self.assertEqual(code, 0, err)
        self.assertIn("to fit into the ", err)
        kept = json.loads(self.bytes_of("run", "config.json"))
        by_hand = json.loads(self.bytes_of("by_hand", "config.json"))
        for key in ("checkpoint_activations", "micro_batch", "shadow", "states_8bit", "update_by_layer", "clip"):
            self.assertEqual(kept[key], by_hand[key], key)
        self.assertEqual(self.bytes_of("run.gguf"), self.bytes_of("by_hand.gguf"))

    def test_a_text_becomes_a_model_that_runs_on_every_backend(self):
        code, out, err = tritium(*self.arguments("run", "model.gguf", steps=60))
        self.assertEqual(code, 0, err)
        self.assertIn("wrote ", out)
        rows = self.rows("run")
        self.assertLess(rows[-1]["valid_loss"], 0.8 * rows[0]["train_loss"])
        self.assertGreater(rows[-1]["flipped_percent"] + rows[3]["flipped_percent"], 0)
        xml.etree.ElementTree.parse(self.path("run", "chart.svg"))
        texts = set()
        for backend in ("reference", "cpu"):
            code, out, err = tritium("run", self.path("model.gguf"), "-p", "the quick", "-n", 20, "--temp", 0, "--backend", backend)
            self.assertEqual(code, 0, err)
            texts.add(out)
        self.assertEqual(len(texts), 1, texts)
        info = json.loads(tritium("info", self.path("model.gguf"), "--json")[1])
        self.assertEqual(info["architecture"], "qwen3moe")
        self.assertGreater(info["ternary_parameters"], 0)

    def test_the_exported_model_is_as_good_as_the_trainer_says(self):
        code, out, err = tritium(*self.arguments("run", "model.gguf"))
        self.assertEqual(code, 0, err)
        rows = self.rows("run")
        text = self.bytes_of("text.txt").decode()
        held_out = self.write("held_out.txt", text[len(text) * 9 // 10:])
        code, out, err = tritium("eval", self.path("model.gguf"), "--text", held_out, "--window", 32, "--stride", 16, "--json")
        self.assertEqual(code, 0, err)
        # A window that slides gives more context than windows side by side: a little better, not worse.
        self.assertLess(json.loads(out)["nll"], rows[-1]["valid_loss"] + 0.02)
        self.assertGreater(json.loads(out)["nll"], rows[-1]["valid_loss"] - 0.5)

    def test_killed_at_random_moments_it_always_goes_on_to_the_same_bytes(self):
        code, out, err = tritium(*self.arguments("whole", "whole.gguf", "--save-every", "1"))
        self.assertEqual(code, 0, err)
        draw = random.Random(2)
        kills = 0
        for _ in range(200):
            process = subprocess.Popen([program.PROGRAM, *self.arguments("killed", "killed.gguf", "--save-every", "1", "--resume",
                                                                         "auto")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                _, err = process.communicate(timeout=draw.uniform(0.02, 0.25) if kills < 20 else 120)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
                continue
            self.assertEqual(process.returncode, 0, err)
            if kills >= 20:
                break
            # It was done before it could be killed often enough: the last checkpoints go, and so does the result.
            for name in sorted(os.listdir(self.path("killed"))):
                if name.endswith(".ckpt"):
                    os.remove(self.path("killed", name))
        self.assertGreaterEqual(kills, 20)
        self.assertEqual(self.bytes_of("killed.gguf"), self.bytes_of("whole.gguf"))

    def test_ctrl_c_saves_and_a_resumed_run_ends_with_the_same_bytes(self):
        code, out, err = tritium(*self.arguments("whole", "whole.gguf"))
        self.assertEqual(code, 0, err)
        process = subprocess.Popen([program.PROGRAM, *self.arguments("stopped", "stopped.gguf", "--log-every", "1")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not os.path.exists(self.path("stopped", "chart.svg")):
            time.sleep(0.005)  # it has made a step
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        if not os.path.exists(self.path("stopped.gguf")):  # else it was faster than the signal
            self.assertIn(b"stopped after step", out)
        code, out, err = tritium(*self.arguments("stopped", "stopped.gguf", "--resume", "auto"))
        self.assertEqual(code, 0, err)
        self.assertEqual(self.bytes_of("stopped.gguf"), self.bytes_of("whole.gguf"))

    def test_a_damaged_checkpoint_is_passed_over(self):
        code, out, err = tritium(*self.arguments("run", "a.gguf", "--save-every", "20"))
        self.assertEqual(code, 0, err)
        newest = self.path("run", "step-00000040.ckpt")
        with open(newest, "r+b") as file:
            file.truncate(os.path.getsize(newest) - 100)
        code, out, err = tritium(*self.arguments("run", "b.gguf", "--resume", "auto"))
        self.assertEqual(code, 0, err)
        self.assertEqual(self.bytes_of("a.gguf"), self.bytes_of("b.gguf"))

    def test_what_cannot_be_trained_is_said(self):
        empty = self.write("empty.txt", "")
        short = self.write("short.txt", "too short")
        masked = self.write("masked.jsonl", json.dumps({"messages": [{"role": "user", "content": "x" * 500}]}) + "\n")
        bad = self.write("bad.jsonl", '{"text": "fine"}\n{"text": 7}\n')
        base = ["train", "--preset", "tiny-moe", "--steps", "2"]
        for more, part in ((["--data", self.path("nowhere.txt")], "nowhere.txt"), (["--data", empty], "empty"),
                           (["--data", short], "tokens"), (["--data", masked], "part to train on is empty"),
                           (["--data", bad], "bad.jsonl: line 2"), (["--data", self.text, "--lr", "-1"], "learning_rate"),
                           (["--data", self.text, "--lr", "fast"], "learning_rate"),
                           (["--data", self.text, "--mode", "quaternary"], '--mode is "quaternary", must be ste or one of full, ternary'),
                           (["--data", self.text, "--experts", "quaternary"], 'option "feed_forward" is "quaternary"'),
                           (["--data", self.text, "--context", "5000"], "context"),
                           (["--data", self.text, "--export-type", "tq2_0", "-o", self.path("x.gguf")], "TQ2_0"),
                           ([], "data")):
            with self.subTest(part):
                code, out, err = tritium(*base, *more)
                self.assertIn(code, (1, 2), err)
                self.assertIn("tritium: error: ", err)
                self.assertIn(part, err)
        code, out, err = tritium("train", "--preset", "tiny-moe", "--data", self.text)
        self.assertIn("how long", err)

    def test_the_resolved_options_are_shown_and_can_be_used_again(self):
        code, out, err = tritium(*self.arguments("run", "model.gguf", "--mode", "int8", "--print-config"))
        self.assertEqual(code, 0, err)
        options = json.loads(out)
        self.assertEqual((options["attention"], options["steps"], options["context"]), ("int8", 40, 32))
        config = self.write("config.json", out)
        again = tritium("train", "--config", config, "--print-config")[1]
        self.assertEqual(json.loads(again), options)

    def test_every_option_is_in_the_help_and_in_the_list_for_people(self):
        code, listed, err = tritium("train", "--list-options")
        self.assertEqual(code, 0, err)
        with open(os.path.join(os.path.dirname(__file__), "..", "..", "..", "papers", "training_options.md"), encoding="utf-8") as file:
            self.assertIn(listed, file.read(), "papers/training_options.md says how it is written anew")
        rows = re.findall(r"^\| `(\w+)` \| (?:`(.*?)`)? \|", listed, re.MULTILINE)
        resolved = json.loads(tritium("train", "--preset", "tiny-moe", "--print-config")[1])
        self.assertEqual(sorted(key for key, _ in rows), sorted(resolved))
        for command in ("train", "finetune"):
            shown = re.findall(r"^ +(-\S+)", tritium(command, "--help")[1], re.MULTILINE)
            self.assertEqual([flag for _, flag in rows if flag and flag not in shown], [], command)

    def test_a_run_whose_result_is_not_kept_says_so_first(self):
        code, _, err = tritium("train", "--preset", "tiny-moe", "--data", self.text, "--steps", 1, "--batch", 1, "--context", 16)
        self.assertEqual(code, 0, err)
        self.assertIn("warning: what is learned will not be kept", err)

    def test_a_profile_names_the_operations_that_took_long(self):
        code, out, err = tritium(*self.arguments("run", "model.gguf", "--profile", steps=3))
        self.assertEqual(code, 0, err)
        for operation in ("ternary_matmul ", "ternary_matmul_backward ", "weight_gradient ", "adamw_update ", "cross_entropy "):
            self.assertIn(operation, err)

    def test_a_profile_is_in_the_json(self):
        code, out, err = tritium(*self.arguments("run", "model.gguf", "--profile", "--json", steps=3))
        self.assertEqual(code, 0, err)
        self.assertIn("adamw_update", [entry["operation"] for entry in json.loads(out)["profile"]])

    def test_a_full_disk_is_an_error_and_leaves_no_half_file(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("needs /dev/full")
        arguments = self.arguments("run", "model.gguf", steps=2)
        arguments[arguments.index("-o") + 1] = "/dev/full"
        code, out, err = tritium(*arguments)
        self.assertEqual(code, 1, err)
        self.assertIn("space", err)


program.main()
