"""What goes wrong is said on stderr, with an exit code that tells wrong usage (2) from failure (1)."""
import json
import os
import struct
import subprocess

import program
from program import WithModel, tritium


class Errors(WithModel):
    def test_a_file_that_is_not_there(self):
        self.fails(1, "No such file", "run", self.path("none.gguf"), "-p", "x")

    def test_a_folder_for_a_model(self):
        self.fails(1, "config.json: is missing; a model folder has one", "run", self.folder, "-p", "x")

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

    def test_a_context_for_which_there_is_no_memory(self):
        context = (1 << 24) - 1  # whose caches and rotations take 77 GB
        if os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > 70e9:
            self.skipTest("there is memory for it")
        with open(self.model, "rb") as file:
            data = file.read()
        before, after = (b"context_length" + struct.pack("<II", 4, n) for n in (512, context))
        self.assertIn(before, data)
        model = self.write("long.gguf", data.replace(before, after))
        for backend in ("cpu", "reference"):
            self.fails(1, "a smaller context or batch needs less", "run", model, "-p", "x", "--context", context,
                       "--backend", backend)

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

    def test_a_model_that_may_not_be_read(self):
        path = self.write("secret.gguf", b"GGUF")
        os.chmod(path, 0)
        if os.access(path, os.R_OK):
            self.skipTest("this user may read everything")
        self.fails(1, "Permission denied", "info", path)

    def test_a_negative_token(self):
        self.fails(2, "token 0 is -1", "run", self.model, "--tokens", "-1")

    def test_a_token_beyond_32_bits(self):
        self.fails(2, "99999999999", "run", self.model, "--tokens", "99999999999")

    def test_more_tokens_than_the_context_holds(self):
        self.fails(2, "512", "logits", self.model, "--tokens", "5 " * 513, "-o", self.path("logits.npy"))
        self.assertFalse(os.path.exists(self.path("logits.npy")))

    def test_an_unknown_command(self):
        self.fails(2, "frobnicate", "frobnicate")

    def test_a_negative_temperature(self):
        self.fails(2, "temperature is -1", "run", self.model, "-p", "x", "--temp", "-1")

    def test_an_unknown_arithmetic(self):
        self.fails(2, '"f64" is not known', "run", self.model, "-p", "x", "--activations", "f64")

    def test_an_unknown_layout(self):
        self.fails(2, '"base4" is not known; take auto, 2bit or base3', "run", self.model, "-p", "x", "--layout", "base4")

    def test_an_unknown_cache(self):
        self.fails(2, '"q4" is not known; take f16, int8 or f32', "run", self.model, "-p", "x", "--kv", "q4")

    def test_a_vulkan_device_that_is_not_there(self):
        program.require("vulkan")
        self.fails(2, "vulkan:99", "run", self.model, "-p", "x", "--backend", "vulkan:99")

    def test_a_folder_for_a_text(self):
        self.fails(1, "Is a directory", "eval", self.model, "--text", self.folder)

    def test_a_full_disk_behind_stdout(self):
        for arguments in (["devices"], ["info", self.model, "--json"], ["run", self.model, "-p", "", "-n", "3"]):
            with self.subTest(arguments[0]), open("/dev/full", "wb") as full:
                done = subprocess.run([program.PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"standard output: No space left on device", done.stderr)


class WithoutADriver(WithModel):
    NO_DRIVER = {"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": "/nonexistent"}

    def test_vulkan_by_name_fails_and_says_why(self):
        self.fails(1, "ulkan", "run", self.model, "-p", "", "--backend", "vulkan", environment=self.NO_DRIVER)

    def test_auto_takes_the_cpu(self):
        code, out, err = tritium("run", self.model, "-p", "", "-n", 3, "--json", environment=self.NO_DRIVER)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["backend"], "cpu")

    def test_devices_says_why_vulkan_is_not_available(self):
        code, out, err = tritium("devices", "--json", environment=self.NO_DRIVER)
        self.assertEqual(code, 0, err)
        missing = [d for d in json.loads(out) if d["backend"].startswith("vulkan")]
        self.assertEqual([d["available"] for d in missing], [False] * max(1, len(missing)))
        self.assertTrue(all(d["reason"] for d in missing))


program.main()
