"""What a person meets: options, messages, exit codes, interruptions. On a generated model; needs no other material."""
import json
import math
import os
import signal
import subprocess
import tempfile
import time
import unittest

import program
from program import tritium


class WithModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = cls.path("model.gguf")
        subprocess.run([program.MAKE_MODEL, cls.model], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def fails(self, code, part, *arguments, **options):
        got, out, err = tritium(*arguments, **options)
        self.assertEqual(got, code, err)
        self.assertIn(part, err)
        self.assertEqual(out, "")


class Mistakes(WithModel):
    def test_a_file_that_is_not_there(self):
        self.fails(1, "No such file", "run", self.path("none.gguf"), "-p", "x")

    def test_a_folder_for_a_model(self):
        self.fails(1, "not a regular file", "run", self.folder.name, "-p", "x")

    def test_an_empty_file(self):
        self.fails(1, "the file is empty", "info", self.write("empty.gguf", b""))

    def test_a_text_file(self):
        self.fails(1, "not a GGUF file", "info", self.write("text.gguf", b"hello world, this is text"))

    def test_a_model_that_is_cut_off(self):
        with open(self.model, "rb") as file:
            data = file.read()
        for size in (100, 5000, len(data) // 2, len(data) - 40000):
            self.fails(1, "cut off", "info", self.write("short.gguf", data[:size]))

    def test_no_tokens(self):
        self.fails(2, "--tokens is empty", "run", self.model, "--tokens", "")

    def test_a_token_that_is_no_number(self):
        self.fails(2, '"x 3" is not a token id', "run", self.model, "--tokens", "1 x 3")

    def test_a_token_out_of_range(self):
        self.fails(2, "token 1 is 999, this model has ids 0 to 258", "run", self.model, "--tokens", "1 999")

    def test_no_tokens_to_write(self):
        self.fails(2, "tritium: error: --max-tokens: Value 0 not in range 1 to", "run", self.model, "-p", "x", "-n", 0)

    def test_a_prompt_and_tokens_at_once(self):
        self.fails(2, "excludes", "run", self.model, "-p", "x", "--tokens", "1")

    def test_an_unknown_backend(self):
        self.fails(2, 'unknown backend "cuda"', "run", self.model, "-p", "x", "--backend", "cuda")

    def test_an_unknown_option(self):
        self.fails(2, "--frobnicate", "run", self.model, "--frobnicate")

    def test_an_impossible_top_p(self):
        self.fails(2, "top_p is 2", "run", self.model, "-p", "x", "--top-p", 2)

    def test_a_context_beyond_the_model(self):
        self.fails(2, "this model takes 1 to 512", "run", self.model, "-p", "x", "--context", 100000)

    def test_a_full_disk(self):
        self.fails(1, "/dev/full: cannot write", "logits", self.model, "--tokens", "1 2", "-o", "/dev/full")

    def test_a_folder_that_is_not_there(self):
        self.fails(1, "cannot create", "logits", self.model, "--tokens", "1 2", "-o", self.path("none/logits.npy"))

    def test_an_empty_text(self):
        self.fails(2, "at least 2 are needed", "eval", self.model, "--text", self.write("empty.txt", b""))

    def test_a_missing_text(self):
        self.fails(1, "cannot be read", "eval", self.model, "--text", self.path("none.txt"))

    def test_a_capture_without_vulkan(self):
        self.fails(2, "needs a Vulkan backend", "run", self.model, "-p", "", "--backend", "cpu", "--capture", self.path("c.rdc"))

    def test_no_driver_is_said_and_auto_works(self):
        environment = {"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": "/nonexistent"}
        got, _, err = tritium("run", self.model, "-p", "", "--backend", "vulkan", environment=environment)
        self.assertEqual(got, 1)
        self.assertIn("ulkan", err)
        got, out, err = tritium("run", self.model, "-p", "", "-n", 3, environment=environment)
        self.assertEqual(got, 0, err)


class Help(unittest.TestCase):
    def test_every_command_has_help_with_an_example(self):
        for command in ("run", "eval", "logits", "info", "devices", "selftest", "bench"):
            code, out, _ = tritium(command, "--help")
            self.assertEqual(code, 0, command)
            self.assertIn("Example", out, command)

    def test_no_command_is_wrong_usage(self):
        self.assertEqual(tritium()[0], 2)

    def test_the_version_is_told(self):
        code, out, _ = tritium("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^tritium \d+\.\d+\.\d+")


class Outputs(WithModel):
    def test_json_of_a_run_holds_what_was_written(self):
        code, out, _ = tritium("run", self.model, "-p", "hello", "-n", 5, "--temp", 0, "--json")
        self.assertEqual(code, 0)
        result = json.loads(out)
        self.assertEqual(len(result["tokens"]), 5)
        self.assertEqual(result["stop"], "max_tokens")
        self.assertEqual(result["prompt_tokens"], 9)  # beginning of text, U+2581 before the first word in bytes, "hello"
        for key in ("text", "seconds_to_first_token", "tokens_per_second", "backend"):
            self.assertIn(key, result)

    def test_the_prompt_can_come_from_stdin(self):
        same = [tritium("run", self.model, "-p", p, "-n", 5, "--temp", 0, "--json", stdin=s)[1]
                for p, s in (("hello", None), ("-", b"hello"))]
        self.assertEqual(*(json.loads(out)["tokens"] for out in same))

    def test_the_same_seed_writes_the_same_and_another_does_not(self):
        def run(seed):
            return json.loads(tritium("run", self.model, "-p", "", "-n", 20, "--seed", seed, "--json")[1])["tokens"]
        self.assertEqual(run(3), run(3))
        self.assertNotEqual(run(3), run(4))

    def test_info_and_devices_are_json(self):
        info = json.loads(tritium("info", self.model, "--json")[1])
        self.assertEqual((info["architecture"], info["n_experts"], info["n_layers"]), ("maple", 8, 4))
        self.assertEqual(sum(d["auto"] for d in json.loads(tritium("devices", "--json")[1])), 1)

    def test_every_window_and_stride_scores_every_token_once(self):
        text = b"It was the best of times, it was the worst of times. " * 3
        path = self.write("text.txt", text)
        for window, stride in ((8, 3), (32, 31), (32, 16), (512, 256)):
            code, out, err = tritium("eval", self.model, "--text", path, "--window", window, "--stride", stride, "--json")
            self.assertEqual(code, 0, err)
            result = json.loads(out)
            self.assertEqual(result["bytes"], len(text))
            # Bytes; a space, also the one before the first word, is U+2581 in three. The first token is not scored.
            self.assertEqual(result["tokens"], len(text) + 2 * text.count(b" ") + 3)
            self.assertAlmostEqual(result["perplexity"], math.exp(result["nll"]), delta=1e-6 * result["perplexity"])
            bits = result["nll"] * result["tokens"] / math.log(2) / result["bytes"]
            self.assertAlmostEqual(result["bits_per_byte"], bits, delta=1e-9 * bits)

    def test_selftest_of_the_cpu_passes(self):
        code, out, _ = tritium("selftest", "--backend", "cpu", "--json")
        self.assertEqual(code, 0)
        self.assertTrue(json.loads(out)["passed"])


class Interruptions(WithModel):
    def start(self, *arguments):
        return subprocess.Popen([program.PROGRAM, "run", self.model, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_ctrl_c_ends_cleanly(self):
        process = self.start("-p", "", "-n", "500", "--temp", "0", "--backend", "reference")
        process.stdout.read(1)  # it has begun to write
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        self.assertLess(time.monotonic() - asked, 5)
        self.assertIn(b"cancelled", err)
        self.assertTrue(out.endswith(b"\n"))

    def test_a_reader_that_goes_away_is_no_error(self):
        process = self.start("-p", "", "-n", "500", "--temp", "0")
        process.stdout.read(1)
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=30), 0, err)
        self.assertNotIn(b"error", err)


program.main()
