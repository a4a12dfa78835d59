"""Operation by operation, every backend agrees with the reference on all test models."""
import os
import unittest

import program
from program import tritium


class Compare(unittest.TestCase):
    def check(self, backend):
        program.require(backend)
        folder = program.shared("models")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".gguf"))
        self.assertTrue(names)
        for name in names:
            with self.subTest(name):
                code, _, err = tritium("run", os.path.join(folder, name), "-p", "", "-n", 3, "--temp", 0, "--backend", backend,
                                       "--compare", "reference")
                self.assertEqual(code, 0, err)
                self.assertIn(" 3 tokens", err)

    def test_every_operation_on_the_cpu_agrees_with_the_reference(self):
        self.check("cpu")

    def test_every_operation_on_vulkan_agrees_with_the_reference(self):
        self.check("vulkan")


program.main()
