"""The test models give the logits that independent implementations give, on every backend."""
import json
import os
import tempfile
import unittest

import program
from program import tritium

DENSE = "stories260k.f32"
TRAINED = "tinystories-bitnet-3m.tq2_0"


def golden(name):
    return program.read_npy(program.shared("golden", name.split(".")[0] + ".logits.npy"))


def tokens():
    with open(program.shared("golden", "logits.json"), encoding="utf-8") as file:
        return " ".join(map(str, json.load(file)["tokens"]))


class Logits(unittest.TestCase):
    def logits(self, name, backend, activations, kv="f32"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "logits.npy")
            code, _, err = tritium("logits", program.model(name), "--tokens", tokens(), "-o", path, "--backend", backend,
                                   "--activations", activations, "--kv", kv)
            self.assertEqual(code, 0, err)
            return program.read_npy(path)

    def need(self, *names):
        for name in names:
            program.model(name)
            golden(name)

    def check_f32(self, backend):
        program.require(backend)
        self.need(*program.TERNARY_MOE, DENSE)
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

    def check_int8(self, backend):
        program.require(backend)
        self.need(*program.TERNARY_MOE)
        for name in program.TERNARY_MOE:
            with self.subTest(name):
                shape, expected = golden(name)
                got_shape, got = self.logits(name, backend, "int8")
                self.assertEqual(shape, got_shape)
                self.assertLess(program.mean_kl(shape, expected, got), 0.003)

    def test_int8_logits_of_the_reference_stay_close_in_kl(self):
        self.check_int8("reference")

    def test_int8_logits_of_the_cpu_stay_close_in_kl(self):
        self.check_int8("cpu")

    def test_int8_logits_of_vulkan_stay_close_in_kl(self):
        self.check_int8("vulkan")

    def check_trained(self, backend):
        program.require(backend)
        self.need(TRAINED)
        shape, expected = golden(TRAINED)
        got_shape, got = self.logits(TRAINED, backend, "int8-block")
        self.assertEqual(shape, got_shape)
        self.assertLess(program.mean_kl(shape, expected, got), 1e-4)

    def test_int8_logits_of_the_trained_model_on_the_cpu_stay_close_in_kl(self):
        self.check_trained("cpu")

    def test_int8_logits_of_the_trained_model_on_vulkan_stay_close_in_kl(self):
        self.check_trained("vulkan")

    def check_kv(self, backend, kv, most):
        """What a smaller cache costs, everything else in floats."""
        program.require(backend)
        self.need(TRAINED)
        shape, exact = self.logits(TRAINED, backend, "f32")
        _, got = self.logits(TRAINED, backend, "f32", kv)
        self.assertNotEqual(exact, got)
        self.assertLess(program.mean_kl(shape, exact, got), most)

    def test_a_cache_of_f16_says_the_same_on_the_cpu(self):
        self.check_kv("cpu", "f16", 1e-8)

    def test_a_cache_of_f16_says_the_same_on_vulkan(self):
        self.check_kv("vulkan", "f16", 1e-8)

    def test_a_cache_of_int8_says_nearly_the_same_on_the_cpu(self):
        self.check_kv("cpu", "int8", 1e-5)

    def test_a_cache_of_int8_says_nearly_the_same_on_vulkan(self):
        self.check_kv("vulkan", "int8", 1e-5)


program.main()
