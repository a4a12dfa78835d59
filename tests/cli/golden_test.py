"""The test models give the text and the logits that independent implementations give, on every backend."""
import json
import os
import tempfile
import unittest

import program
from program import tritium

STORY = ("Once upon a time, there was a little girl named Lily. She loved to play outside and explore the world around her. "
         "One day, she saw a big, red ball. She was so happy and wanted to play with it.")
DENSE = "stories260k.f32"


def golden(name):
    return program.read_npy(program.shared("golden", name.split(".")[0] + ".logits.npy"))


def tokens():
    with open(program.shared("golden", "logits.json"), encoding="utf-8") as file:
        return " ".join(map(str, json.load(file)["tokens"]))


class Story(unittest.TestCase):
    def check(self, backend):
        program.require(backend)
        for form in ("tq1_0", "tq2_0", "i2_s"):
            with self.subTest(form):
                path = program.model("tinystories-bitnet-3m." + form)
                code, out, err = tritium("run", path, "-p", "", "-n", 60, "--temp", 0, "--backend", backend)
                self.assertEqual(code, 0, err)
                self.assertGreater(len(out), 150)
                self.assertTrue(STORY.startswith(out.rstrip("\n")), out)

    def test_the_reference_writes_the_expected_story(self):
        self.check("reference")

    def test_the_cpu_writes_the_expected_story(self):
        self.check("cpu")

    def test_vulkan_writes_the_expected_story(self):
        self.check("vulkan")


class Logits(unittest.TestCase):
    def logits(self, name, backend, activations):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "logits.npy")
            code, _, err = tritium("logits", program.model(name), "--tokens", tokens(), "-o", path, "--backend", backend,
                                   "--activations", activations)
            self.assertEqual(code, 0, err)
            return program.read_npy(path)

    def check_f32(self, backend):
        program.require(backend)
        for name in program.TERNARY_MOE + [DENSE]:
            with self.subTest(name):
                shape, expected = golden(name)
                got_shape, got = self.logits(name, backend, "f32")
                self.assertEqual(shape, got_shape)
                self.assertLess(program.relative_l2(expected, got), 1e-3)

    def test_f32_logits_of_the_reference(self):
        self.check_f32("reference")

    def test_f32_logits_of_the_cpu(self):
        self.check_f32("cpu")

    def test_f32_logits_of_vulkan(self):
        self.check_f32("vulkan")

    def test_int8_logits_stay_close_in_kl_and_cpu_equals_the_reference(self):
        for name in program.TERNARY_MOE:
            with self.subTest(name):
                shape, expected = golden(name)
                _, cpu = self.logits(name, "cpu", "int8")
                _, reference = self.logits(name, "reference", "int8")
                self.assertLess(program.mean_kl(shape, expected, cpu), 0.003)
                self.assertLess(max(abs(a - b) for a, b in zip(cpu, reference)), 1e-5)

    def test_int8_logits_of_the_trained_model_stay_close_in_kl(self):
        name = "tinystories-bitnet-3m.tq2_0"
        shape, expected = golden(name)
        self.assertLess(program.mean_kl(shape, expected, self.logits(name, "cpu", "int8-block")[1]), 0.003)


class Compare(unittest.TestCase):
    def check(self, backend):
        program.require(backend)
        folder = program.shared("models")
        for name in sorted(os.listdir(folder)):
            with self.subTest(name):
                code, _, err = tritium("run", os.path.join(folder, name), "-p", "", "-n", 3, "--temp", 0, "--backend", backend,
                                       "--compare", "reference")
                self.assertEqual(code, 0, err)

    def test_every_operation_on_the_cpu_agrees_with_the_reference(self):
        self.check("cpu")

    def test_every_operation_on_vulkan_agrees_with_the_reference(self):
        self.check("vulkan")


program.main()
