"""What is written here runs in llama.cpp: the same predictions from the same file, for what is trained, adapted and converted.

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
STEPS = 8  # tokens that are looked at behind a text


def description(architecture, **more):
    return {"architecture": architecture, "dim": 256, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 64, "ffn": 256,
            "context": 128, **more}


def total_variation(p, q):
    return sum(abs(a - b) for a, b in zip(p, q)) / 2


def sampled(probabilities, times):
    """A token drawn with these probabilities, if times are exponential: the first that comes, each so much faster. With the same
    times, distributions that differ by d give other tokens with probability 2 d at most."""
    return min((t / p, token) for token, (t, p) in enumerate(zip(times, probabilities)) if p > 0)[1]


class Peer(program.InFolder):
    """llama.cpp, and the files that it is given."""

    @classmethod
    def setUpClass(cls):
        if not os.path.isdir(os.path.join(PEERS, "node_modules", "node-llama-cpp")) or not shutil.which("node"):
            raise unittest.SkipTest("llama.cpp is not there; ./dev peers fetches it")
        super().setUpClass()

    def command(self, *arguments):
        code, out, err = tritium(*arguments)
        self.assertEqual(code, 0, err)
        return out

    def theirs(self, *jobs):
        done = subprocess.run(["node", os.path.join(HERE, "llama_cpp.mjs"), PEERS], input=json.dumps(jobs).encode(),
                              capture_output=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode("utf-8", "replace"))
        predictions = json.loads(done.stdout)
        for prediction in predictions:
            self.assertNotIn("error", prediction, done.stderr.decode("utf-8", "replace"))
        return predictions


class Trained(Peer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        draw = random.Random(5)
        words = "the miller knew sound of stone as other men do river wheel".split()
        cls.data = cls.write("text.txt", " ".join(draw.choice(words) for _ in range(6000)))

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

    def kl(self, prediction, model, *more):
        """KL(theirs || ours) after the same tokens."""
        out = self.path("logits.npy")
        self.command("logits", model, "--tokens", " ".join(map(str, prediction["tokens"])), "-o", out, "--backend", "cpu",
                     "--activations", "int8-block", "--kv", "f32", *more)
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


class Distributions(Peer):
    """Several steps of one text: what each program would say next, token by token. llama.cpp's greedy tokens lead."""

    def compare(self, files):
        """files: model file -> {"text": …} or {"tokens": …}. Gives, for each file, steps of (theirs, ours, exact): ours with
        activations rounded as llama.cpp rounds them, and with none rounded."""
        steps = {}
        for file, answer in zip(files, self.theirs(*({"model": f, "steps": STEPS, **job} for f, job in files.items()))):
            tokens = answer["tokens"] + answer["next"][:-1]
            own = [self.distributions(file, tokens, activations) for activations in ("int8-block", "f32")]
            steps[file] = list(zip(answer["steps"], *own))
        return steps

    def distributions(self, file, tokens, activations):
        out = self.path("logits.npy")
        self.command("logits", file, "--tokens", " ".join(map(str, tokens)), "-o", out, "--backend", "cpu", "--activations", activations,
                     "--kv", "f32")
        (_, width), values = program.read_npy(out)
        rows = [values[i * width:(i + 1) * width] for i in range(len(tokens) - STEPS, len(tokens))]
        return [[math.exp(x - total) for x in row] for row in rows for total in [program.log_sum_exp(row)]]

    def check_same(self, step, distance):
        """They differ by so much, at most; so the likeliest token is the same one, or as likely but for that."""
        theirs, ours = step[:2]
        self.assertLess(total_variation(theirs, ours), distance)
        self.assertLess(max(theirs) - theirs[ours.index(max(ours))], 2 * distance)


class Folders(Distributions):
    """Folders of ../shared/hf whose architecture llama.cpp knows, as files."""

    def files(self, types):
        """types: of each folder, for --type; "f16": with all values as floats."""
        with open(program.shared("hf", "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        files = {}
        for name, storage in types.items():
            plain, out = self.path("plain.gguf"), self.path(f"{name}.{storage}.gguf")
            self.command("convert", program.shared("hf", name), "-o", plain, *(["--type", storage] if storage != "f16" else []))
            if storage == "f16":
                kinds = ["--attention", "--embedding", "--experts" if name in ("olmoe", "maple-mlx") else "--ffn",
                         *([] if name == "llama32-rope" else ["--head"])]
                self.command("quantize", plain, "-o", out, *(word for kind in kinds for word in (kind, "f16")))
            else:
                os.rename(plain, out)
            files[out] = {"tokens": expected[name]["tokens"]}
        return files

    def test_as_floats_they_say_the_same(self):
        names = ("falcon-e", "bonsai-qwen3", "llama32-rope", "olmoe", "maple-mlx")
        for file, steps in self.compare(self.files(dict.fromkeys(names, "f16"))).items():
            for theirs, ours, _ in steps:
                with self.subTest(file):
                    self.assertLess(total_variation(theirs, ours), 5e-3)
                    self.assertEqual(theirs.index(max(theirs)), ours.index(max(ours)))

    def test_as_trits_they_say_the_same_but_for_rounded_activations(self):
        types = {"falcon-e": "q2_0", "bonsai-qwen3": "q2_0", "llama32-rope": "q2_0", "maple-mlx": "tq2_0"}
        for file, steps in self.compare(self.files(types)).items():
            for step in steps:
                with self.subTest(file):
                    self.check_same(step, 0.1)


class Heads(Distributions):
    """Copies of ../shared/models with packed heads."""

    def files(self, head, bodies):
        files = {}
        for name, body in bodies.items():
            out = self.path(f"{name}.{head}.gguf")
            what = "--embedding" if "stories" in name else "--head"  # theirs are one
            self.command("quantize", program.model(name), "-o", out, what, head, *body)
            files[out] = {"text": "Once upon a time there was a"}
        return files

    def test_tokens_are_sampled_alike(self):
        """The rest of the model as floats: what differs is how activations are rounded before the head. Tokens are drawn
        from both distributions by the same random numbers."""
        floats = {"random-qwen3moe.tq2_0": "--experts", "random-olmoe.tq2_0": "--experts", "random-maple.tq2_0": "--experts",
                  "tinystories-bitnet-3m.tq2_0": "--ffn"}
        bodies = {name: ["--attention", "f16", inner, "f16"] for name, inner in floats.items()}
        for head, more, distance in (("q8_0", {"stories260k.f32": []}, 0.02), ("q4_k", {}, 0.005)):
            draw, others, n = random.Random(7), 0, 0
            for file, steps in self.compare(self.files(head, {**bodies, **more})).items():
                for step in steps:
                    with self.subTest(file):
                        self.check_same(step, distance)
                    for _ in range(20):
                        times = [draw.expovariate(1) for _ in step[0]]
                        others += sampled(step[0], times) != sampled(step[1], times)
                        n += 1
            self.assertLess(others, 2 * distance * n)

    def test_beside_trits_they_say_the_same_but_for_rounded_activations(self):
        names = ("random-qwen3moe.tq2_0", "random-olmoe.tq2_0", "random-maple.tq2_0", "tinystories-bitnet-3m.tq1_0")
        for head in ("q8_0", "q4_k"):
            for file, steps in self.compare(self.files(head, dict.fromkeys(names, []))).items():
                for step in steps:
                    with self.subTest(file):
                        self.check_same(step, 0.1)  # of a token that is routed to another expert


program.main()
