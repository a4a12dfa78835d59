"""What is written here runs in llama.cpp: the same predictions from the same file, for what is trained and what is adapted.

Needs Node.js 20 and the npm package node-llama-cpp, which carries llama.cpp as a program; `./dev peers` fetches it."""
import json
import math
import os
import random
import shutil
import subprocess
import unittest

import program
from program import tritium

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.environ.get("TRITIUM_PEERS", "")
TEXT = "  The miller knew  the sound, naïve — as\nother men do"
# `bitnet-b1.58` and `bitnet-25` are names that llama.cpp does not know.
DENSE = {"bitnet": {}, "llama": {}, "qwen3": {}}
MIXTURES = {"llama": {}, "qwen3moe": {}, "olmoe": {"kv_heads": 4}, "maple": {"layers": 5, "window": 4}}
# Float files differ by llama.cpp's F16 arithmetic; ternary ones also by where it rounds activations to int8.
FLOAT_KL, TERNARY_KL = 1e-5, 5e-3


def description(architecture, **more):
    return {"architecture": architecture, "dim": 256, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 64, "ffn": 256,
            "context": 128, **more}


class LlamaCpp(program.InFolder):
    @classmethod
    def setUpClass(cls):
        if not os.path.isdir(os.path.join(PEERS, "node_modules", "node-llama-cpp")) or not shutil.which("node"):
            raise unittest.SkipTest("llama.cpp is not there; ./dev peers fetches it")
        super().setUpClass()
        draw = random.Random(5)
        words = "the miller knew sound of stone as other men do river wheel".split()
        cls.data = cls.write("text.txt", " ".join(draw.choice(words) for _ in range(6000)))

    def command(self, *arguments):
        code, out, err = tritium(*arguments)
        self.assertEqual(code, 0, err)
        return out

    def trained(self, transformer, export_type):
        """A file of a transformer (a description, or a preset's name) after some steps."""
        out = self.path("model-%d.gguf" % len(os.listdir(self.folder)))
        if isinstance(transformer, dict):
            origin = ["--transformer", self.write("transformer.json", json.dumps(transformer))]
        else:
            origin = ["--preset", transformer]
        self.command("train", *origin, "--data", self.data, "--steps", 20, "--batch", 4, "--context", 64, "--lr", "3e-3",
                     "--export-type", export_type, "-o", out)
        return out

    def theirs(self, *jobs):
        done = subprocess.run(["node", os.path.join(HERE, "llama_cpp.mjs"), PEERS], input=json.dumps(jobs).encode(),
                              capture_output=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode("utf-8", "replace"))
        predictions = json.loads(done.stdout)
        for prediction in predictions:
            self.assertNotIn("error", prediction, done.stderr.decode("utf-8", "replace"))
        return predictions

    def kl(self, prediction, model, *more):
        """KL(theirs || ours) after the same tokens."""
        out = self.path("logits.npy")
        self.command("logits", model, "--tokens", " ".join(map(str, prediction["tokens"])), "-o", out, "--backend", "cpu",
                     "--activations", "int8-block", *more)
        (_, width), values = program.read_npy(out)
        ours = values[-width:]
        total = program.log_sum_exp(ours)
        return sum(p * (math.log(p) - (o - total)) for p, o in zip(prediction["probabilities"], ours) if p > 0)

    def check(self, models, limit):
        for (name, file), prediction in zip(models.items(), self.theirs(*({"model": m, "text": TEXT} for m in models.values()))):
            with self.subTest(name):
                self.assertLess(self.kl(prediction, file), limit)

    def test_dense_models_of_every_architecture_it_knows(self):
        self.check({a: self.trained(description(a, **more), "f16") for a, more in DENSE.items()}, FLOAT_KL)

    def test_mixtures_of_every_architecture(self):
        experts = {"experts": 4, "top_k": 2}
        self.check({a: self.trained(description(a, **experts, **more), "f16") for a, more in MIXTURES.items()}, FLOAT_KL)

    def test_ternary_files(self):
        self.check({t: self.trained(description("bitnet"), t) for t in ("tq1_0", "tq2_0", "q2_0")}, TERNARY_KL)

    def test_every_preset(self):
        presets = ("tiny-moe", "book-moe", "small-moe", "tiny-dense")
        self.check({p: self.trained(p, "f16") for p in presets}, FLOAT_KL)

    def test_byte_vocabularies_split_a_text_alike(self):
        model = self.trained(description("llama"), "f16")
        tokens = self.theirs({"model": model, "text": TEXT})[0]["tokens"]
        greedy = ["-n", 20, "--temp", 0, "--backend", "cpu", "--json"]
        by_text = json.loads(self.command("run", model, "-p", TEXT, *greedy))
        by_tokens = json.loads(self.command("run", model, "--tokens", " ".join(map(str, tokens)), *greedy))
        self.assertEqual(by_text["prompt_tokens"], len(tokens))
        self.assertEqual(by_text["tokens"], by_tokens["tokens"])

    def test_adapters_beside_a_ternary_model(self):
        base, adapter = self.trained(description("llama"), "tq2_0"), self.path("adapter.gguf")
        other = self.write("other.txt", "0123456789 " * 800)
        self.command("finetune", base, "--mode", "lora", "--data", other, "--steps", 30, "--batch", 4, "--context", 64,
                     "--lr", "1e-2", "--valid-fraction", "0.2", "-o", adapter)
        plain, adapted = self.theirs({"model": base, "text": TEXT}, {"model": base, "lora": adapter, "text": TEXT})
        self.assertLess(self.kl(adapted, base, "--lora", adapter), TERNARY_KL)
        self.assertGreater(self.kl(plain, base, "--lora", adapter), 0.1)  # the adapter does something


program.main()
