"""Rotations that a config.json asks for, from the folder and from the file that it becomes: vectors against the formulas in
double precision."""
import json
import math

import folders
import program
from program import tritium
from small_qwen3 import BASE, CONFIG, HEAD_DIM, Oracle, random_tensors

TEXT = "a text of some length, for what waves do far from their beginning"
PLAIN = [BASE ** (-2 * i / HEAD_DIM) for i in range(HEAD_DIM // 2)]


def llama3(frequency, factor, low, high, context):
    """Llama 3.1: long waves are divided, short ones kept, and those between mixed."""
    wave = 2 * math.pi / frequency
    if wave > context / low:
        return frequency / factor
    if wave < context / high:
        return frequency
    smooth = (context / wave - low) / (high - low)
    return frequency * ((1 - smooth) / factor + smooth)


def yarn(factor, context, fast=32, slow=1):
    """Peng et al. 2023: a ramp between the pairs that turn so often within the original context."""
    def pair(turns):
        return HEAD_DIM * math.log(context / (2 * math.pi * turns)) / (2 * math.log(BASE))
    low, high = max(math.floor(pair(fast)), 0), min(math.ceil(pair(slow)), HEAD_DIM - 1)
    ramp = [min(1, max(0, (i - low) / max(high - low, 0.001))) for i in range(HEAD_DIM // 2)]
    return [f * (1 - r) + f / factor * r for f, r in zip(PLAIN, ramp)]


# What config.json has beside the rest, the frequencies, and what cosines and sines are multiplied by.
SCALINGS = {
    "linear": ({"rope_scaling": {"type": "linear", "factor": 4}}, [f / 4 for f in PLAIN], 1),
    "dynamic": ({"rope_scaling": {"type": "dynamic", "alpha": 50, "factor": 1}},
                [(BASE * 50 ** (HEAD_DIM / (HEAD_DIM - 2))) ** (-2 * i / HEAD_DIM) for i in range(HEAD_DIM // 2)], 1),
    "partial": ({"partial_rotary_factor": 0.5}, [BASE ** (-2 * i / (HEAD_DIM // 2)) for i in range(HEAD_DIM // 4)], 1),
    "llama3": ({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
                                 "original_max_position_embeddings": 64}}, [llama3(f, 8, 1, 4, 64) for f in PLAIN], 1),
    "yarn": ({"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 256}},
             yarn(4, 256), 0.1 * math.log(4) + 1),
}


class Rope(program.InFolder):
    def embed(self, model):
        code, out, err = tritium("embed", model, "--text", TEXT, "--raw", "--json", "--backend", "cpu", "--activations", "f32",
                                 "--kv", "f32")
        self.assertEqual(code, 0, err)
        return json.loads(out)["embedding"]

    def test_vectors_follow_the_formulas(self):
        tensors = random_tensors()
        plain = Oracle(tensors).hidden(TEXT.encode())[-1]
        for name, (more, frequencies, magnitude) in SCALINGS.items():
            with self.subTest(name):
                folder, file = self.path(name), self.path(name + ".gguf")
                folders.write_folder(folder, {**CONFIG, "max_position_embeddings": 256, **more}, tensors)
                code, _, err = tritium("convert", folder, "-o", file)
                self.assertEqual(code, 0, err)
                expected = Oracle(tensors, frequencies, magnitude).hidden(TEXT.encode())[-1]
                self.assertGreater(program.relative_l2(expected, plain), 1e-2)  # it does something
                for model in folder, file:
                    self.assertLess(program.relative_l2(expected, self.embed(model)), 1e-5)


if __name__ == "__main__":
    program.main()
