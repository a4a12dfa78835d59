"""Fine-tuning from outside: completions and conversations are learned, adapters stay beside a model, a teacher is imitated."""
import json
import os
import random

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


program.main()
