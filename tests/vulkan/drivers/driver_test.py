"""Every operation, known logits and greedy tokens on a Vulkan driver that is not this machine's own.

driver_test.py FOLDER VULKAN_TEST OPS_TEST SHADERS. FOLDER is what fetch.sh made. Exit code 77: the driver is not there, and the
output says why.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

import program

FOLDER, VULKAN_TEST, OPS_TEST, SHADERS = os.path.abspath(sys.argv[1]), *sys.argv[2:]
DENSE, TRAINED = "stories260k.f32", "tinystories-bitnet-3m"
# A mixture, floats, trits: what a file's type is, no device sees.
MODELS = [program.TERNARY_MOE[0], DENSE, f"{TRAINED}.tq2_0"]
CACHE = tempfile.TemporaryDirectory()


def tritium(*arguments, **options):
    """A software driver waits long for its threads where other programs are busy."""
    return program.tritium(*arguments, timeout=600, **options)


def read_line(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read().strip()


def use_driver():
    """The driver for this process and those that it starts; ends the process where there is none."""
    if not os.path.exists(os.path.join(FOLDER, "icd.json")):
        reason = read_line("missing") if os.path.exists(os.path.join(FOLDER, "missing")) else "./dev test fetches it"
        print("skipped: the driver is not there: " + reason)
        sys.exit(77)
    os.environ["VK_DRIVER_FILES"] = os.environ["VK_ICD_FILENAMES"] = os.path.join(FOLDER, "icd.json")
    os.environ["TRITIUM_VALIDATION"] = "0"  # VULKAN_TEST has it
    # Shaders are compiled once for all that follows, and anew each time: a cache would hide what cannot be compiled.
    os.environ["XDG_CACHE_HOME"] = os.environ["MESA_SHADER_CACHE_DIR"] = CACHE.name
    own_loader = os.path.join(FOLDER, "run")
    if os.path.exists(own_loader):
        program.COMMAND.insert(0, own_loader)
    devices = [d for d in json.loads(tritium("devices", "--json")[1]) if d["backend"].startswith("vulkan")]
    for device in devices:
        print(f"{device['description']}; {device['driver']}; {', '.join(device['features'])}; {read_line('package')}"
              f"{'' if device['available'] else '; not available: ' + device['reason']}", flush=True)


class OnDriver(unittest.TestCase):
    def setUp(self):
        self.started = time.monotonic()

    def tearDown(self):
        print(f"{time.monotonic() - self.started:.1f} s", end=" ", file=sys.stderr, flush=True)


class Device(OnDriver):
    def run_gtest(self, test, *arguments, environment=None):
        done = subprocess.run([*program.COMMAND[:-1], test, "--gtest_brief=1", *arguments], capture_output=True, text=True,
                              env=dict(os.environ, **(environment or {})))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\[  PASSED  \] [1-9]")
        self.assertNotIn("SKIPPED", done.stdout)

    def test_the_driver_has_one_device_and_it_can_be_used(self):
        devices = [d for d in json.loads(tritium("devices", "--json")[1]) if d["backend"].startswith("vulkan")]
        self.assertEqual([d["available"] for d in devices], [True], devices)

    def test_memory_barriers_and_clocks(self):
        self.run_gtest(VULKAN_TEST)

    def test_every_operation_agrees_with_the_reference(self):
        code, out, err = tritium("selftest", "--backend", "vulkan", "--json")
        self.assertNotEqual(out, "", err)
        operations = json.loads(out)["operations"]
        self.assertEqual([], [(o["operation"], o["failure"]) for o in operations if o["failure"]])
        self.assertEqual(code, 0, err)
        print(f"{len(operations)} operations, {sum(o['cases'] for o in operations)} cases,", end=" ", file=sys.stderr)

    def test_kernels_with_dot_products_agree_with_the_reference(self):
        kernels = []
        for path in glob.glob(os.path.join(SHADERS, "*.comp")):
            with open(path, encoding="utf-8") as file:
                if "\n// Variants: dot" in file.read():
                    kernels.append(os.path.basename(path).split(".")[0])
        self.assertNotEqual(kernels, [])
        self.run_gtest(OPS_TEST, "--gtest_filter=" + ":".join(f"*Operation*/{k}_vulkan" for k in kernels),
                       environment={"TRITIUM_VULKAN_RUNG": "dot"})


class Logits(OnDriver):
    def both(self, name, activations):
        """The shape, the logits that independent implementations give, and the driver's."""
        expected = program.shared("golden", name.split(".")[0] + ".logits.npy")
        with open(program.shared("golden", "logits.json"), encoding="utf-8") as file:
            tokens = " ".join(map(str, json.load(file)["tokens"]))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "logits.npy")
            code, _, err = tritium("logits", program.model(name), "--tokens", tokens, "-o", path, "--backend", "vulkan",
                                   "--activations", activations, "--kv", "f32")
            self.assertEqual(code, 0, err)
            shape, got = program.read_npy(path)
        known_shape, known = program.read_npy(expected)
        self.assertEqual(known_shape, shape)
        return shape, known, got

    def test_f32_logits(self):
        for name in program.TERNARY_MOE + [DENSE]:
            with self.subTest(name):
                _, known, got = self.both(name, "f32")
                self.assertLess(program.relative_l2(known, got), 1e-3)

    def test_int8_logits_stay_close_in_kl(self):
        for name in program.TERNARY_MOE:
            with self.subTest(name):
                self.assertLess(program.mean_kl(*self.both(name, "int8")), 0.003)

    def test_int8_logits_of_the_trained_model_stay_close_in_kl(self):
        self.assertLess(program.mean_kl(*self.both(TRAINED + ".tq2_0", "int8-block")), 1e-4)


class Tokens(OnDriver):
    def greedy(self, path, backend, fusion="1"):
        code, out, err = tritium("run", path, "--tokens", "1 5 9 20", "-n", 8, "--temp", 0, "--kv", "f32", "--backend", backend,
                                 "--json", environment={"TRITIUM_VULKAN_FUSION": fusion})
        self.assertEqual(code, 0, err)
        return json.loads(out)["tokens"]

    def check(self, path):
        expected = self.greedy(path, "reference")
        for fusion in ("1", "0"):
            self.assertEqual(expected, self.greedy(path, "vulkan", fusion), f"TRITIUM_VULKAN_FUSION={fusion}")

    def test_greedy_tokens_of_a_generated_model_are_those_of_the_reference(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.gguf")
            subprocess.run([program.MAKE_MODEL, path, "maple"], check=True)
            self.check(path)

    def test_greedy_tokens_of_the_test_models_are_those_of_the_reference(self):
        for name in MODELS:
            with self.subTest(name):
                self.check(program.model(name))


use_driver()
program.main()
