"""embed of a Hugging Face folder as BitNet-Embedding has it: an RMS norm before each projection, weights that are rounded to
trits when the model runs, the vector of the last token. Compared with the same computed here, in double precision."""
import json
import os

import folders
import program
from program import tritium
from small_qwen3 import CONFIG, Oracle, random_tensors

TEXT = "a red ball"


class EmbedFolder(program.InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tensors = random_tensors()
        cls.tokenizer_config = {"tokenizer_config.json": {"add_eos_token": True, "eos_token": "<|endoftext|>"}}
        cls.hf, cls.mean = cls.path("hf"), cls.path("mean")
        folders.write_folder(cls.hf, CONFIG, cls.tensors, cls.tokenizer_config)
        pooling = {"1_Pooling/config.json": {"pooling_mode_mean_tokens": True, "pooling_mode_lasttoken": False}}
        folders.write_folder(cls.mean, CONFIG, cls.tensors, {**cls.tokenizer_config, **pooling})
        cls.hidden = Oracle(cls.tensors).hidden([*TEXT.encode(), 256])

    def embed(self, model, *more):
        code, out, err = tritium("embed", model, "--text", TEXT, "--raw", "--json", "--backend", "cpu", *more)
        self.assertEqual(code, 0, err)
        return json.loads(out)["embedding"]

    def test_the_vector_is_that_of_the_last_token(self):
        exact = self.embed(self.hf, "--activations", "f32", "--kv", "f32")
        self.assertLess(program.relative_l2(self.hidden[-1], exact), 1e-5)
        self.assertLess(program.relative_l2(self.hidden[-1], self.embed(self.hf)), 0.05)

    def test_a_folder_that_asks_for_the_mean_gets_it(self):
        mean = [sum(column) / len(column) for column in zip(*self.hidden)]
        self.assertLess(program.relative_l2(mean, self.embed(self.mean, "--activations", "f32", "--kv", "f32")), 1e-5)

    def test_a_converted_file_gives_the_same_vectors(self):
        for hf in self.hf, self.mean:
            for more in [], ["--type", "i2_s"]:
                out = self.path("out.gguf")
                code, _, err = tritium("convert", hf, "-o", out, *more)
                self.assertEqual(code, 0, err)
                self.assertEqual(self.embed(out, "--activations", "f32"), self.embed(hf, "--activations", "f32"))
                self.assertEqual(self.embed(out), self.embed(hf))
                os.remove(out)

    def test_info_knows_it(self):
        code, out, err = tritium("info", self.hf, "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["architecture"], "qwen3")


if __name__ == "__main__":
    program.main()
