"""Fine-tuning from outside: completions and conversations are learned, adapters stay beside a model, a teacher is imitated."""
import json
import os
import random

import folders
import program
from program import tritium

TRANSFORMER = {"architecture": "qwen3moe", "dim": 64, "layers": 2, "heads": 2, "kv_heads": 1, "head_dim": 32, "ffn": 64,
               "experts": 4, "top_k": 2, "context": 96}
ANIMALS = {"cat": "purrs", "dog": "barks", "cow": "moos", "owl": "hoots"}
STYLE = ["--context", "64", "--batch", "8", "--lr", "5e-3"]


class Finetune(program.InFolder):
    """On one small model that was trained on sentences about animals, which say nothing true."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        draw = random.Random(2)
        names, sounds = list(ANIMALS), list(ANIMALS.values())
        text = "".join(f"the {draw.choice(names)} {draw.choice(sounds)}. " for _ in range(2500))
        cls.text = cls.write("text.txt", text)
        cls.base = cls.path("base.gguf")
        transformer = cls.write("transformer.json", json.dumps(TRANSFORMER))
        code, _, err = tritium("train", "--transformer", transformer, "--data", cls.text, *STYLE, "--steps", 80, "-o", cls.base)
        assert code == 0, err

    def finetune(self, data, *more):
        code, out, err = tritium("finetune", self.base, "--data", data, *STYLE, *more)
        self.assertEqual(code, 0, err)
        return out + err

    def say(self, prompt, *more, model=None, n=5):
        code, out, err = tritium("run", model or self.base, "-p", prompt, "-n", n, "--temp", 0, "--backend", "cpu", *more)
        self.assertEqual(code, 0, err)
        return out

    def examples(self, name, line_of):
        draw = random.Random(3)
        lines = [line_of(*draw.choice(list(ANIMALS.items()))) for _ in range(600)]
        return self.write(name, "".join(json.dumps(line) + "\n" for line in lines))

    def test_completions_of_a_jsonl_file_are_learned(self):
        data = self.examples("pairs.jsonl", lambda animal, sound: {"prompt": f"the {animal} ", "completion": sound + "."})
        self.finetune(data, "--steps", 120, "-o", self.path("pairs.gguf"))
        for animal, sound in ANIMALS.items():
            self.assertTrue(self.say(f"the {animal} ", model=self.path("pairs.gguf")).strip().startswith(sound[:4]), animal)

    def test_what_the_assistant_says_is_learned(self):
        data = self.examples("chat.jsonl", lambda animal, sound: {"messages": [{"role": "user", "content": f"the {animal}"},
                                                                               {"role": "assistant", "content": sound}]})
        self.finetune(data, "--steps", 150, "-o", self.path("chat.gguf"))
        for animal, sound in ANIMALS.items():
            said = self.say(f"user: the {animal}\nassistant:", model=self.path("chat.gguf"))
            self.assertTrue(said.strip().startswith(sound[:3]), f"{animal}: {said!r}")

    def test_conversations_without_a_template_say_that_the_result_has_none(self):
        data = self.examples("lines.jsonl", lambda animal, sound: {"messages": [{"role": "user", "content": f"the {animal}"},
                                                                                {"role": "assistant", "content": sound}]})
        self.assertIn("--chat-template lines", self.finetune(data, "--steps", 1, "-o", self.path("bare.gguf")))
        said = self.finetune(data, "--steps", 1, "--chat-template", "lines", "-o", self.path("lines.gguf"))
        self.assertNotIn("warning", said)
        self.assertEqual(tritium("run", self.path("lines.gguf"), "--chat", "-p", "the cat", "-n", 2)[0], 0)

    def test_adapters_stay_beside_the_model_and_give_the_same_text_everywhere(self):
        data = self.examples("lora.jsonl", lambda animal, sound: {"prompt": f"the {animal} ", "completion": sound + "."})
        adapter, merged = self.path("adapter.gguf"), self.path("merged.gguf")
        with open(self.base, "rb") as file:
            before = file.read()
        self.finetune(data, "--mode", "lora", "--steps", 120, "-o", adapter, "--folder", self.path("lora"))
        with open(self.base, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertLess(os.path.getsize(adapter), 4 * os.path.getsize(self.base))
        for animal, sound in ANIMALS.items():
            self.assertTrue(self.say(f"the {animal} ", "--lora", adapter).strip().startswith(sound[:4]), animal)
        reference = tritium("run", self.base, "--lora", adapter, "-p", "the cow ", "-n", 5, "--temp", 0, "--backend", "reference")[1]
        self.assertEqual(reference, self.say("the cow ", "--lora", adapter))
        self.assertEqual(self.say("the cow ", "--lora", adapter, "--lora-strength", 0), self.say("the cow "))
        # The same run again, from its checkpoint, written as one model.
        self.finetune(data, "--mode", "lora", "--steps", 120, "-o", merged, "--folder", self.path("lora"), "--resume", "auto",
                      "--export-type", "f16")
        self.assertEqual(self.say("the owl ", model=merged), self.say("the owl ", "--lora", adapter))

    def test_an_adapter_for_another_model_is_refused(self):
        code, out, err = tritium("run", self.base, "--lora", self.base, "-p", "x", "-n", 1)
        self.assertNotEqual(code, 0)
        self.assertIn("not a LoRA adapter", err)

    def test_a_mode_for_a_head_that_is_the_embedding_is_refused(self):
        tied = self.path("tied.gguf")
        transformer = self.write("tied.json", json.dumps({**TRANSFORMER, "tied_head": True}))
        arguments = ["--data", self.text, *STYLE, "--steps", 1]
        code, _, err = tritium("train", "--transformer", transformer, *arguments, "-o", tied)
        self.assertEqual(code, 0, err)
        code, _, err = tritium("finetune", tied, *arguments, "--head", "lora")
        self.assertNotEqual(code, 0)
        self.assertIn("the head of this model is its embedding", err)

    def test_a_teacher_is_imitated_and_its_own_loss_is_shown(self):
        said = self.finetune(self.text, "--teacher", self.base, "--distill", 0.8, "--hidden-mse", 0.1, "--steps", 20)
        self.assertIn("KL ", said)
        self.assertIn("the teacher's:", said)

    def test_a_teacher_of_another_vocabulary_is_refused(self):
        other = self.path("other.gguf")
        transformer = self.write("other.json", json.dumps(TRANSFORMER))
        code, _, err = tritium("train", "--transformer", transformer, "--tokenizer", "characters", "--data", self.text, *STYLE,
                               "--steps", 1, "-o", other)
        self.assertEqual(code, 0, err)
        code, _, err = tritium("finetune", self.base, "--data", self.text, *STYLE, "--steps", 1, "--teacher", other)
        self.assertNotEqual(code, 0)
        self.assertIn("vocabulary", err)

    def test_trits_flip_without_shadows(self):
        code, out, err = tritium("finetune", self.base, "--data", self.text, *STYLE, "--mode", "stochastic", "--steps", 20,
                                 "--json")
        self.assertEqual(code, 0, err)
        report = json.loads(out)
        with_shadows = json.loads(tritium("finetune", self.base, "--data", self.text, *STYLE, "--steps", 1, "--json")[1])
        self.assertLess(report["bytes_per_weight"], with_shadows["bytes_per_weight"])

    def test_averages_are_evaluated_beside_the_last_weights(self):
        self.assertIn("averaged weights:", self.finetune(self.text, "--average", "swa", "--steps", 10, "-o", self.path("swa.gguf")))

    def test_an_early_stop_exports_the_best_weights(self):
        # A rate at which the loss can only rise.
        code, out, err = tritium("finetune", self.base, "--data", self.text, "--context", 64, "--batch", 8, "--lr", 0.3, "--schedule",
                                 "constant", "--warmup", 0, "--steps", 400, "--early-stop", 2, "--eval-every", 3, "--folder",
                                 self.path("early"), "-o", self.path("early.gguf"))
        self.assertEqual(code, 0, err)
        said = out + err
        self.assertIn("no more improvement", said)
        self.assertIn("the best weights are those of step", said)


class FinetuneFolder(program.InFolder):
    """A Hugging Face folder is trained as a file is."""

    STEPS = ["--steps", "6", "--batch", "4", "--context", "32", "--lr", "1e-3", "--threads", "1", "--backend", "cpu"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.write("text.txt", "the cat purrs. the dog barks. the cow moos. " * 300)

    def tuned(self, model, *more):
        out = self.path("out.gguf")
        code, _, err = tritium("finetune", model, "--data", self.data, *self.STEPS, *more, "-o", out)
        self.assertEqual(code, 0, err)
        return out

    def runs(self, *arguments):
        code, out, err = tritium("run", *arguments, "--tokens", "1 2 3", "-n", 2, "--temp", 0, "--backend", "cpu", "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(json.loads(out)["tokens"]), 2)

    def write_model(self, scale_of):
        """A Qwen3 whose matrices are trits; scale_of(module, row, column)."""
        draw = random.Random(4)
        shapes = {"self_attn.q_proj": (64, 64), "self_attn.k_proj": (32, 64), "self_attn.v_proj": (32, 64),
                  "self_attn.o_proj": (64, 64), "mlp.gate_proj": (256, 64), "mlp.up_proj": (256, 64), "mlp.down_proj": (64, 256)}
        tensors = {"model.norm.weight": ([64], [1.0] * 64),
                   "model.embed_tokens.weight": ([257, 64], [folders.bf16(draw.gauss(0, 1)) for _ in range(257 * 64)])}
        for name, n in (("input_layernorm", 64), ("post_attention_layernorm", 64), ("self_attn.q_norm", 32), ("self_attn.k_norm", 32)):
            tensors[f"model.layers.0.{name}.weight"] = [n], [1.0] * n
        for name, (rows, cols) in shapes.items():
            values = [draw.choice((-1, 0, 1)) * scale_of(name, r, c) for r in range(rows) for c in range(cols)]
            tensors[f"model.layers.0.{name}.weight"] = [rows, cols], values
        config = {"architectures": ["Qwen3ForCausalLM"], "hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
                  "num_key_value_heads": 1, "head_dim": 32, "intermediate_size": 256, "vocab_size": 257, "rms_norm_eps": 1e-6,
                  "max_position_embeddings": 64, "hidden_act": "silu", "tie_word_embeddings": True}
        folders.write_folder(self.path("hf"), config, tensors)
        return self.path("hf")

    def test_every_mode_takes_a_folder(self):
        hf = self.write_model(lambda name, row, column: 0.125)
        for mode in "ste", "full", "stochastic":
            self.runs(self.tuned(hf, "--mode", mode))
        self.runs(hf, "--lora", self.tuned(hf, "--mode", "lora"))

    def test_groups_that_are_finer_in_the_file_are_the_same_model(self):
        hf = self.write_model(lambda name, row, column: (1 + (row + column // 128) % 2) / 16 if "down" in name else 0.125)
        for mode in "ste", "stochastic":
            self.runs(self.tuned(hf, "--mode", mode))

    def test_scales_that_are_kept_need_not_fit_f16(self):
        tiny = (1 + 2 ** -7) * 2 ** -18
        hf = self.write_model(lambda name, row, column: tiny if "down" in name else 0.125)
        self.runs(self.tuned(hf, "--mode", "stochastic"))
        self.runs(self.tuned(hf, "--mode", "ste", "--experts", "frozen"))

    def shared_folders(self):
        with open(program.shared("hf", "expected.json"), encoding="utf-8") as file:
            return json.load(file)

    def test_folders_of_every_class(self):
        for name in sorted(self.shared_folders()):
            for mode in "ste", "lora":
                with self.subTest(name, mode=mode):
                    self.tuned(program.shared("hf", name), "--mode", mode)


program.main()
