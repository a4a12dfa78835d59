"""What a token asks of a Vulkan device, counted by a layer between the program and the driver (tests/vulkan/counting_layer),
beside what `run --profile --json` says of itself."""
import json
import os
import subprocess
import unittest

import program
from program import InFolder, tritium

LAYER = os.environ.get("TRITIUM_COUNTING_LAYER", "")
FEW, MANY = 6, 26


class Counts(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program.require("vulkan")
        if not os.path.exists(LAYER):
            raise unittest.SkipTest("the counting layer was not built: no Vulkan headers")
        cls.models = {}
        for architecture in ("maple", "qwen3moe", "llama"):
            cls.models[architecture] = cls.path(architecture + ".gguf")
            subprocess.run([program.MAKE_MODEL, cls.models[architecture], architecture], check=True)

    # A profile opens a second device to measure limits, and the layer counts those of one: it is left out then.
    def run_tokens(self, model, n, *more, fused=True, sampler=("--temp", 0), counted=True):
        counts = self.path(f"counts-{n}.json")
        environment = {"TRITIUM_VULKAN_FUSION": "1" if fused else "0"}
        if counted:
            environment |= {"VK_LAYER_PATH": os.path.dirname(LAYER), "VK_INSTANCE_LAYERS": "VK_LAYER_TRITIUM_counting",
                            "TRITIUM_COUNTS": counts}
        code, out, err = tritium("run", model, "--tokens", "1 5", "-n", n, *sampler, "--backend", "vulkan", "--json",
                                 *more, environment=environment)
        self.assertEqual(code, 0, err)
        if not counted:
            return json.loads(out)
        with open(counts, encoding="utf-8") as file:
            return json.loads(out), json.load(file)

    # Of a token behind the first: the difference of a long run and a short one.
    def per_token(self, model, fused=True, sampler=("--temp", 0)):
        (few, few_counts), (many, many_counts) = (self.run_tokens(model, n, fused=fused, sampler=sampler)
                                                  for n in (FEW, MANY))
        more = len(many["tokens"]) - len(few["tokens"])
        self.assertGreater(more, 0, "the model ended its text: other tokens are needed")
        return {key: (many_counts[key] - few_counts[key]) / more for key in few_counts}

    def test_a_token_allocates_nothing_and_writes_no_descriptors(self):
        for architecture, model in self.models.items():
            with self.subTest(architecture):
                counts = self.per_token(model)
                self.assertEqual([counts[k] for k in ("allocations", "descriptor_writes")], [0, 0], counts)
                self.assertEqual([counts[k] for k in ("submits", "waits")], [1, 1], counts)

    def test_greedy_tokens_follow_each_other_without_the_host(self):
        for architecture, model in self.models.items():
            with self.subTest(architecture):
                counts = self.per_token(model)
                self.assertEqual([counts[k] for k in ("copies", "recordings")], [0, 0], counts)

    def test_a_sampled_token_is_two_numbers_in_and_a_few_candidates_out(self):
        for architecture, model in self.models.items():
            with self.subTest(architecture):
                counts = self.per_token(model, sampler=("--temp", 2, "--top-k", 40, "--seed", 11))
                self.assertEqual([counts[k] for k in ("copies", "recordings", "waits", "allocations")], [2, 1, 1, 0], counts)

    def test_a_layer_is_at_most_six_operations(self):
        for architecture, model in self.models.items():
            with self.subTest(architecture):
                layers = json.loads(tritium("info", model, "--json")[1])["n_layers"]
                counts = self.per_token(model)
                self.assertLessEqual(counts["dispatches"], 6 * layers + 6, counts)
                self.assertLess(2 * counts["dispatches"], self.per_token(model, fused=False)["dispatches"])

    def test_the_program_counts_what_the_layer_counts(self):
        for architecture, model in self.models.items():
            with self.subTest(architecture):
                counted = self.per_token(model)
                said = self.run_tokens(model, MANY, "--profile", counted=False)["per_token"]
                for key in ("dispatches", "barriers", "descriptor_writes", "submits", "waits"):
                    self.assertEqual(said[key], counted[key], key)
                self.assertGreater(said["host_us"], 0)

    def test_fused_operations_write_the_tokens_of_the_simple_ones(self):
        for architecture, model in self.models.items():
            with self.subTest(architecture):
                fused, simple = (self.run_tokens(model, MANY, fused=f)[0]["tokens"] for f in (True, False))
                self.assertEqual(fused, simple)

    def test_a_profile_says_how_long_each_fused_operation_took(self):
        rows = {row["operation"]: row for row in self.run_tokens(self.models["maple"], FEW, "--profile", counted=False)["profile"]}
        for operation in ("norm_qkv", "attention_step", "merge_output", "norm_router", "expert_gate_up", "expert_down"):
            self.assertGreater(rows[operation]["seconds"], 0, operation)
            self.assertGreater(rows[operation]["gb_s"], 0, operation)


program.main()
