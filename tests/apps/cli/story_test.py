"""The trained model writes the known story in every format on every backend."""
import unittest

import program
from program import tritium

STORY = ("Once upon a time, there was a little girl named Lily. She loved to play outside and explore the world around her. "
         "One day, she saw a big, red ball. She was so happy and wanted to play with it.")
MODEL = "tinystories-bitnet-3m."


class Story(unittest.TestCase):
    def write(self, form, *options):
        code, out, err = tritium("run", program.model(MODEL + form), "-p", "", "-n", 60, "--temp", 0, *options)
        self.assertEqual(code, 0, err)
        return out.rstrip("\n")

    def check(self, backend):
        program.require(backend)
        forms = ("tq1_0", "tq2_0", "i2_s")
        for form in forms:
            program.model(MODEL + form)
        for form in forms:
            with self.subTest(form):
                text = self.write(form, "--backend", backend)
                common = min(len(text), len(STORY))
                self.assertGreater(common, 150)
                self.assertEqual(text[:common], STORY[:common])

    def test_the_reference_writes_the_expected_story(self):
        self.check("reference")

    def test_the_cpu_writes_the_expected_story(self):
        self.check("cpu")

    def test_vulkan_writes_the_expected_story(self):
        self.check("vulkan")

    def test_the_other_interleaving_of_i2_s_gives_another_text(self):
        self.assertNotEqual(self.write("i2_s", "--i2s-64"), self.write("i2_s"))

    def test_the_interleaving_of_i2_s_means_nothing_to_other_formats(self):
        self.assertEqual(self.write("tq2_0", "--i2s-64"), self.write("tq2_0"))


program.main()
